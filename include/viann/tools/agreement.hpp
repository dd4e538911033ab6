// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "viann/detail/kernels/lane_sum.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"

/// \file
/// Measures of how far two vectors of scores agree, feature by feature, symmetric in their
/// arguments. Correlations lie in [-1, 1], overlaps in [0, 1]. If all scores of a vector are equal,
/// as with a single feature, the vector has no order: its correlation with anything is 0, never
/// NaN.

namespace viann {

namespace detail {

using Scores = Eigen::Ref<const Eigen::VectorXd>;

inline void require_comparable(const Scores& a, const Scores& b, const char* function) {
  require_scores(a, function);
  require_scores(b, function);
  if (a.size() != b.size()) {
    throw std::invalid_argument(concat("viann::", function, ": ", a.size(), " scores cannot be ",
                                       "compared with ", b.size(),
                                       "; pass two scores of each feature."));
  }
}

/// Returns ranks from 1 to n; tied scores get the mean of their ranks.
inline Eigen::VectorXd average_ranks(const Scores& scores) {
  const auto order = descending(scores);
  const std::size_t n = order.size();
  Eigen::VectorXd ranks(scores.size());
  for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
    while (end < n && scores[order[end]] == scores[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      ranks[order[i]] = 0.5 * static_cast<double>((n - begin) + (n - end + 1));
    }
  }
  return ranks;
}

/// Returns the scores minus their mean, divided by the largest absolute score, so that sums of
/// squares neither overflow nor underflow; all 0 if the scores are equal.
inline std::vector<double> centered(const Scores& scores) {
  std::vector<double> result(scores.data(), scores.data() + scores.size());
  const auto [least, largest] = std::minmax_element(result.data(), result.data() + result.size());
  if (*least == *largest) {
    std::fill(result.begin(), result.end(), 0.0);
    return result;
  }
  const double scale = (std::max)(std::abs(*least), std::abs(*largest));
  double sum = 0;
  for (double& score : result) sum += score /= scale;
  for (double& score : result) score -= sum / static_cast<double>(result.size());
  return result;
}

}  // namespace detail

/// Pearson's correlation coefficient of the scores: 1 if they lie on a rising line.
/// \throws std::invalid_argument if there are no scores, their numbers differ, or one is not
///         finite.
inline double pearson(const Eigen::Ref<const Eigen::VectorXd>& a,
                      const Eigen::Ref<const Eigen::VectorXd>& b) {
  detail::require_comparable(a, b, "pearson");
  const std::vector<double> x = detail::centered(a);
  const std::vector<double> y = detail::centered(b);
  const auto product = [n = a.size()](const std::vector<double>& left,
                                      const std::vector<double>& right) {
    return detail::dot(left.data(), right.data(), n);
  };
  const double norms = std::sqrt(product(x, x)) * std::sqrt(product(y, y));
  return norms > 0 ? std::clamp(product(x, y) / norms, -1.0, 1.0) : 0.0;
}

/// Spearman's rank correlation: Pearson's correlation of the ranks, where tied scores get the mean
/// of their ranks (C. Spearman, The American Journal of Psychology 15(1), 1904).
/// \throws std::invalid_argument if there are no scores, their numbers differ, or one is not
///         finite.
inline double spearman(const Eigen::Ref<const Eigen::VectorXd>& a,
                       const Eigen::Ref<const Eigen::VectorXd>& b) {
  detail::require_comparable(a, b, "spearman");
  return pearson(detail::average_ranks(a), detail::average_ranks(b));
}

/// Overlap of the two sets of the k most important features: the size of the intersection divided
/// by that of the union (P. Jaccard, 1912), from 0 (none is shared) to 1. Features that tie with
/// the k-th belong to the set, too, so the result does not depend on the order of the features.
/// \throws std::invalid_argument if there are no scores, their numbers differ, one is not finite,
///         or 1 <= k <= number of features does not hold.
inline double top_k_overlap(const Eigen::Ref<const Eigen::VectorXd>& a,
                            const Eigen::Ref<const Eigen::VectorXd>& b, Eigen::Index k) {
  detail::require_comparable(a, b, "top_k_overlap");
  if (k < 1 || k > a.size()) {
    throw std::invalid_argument(detail::concat("viann::top_k_overlap: there is no top ", k, " of ",
                                               a.size(), " features."));
  }
  const double least_a = detail::kth_largest(a, k);
  const double least_b = detail::kth_largest(b, k);
  double in_both = 0;
  double in_any = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const bool in_a = a[i] >= least_a;
    const bool in_b = b[i] >= least_b;
    in_both += in_a && in_b ? 1 : 0;
    in_any += in_a || in_b ? 1 : 0;
  }
  return in_both / in_any;
}

}  // namespace viann
