// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace viann::detail {

/// "4 x 3 weights", "nan": values as a user can read them in the sentence of an exception.
template <typename... Parts>
std::string sentence(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Whether every coefficient is finite after its conversion to State.
///
/// 0 * x is 0 for a finite x and NaN for any other, so one vectorised sum tells; isfinite() one
/// by one takes several times as long. Like every test for NaN it is lost under -ffast-math.
template <typename State, typename Derived>
bool all_finite(const Eigen::DenseBase<Derived>& values) {
  return (values.derived().array().template cast<State>() * State(0)).sum() == State(0);
}

/// The first coefficient, along the rows, that is not finite after its conversion to State.
/// To be called only if there is one.
template <typename State, typename Derived>
std::pair<Eigen::Index, Eigen::Index> first_non_finite(const Eigen::DenseBase<Derived>& values) {
  for (Eigen::Index row = 0; row < values.rows(); ++row) {
    for (Eigen::Index col = 0; col < values.cols(); ++col) {
      if (!std::isfinite(static_cast<State>(values.derived().coeff(row, col)))) return {row, col};
    }
  }
  return {-1, -1};
}

}  // namespace viann::detail
