// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// A value that is default-constructed again when moved from, and whose copy assignment gives the
/// strong guarantee: if memory runs out, the old value stays. Eigen's arrays do neither: their move
/// assignment swaps, and their copy assignment frees the old memory first.
///
/// A class with several such members also has the strong guarantee if it declares the member that
/// allocates first.
template <typename Value>
class ResetOnMove {
 public:
  ResetOnMove() = default;
  ResetOnMove(Value value)  // NOLINT(google-explicit-constructor)
      : value_(std::move(value)) {}
  ResetOnMove(const ResetOnMove&) = default;
  ResetOnMove(ResetOnMove&& other) noexcept : value_(std::exchange(other.value_, Value())) {}
  ResetOnMove& operator=(const ResetOnMove& other) {
    if (this != &other) value_ = Value(other.value_);
    return *this;
  }
  ResetOnMove& operator=(ResetOnMove&& other) noexcept {
    value_ = std::exchange(other.value_, Value());
    return *this;
  }
  ~ResetOnMove() = default;

  operator const Value&() const { return value_; }  // NOLINT(google-explicit-constructor)
  Value& value() { return value_; }
  const Value& value() const { return value_; }
  Value* operator->() { return &value_; }
  const Value* operator->() const { return &value_; }

 private:
  Value value_{};
};

}  // namespace viann::detail
