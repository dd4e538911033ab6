// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "viann/detail/feature_sums.hpp"
#include "viann/detail/sweep.hpp"

namespace viann::detail {

/// The parts, one after the other: for the sentence of an exception.
template <typename... Parts>
std::string sentence(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// The name of a type that a state may be kept in.
template <typename Scalar>
constexpr const char* name_of_scalar() {
  return std::is_same_v<Scalar, float>    ? "float"
         : std::is_same_v<Scalar, double> ? "double"
                                          : "long double";
}

/// The type in which to look whether numbers are finite in State: their own if that is no wider,
/// since a conversion takes longer than the look. Half a float is converted: Eigen computes with it
/// one by one.
template <typename Number, typename State>
using FiniteIn =
    std::conditional_t<std::is_floating_point_v<Number> && sizeof(Number) <= sizeof(State), Number,
                       State>;

/// Whether no coefficient of the rows, or columns, that lie one after the other in memory is
/// infinite or NaN in Number: those from `begin` up to `end`.
///
/// 0 * x is 0 for a finite x and NaN for any other, so one vectorised sum tells; isfinite() one
/// by one takes several times as long. Like every test for NaN it is lost under -ffast-math.
template <typename Number, typename Derived>
[[gnu::flatten]] bool are_finite(const Eigen::DenseBase<Derived>& values, Eigen::Index begin,
                                 Eigen::Index end) {
  constexpr auto along_memory = bool{Derived::IsRowMajor} ? Eigen::Horizontal : Eigen::Vertical;
  BlockSum<Number, 2 * block_length> zeros;
  for (Eigen::Index i = begin; i < end; ++i) {
    const auto vector = values.derived().template subVector<along_memory>(i);
    for_each_block<2 * block_length>(vector.size(), [&](Eigen::Index offset, auto n) {
      zeros.add(vector.segment(offset, n).array().template cast<Number>() * Number(0));
    });
  }
  return zeros.value() == 0;
}

/// Whether every coefficient is finite after its conversion to State.
template <typename State, typename Derived>
bool all_finite(const Eigen::DenseBase<Derived>& values) {
  using Number = FiniteIn<typename Derived::Scalar, State>;
  const Eigen::Index parts = values.outerSize();
#ifdef _OPENMP
  if (const int threads = threads_for(values.size()); threads > 1) {
    bool finite = true;
#pragma omp parallel for schedule(static) num_threads(threads) reduction(&& : finite)
    for (Eigen::Index part = 0; part < parts; ++part) {
      finite = finite && are_finite<Number>(values, part, part + 1);
    }
    return finite;
  }
#endif
  return are_finite<Number>(values, 0, parts);
}

/// A coefficient that is not finite after its conversion to State.
struct NonFinite {
  Eigen::Index row;
  Eigen::Index col;
  std::string value;  // as a user can read it
};

/// The first such coefficient, along the rows. To be called only if there is one.
template <typename State, typename Derived>
NonFinite first_non_finite(const Eigen::DenseBase<Derived>& values) {
  for (Eigen::Index row = 0; row < values.rows(); ++row) {
    for (Eigen::Index col = 0; col < values.cols(); ++col) {
      const auto value = values.derived().coeff(row, col);
      if (std::isfinite(static_cast<State>(value))) continue;
      const auto widest = static_cast<long double>(value);
      return {
          row, col,
          sentence(widest, std::isfinite(widest) ? ", beyond the range of the state's type" : "")};
    }
  }
  return {-1, -1, ""};
}

/// Refuses what is no vector of finite scores, one per feature, in the name of a public function.
/// \throws std::invalid_argument
inline void require_scores(const Eigen::Ref<const Eigen::VectorXd>& scores, const char* function) {
  if (scores.size() == 0) {
    throw std::invalid_argument(sentence("viann::", function, ": there are no scores."));
  }
  if (!all_finite<double>(scores)) {
    const NonFinite bad = first_non_finite<double>(scores);
    throw std::invalid_argument(sentence("viann::", function, ": the score of feature ", bad.row,
                                         " is ", bad.value,
                                         "; only finite scores can be compared."));
  }
}

/// Refuses what is no matrix of finite scores, features x runs, in the name of a public function.
/// \throws std::invalid_argument
inline void require_runs(const Eigen::Ref<const Eigen::MatrixXd>& scores, const char* function) {
  if (scores.size() == 0) {
    throw std::invalid_argument(sentence("viann::", function, ": ", scores.rows(), " features x ",
                                         scores.cols(), " runs are no scores."));
  }
  if (!all_finite<double>(scores)) {
    const NonFinite bad = first_non_finite<double>(scores);
    throw std::invalid_argument(sentence("viann::", function, ": the score of feature ", bad.row,
                                         " in run ", bad.col, " is ", bad.value,
                                         "; only finite scores can be compared."));
  }
}

}  // namespace viann::detail
