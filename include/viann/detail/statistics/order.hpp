// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <vector>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// Returns the features' indices in descending order of score. Ties keep the features' order; NaN
/// come last.
inline std::vector<Eigen::Index> descending(const Eigen::Ref<const Eigen::VectorXd>& scores) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(scores.size()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  const double* const score = scores.data();
  std::sort(order.begin(), order.end(), [score](Eigen::Index a, Eigen::Index b) {
    // NaN first: to compare it is an invalid operation, which may be trapped.
    const bool a_is_nan = std::isnan(score[a]);
    const bool b_is_nan = std::isnan(score[b]);
    if (a_is_nan || b_is_nan) return a_is_nan == b_is_nan ? a < b : b_is_nan;
    return score[a] != score[b] ? score[a] > score[b] : a < b;
  });
  return order;
}

/// Returns the k-th largest of the scores, 1 <= k <= scores.size(). None may be NaN.
inline double kth_largest(const Eigen::Ref<const Eigen::VectorXd>& scores, Eigen::Index k) {
  std::vector<double> sorted(scores.data(), scores.data() + scores.size());
  const auto kth = sorted.begin() + (k - 1);
  std::nth_element(sorted.begin(), kth, sorted.end(), std::greater<>());
  return *kth;
}

}  // namespace viann::detail
