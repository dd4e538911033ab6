// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// P(|T| <= t) of Student's distribution, by its finite series for whole degrees of freedom
/// (M. Abramowitz & I. A. Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4), as a
/// function of the angle whose tangent is t / sqrt(degrees).
inline double student_t_within(double angle, Eigen::Index degrees) {
  const double square = std::cos(angle) * std::cos(angle);
  const bool odd = degrees % 2 == 1;
  double term = odd ? std::cos(angle) : 1;
  double sum = 0;
  for (Eigen::Index power = odd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= square * static_cast<double>(power + 1) / static_cast<double>(power + 2);
  }
  const double pi = std::acos(-1.0);
  return odd ? 2 / pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

/// The t that |T| exceeds with probability 1 - confidence: half the width of an interval, in
/// standard errors.
inline double student_t_quantile(double confidence, Eigen::Index degrees) {
  double below = 0;
  double above = std::acos(0.0);
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = 0.5 * (below + above);
    (student_t_within(middle, degrees) < confidence ? below : above) = middle;
  }
  return std::sqrt(static_cast<double>(degrees)) * std::tan(0.5 * (below + above));
}

}  // namespace viann::detail
