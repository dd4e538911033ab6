// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace viann::detail {

struct MeanAndDeviation {
  double mean = 0;
  double deviation = 0;
};

/// The mean of n finite numbers, and their standard deviation: the root of the sum of squared
/// distances from the mean over `degrees`, exactly 0 for equal numbers. They are computed relative
/// to the largest number, so that neither sums nor squares leave the range of double.
/// \param number  called with 0, ..., n - 1
template <typename Number>
MeanAndDeviation mean_and_deviation(Eigen::Index n, double degrees, const Number& number) {
  double largest = 0;
  bool are_equal = true;
  for (Eigen::Index i = 0; i < n; ++i) {
    largest = (std::max)(largest, std::abs(number(i)));
    are_equal = are_equal && number(i) == number(0);
  }
  if (are_equal) return {number(0), 0};
  // A power of two does not round, and its inverse is finite.
  const double scale = std::ldexp(1.0, (std::max)(std::ilogb(largest), -1000));
  double sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) sum += number(i) / scale;
  const double mean = sum / static_cast<double>(n);
  double squares = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double distance = number(i) / scale - mean;
    squares += distance * distance;
  }
  return {mean * scale, std::sqrt(squares / degrees) * scale};
}

}  // namespace viann::detail
