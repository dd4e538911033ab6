// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

namespace viann::detail {

/// A value that is as new after it was moved from, and that is assigned as a whole or, if memory
/// runs out, not at all. Eigen's arrays are not so: assigned by move they swap, and assigned by
/// copy they give up their memory before they have other.
///
/// A class that holds more than one such value is itself assigned as a whole if the one that
/// allocates is declared first.
template <typename Value>
class EmptiedByMove {
 public:
  EmptiedByMove() = default;
  EmptiedByMove(Value value)  // NOLINT(google-explicit-constructor)
      : value_(std::move(value)) {}
  EmptiedByMove(const EmptiedByMove&) = default;
  EmptiedByMove(EmptiedByMove&& other) noexcept : value_(std::exchange(other.value_, Value())) {}
  EmptiedByMove& operator=(const EmptiedByMove& other) {
    if (this != &other) value_ = Value(other.value_);
    return *this;
  }
  EmptiedByMove& operator=(EmptiedByMove&& other) noexcept {
    value_ = std::exchange(other.value_, Value());
    return *this;
  }
  ~EmptiedByMove() = default;

  operator const Value&() const { return value_; }  // NOLINT(google-explicit-constructor)
  Value& value() { return value_; }
  const Value& value() const { return value_; }
  Value* operator->() { return &value_; }
  const Value* operator->() const { return &value_; }

 private:
  Value value_{};
};

}  // namespace viann::detail
