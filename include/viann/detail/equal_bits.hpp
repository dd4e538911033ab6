// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// Whether two real numbers are equal to the bit, where any two NaNs are equal. (Comparing bytes
/// would be wrong: some bytes of a long double mean nothing.)
template <typename Number>
bool equal_bits(const Number& a, const Number& b) {
  return a == b ? std::signbit(a) == std::signbit(b) : std::isnan(a) && std::isnan(b);
}

/// The same for all elements of two arrays, in memory order: std::vector or Eigen's.
template <typename Array>
bool all_equal_bits(const Array& a, const Array& b) {
  return a.size() == b.size() &&
         std::equal(a.data(), a.data() + a.size(), b.data(),
                    [](const auto& x, const auto& y) { return equal_bits(x, y); });
}

}  // namespace viann::detail
