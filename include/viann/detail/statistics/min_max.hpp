// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <limits>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// min_max_normalize() of finite scores, at least one.
inline Eigen::VectorXd min_max(Eigen::VectorXd scores) {
  double* const end = scores.data() + scores.size();
  const auto extremes = std::minmax_element(scores.data(), end);
  const double least = *extremes.first;
  const double largest = *extremes.second;
  // Halves, because the difference of two doubles may exceed the largest double. Tiny scores, whose
  // halves are not exact, never come near that.
  constexpr double half = (std::numeric_limits<double>::max)() / 2;
  const double scale = largest < half && least > -half ? 1.0 : 0.5;
  const double range = largest * scale - least * scale;
  for (double* score = scores.data(); score != end; ++score) {
    *score = range > 0 ? (*score * scale - least * scale) / range : 0.0;
  }
  return scores;
}

}  // namespace viann::detail
