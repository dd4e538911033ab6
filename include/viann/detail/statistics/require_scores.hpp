// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <stdexcept>
#include <string>

#include "viann/detail/text/concat.hpp"

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

}  // namespace viann::detail
