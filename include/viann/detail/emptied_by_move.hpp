// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

namespace viann::detail {

/// A number that is 0 after it was moved from. Eigen's arrays give their memory away when moved; a
/// count that stayed behind would speak of elements that are gone.
template <typename Number>
class EmptiedByMove {
 public:
  EmptiedByMove() = default;
  EmptiedByMove(Number value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  EmptiedByMove(const EmptiedByMove&) = default;
  EmptiedByMove(EmptiedByMove&& other) noexcept : value_(std::exchange(other.value_, 0)) {}
  EmptiedByMove& operator=(const EmptiedByMove&) = default;
  EmptiedByMove& operator=(EmptiedByMove&& other) noexcept {
    value_ = std::exchange(other.value_, 0);
    return *this;
  }
  ~EmptiedByMove() = default;

  operator const Number&() const { return value_; }  // NOLINT(google-explicit-constructor)
  Number& value() { return value_; }

 private:
  Number value_ = 0;
};

}  // namespace viann::detail
