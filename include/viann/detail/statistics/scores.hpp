// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "viann/detail/text/concat.hpp"

/// What many functions of scores share: checks, the order, groups.

namespace viann::detail {

/// Refuses anything but a vector of finite scores, one per feature, on behalf of a public function.
/// \throws std::invalid_argument
inline void require_scores(const Eigen::Ref<const Eigen::VectorXd>& scores,
                           const std::string& function) {
  if (scores.size() == 0) {
    throw std::invalid_argument(concat("viann::", function, ": there are no scores."));
  }
  for (Eigen::Index feature = 0; feature < scores.size(); ++feature) {
    if (std::isfinite(scores[feature])) continue;
    throw std::invalid_argument(concat("viann::", function, ": the score of feature ", feature,
                                       " is ", scores[feature],
                                       "; only finite scores can be compared."));
  }
}

/// Scores of several runs, features x runs: a run's scores are contiguous.
using ScoresOfRuns =
    Eigen::Ref<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>>;

/// Refuses anything but a matrix of finite scores, on behalf of a public function.
/// \throws std::invalid_argument
inline void require_runs(const ScoresOfRuns& scores, const char* function) {
  if (scores.size() == 0) {
    throw std::invalid_argument(concat("viann::", function, ": ", scores.rows(), " features x ",
                                       scores.cols(), " runs are no scores."));
  }
  for (Eigen::Index feature = 0; feature < scores.rows(); ++feature) {
    for (Eigen::Index run = 0; run < scores.cols(); ++run) {
      if (std::isfinite(scores(feature, run))) continue;
      throw std::invalid_argument(concat("viann::", function, ": the score of feature ", feature,
                                         " in run ", run, " is ", scores(feature, run),
                                         "; only finite scores can be compared."));
    }
  }
}

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

/// Returns the features of every group, in ascending order, checked on behalf of a public function.
/// \param groups  by feature: the number of its group, 0, 1, ... without gaps.
inline std::vector<std::vector<Eigen::Index>> features_of_groups(
    const std::vector<Eigen::Index>& groups, Eigen::Index features, const char* function) {
  const auto refuse = [&](const auto&... reason) {
    throw std::invalid_argument(concat("viann::", function, ": ", reason...));
  };
  if (static_cast<Eigen::Index>(groups.size()) != features) {
    refuse("there are ", groups.size(), " groups for ", features,
           " features; name the group of each feature.");
  }
  // No group is beyond n - 1 if n features are in groups without gaps.
  std::vector<std::vector<Eigen::Index>> result;
  for (Eigen::Index feature = 0; feature < features; ++feature) {
    const Eigen::Index group = groups[static_cast<std::size_t>(feature)];
    if (group < 0 || group >= features) {
      refuse("feature ", feature, " is in group ", group,
             "; number the groups 0, 1, ... without gaps.");
    }
    result.resize((std::max)(result.size(), static_cast<std::size_t>(group) + 1));
    result[static_cast<std::size_t>(group)].push_back(feature);
  }
  for (std::size_t group = 0; group < result.size(); ++group) {
    if (result[group].empty()) {
      refuse("no feature is in group ", group, "; number the groups 0, 1, ... without gaps.");
    }
  }
  return result;
}

}  // namespace viann::detail
