// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

namespace viann::detail {

template <typename Sum>
struct MeanAndDeviation {
  Sum mean = 0;
  Sum deviation = 0;
};

/// The mean of n finite numbers, and their standard deviation: the root of the sum of squared
/// distances from the mean over `degrees`, exactly 0 for equal numbers. They are computed relative
/// to the largest number, so that neither sums nor squares leave the range of double.
/// \param number  called with 0, ..., n - 1
/// \tparam Sum  double, or long double for numbers of that type
template <typename Sum = double, typename Number>
MeanAndDeviation<Sum> mean_and_deviation(Eigen::Index n, double degrees, const Number& number) {
  Sum largest = 0;
  bool are_equal = true;
  for (Eigen::Index i = 0; i < n; ++i) {
    largest = (std::max)(largest, std::abs(static_cast<Sum>(number(i))));
    are_equal = are_equal && number(i) == number(0);
  }
  if (are_equal) return {static_cast<Sum>(number(0)), 0};
  // A power of two does not round, and its inverse is finite.
  const int exponent = (std::max)(std::ilogb(largest), std::numeric_limits<Sum>::min_exponent + 20);
  const Sum scale = std::ldexp(Sum(1), exponent);
  Sum sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) sum += static_cast<Sum>(number(i)) / scale;
  const Sum mean = sum / static_cast<Sum>(n);
  Sum squares = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const Sum distance = static_cast<Sum>(number(i)) / scale - mean;
    squares += distance * distance;
  }
  return {mean * scale, std::sqrt(squares / static_cast<Sum>(degrees)) * scale};
}

}  // namespace viann::detail
