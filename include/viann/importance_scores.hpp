// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "viann/detail/statistics/min_max.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"

/// \file
/// Pure functions over one vector of scores, one score per feature, in the order of the features.

namespace viann {

/// Min-max normalisation to [0, 1]: (s - min) / (max - min), the scale of the paper's figures.
///
/// The least score becomes 0 and the largest 1, whatever they were: a 0 means "least of these
/// features", not "without influence". If all are equal, all become 0.
/// \throws std::invalid_argument if there are no scores or one is not finite.
[[nodiscard]] inline Eigen::VectorXd min_max_normalize(
    const Eigen::Ref<const Eigen::VectorXd>& scores) {
  detail::require_scores(scores, "min_max_normalize");
  return detail::min_max(scores);
}

namespace detail {

/// Shares of the total, on behalf of a public function.
inline Eigen::VectorXd shares_of_scores(const Eigen::Ref<const Eigen::VectorXd>& scores,
                                        const std::string& function) {
  require_scores(scores, function);
  const double largest = *std::max_element(scores.data(), scores.data() + scores.size());
  for (Eigen::Index i = 0; i < scores.size(); ++i) {
    if (scores[i] >= 0) continue;
    throw std::invalid_argument(concat("viann::", function, ": the score of feature ", i, " is ",
                                       scores[i], "; a share of a sum must not be negative."));
  }
  Eigen::VectorXd shares = scores;
  if (largest == 0) return shares;
  double sum = 0;  // of relative scores, so that it cannot overflow
  for (double& share : shares) sum += share /= largest;
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace detail

/// Shares of the total: s / sum(s). If all are 0, all stay 0.
///
/// \throws std::invalid_argument if there are no scores, or one is negative or not finite.
[[nodiscard]] inline Eigen::VectorXd sum_to_one(const Eigen::Ref<const Eigen::VectorXd>& scores) {
  return detail::shares_of_scores(scores, "sum_to_one");
}

/// Returns the mean of the runs' shares of the total, sum_to_one(), by feature. The mean of
/// several trainings with different seeds tells relevant from irrelevant features better than one.
///
/// \param scores  features x runs, one column a run: its raw scores, on any scale. A run whose
///                scores are all 0 has shares of 0.
/// \throws std::invalid_argument if there are no scores, or one is negative or not finite.
inline Eigen::VectorXd mean_shares(const detail::ScoresOfRuns& scores) {
  detail::require_runs(scores, "mean_shares");
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(scores.rows());
  for (Eigen::Index run = 0; run < scores.cols(); ++run) {
    mean += detail::shares_of_scores(scores.col(run), detail::concat("mean_shares: run ", run)) /
            static_cast<double>(scores.cols());
  }
  return mean;
}

/// Returns the features' indices in descending order of score; ties keep the features' order.
/// \throws std::invalid_argument if there are no scores or one is not finite.
inline std::vector<Eigen::Index> ranking(const Eigen::Ref<const Eigen::VectorXd>& scores) {
  detail::require_scores(scores, "ranking");
  return detail::descending(scores);
}

/// Returns the scores of a convolution's weights in the shape of its kernel: one rows x cols matrix
/// per input channel. The features are the positions of the kernel, (channel, row, column) in
/// row-major order, as in the adapters. For a kernel with more dimensions, `rows` is the product of
/// all but the last; for a kernel with one dimension, `rows` is 1.
/// \throws std::invalid_argument if the number of scores is not a multiple of rows * cols.
inline std::vector<Eigen::MatrixXd> kernel_scores(const Eigen::Ref<const Eigen::VectorXd>& scores,
                                                  Eigen::Index rows, Eigen::Index cols) {
  const Eigen::Index n = scores.size();
  if (rows <= 0 || cols <= 0 || rows > n / cols || n % (rows * cols) != 0) {
    throw std::invalid_argument(detail::concat("viann::kernel_scores: ", scores.size(),
                                               " scores are not a multiple of ", rows, " x ", cols,
                                               "; give the kernel's shape, without channels."));
  }
  std::vector<Eigen::MatrixXd> kernels;
  for (const double* score = scores.data(); score != scores.data() + scores.size();) {
    Eigen::MatrixXd& kernel = kernels.emplace_back(rows, cols);
    for (Eigen::Index row = 0; row < rows; ++row) {
      for (Eigen::Index col = 0; col < cols; ++col) kernel(row, col) = *score++;
    }
  }
  return kernels;
}

/// How the score of a group is computed from the scores in it.
enum class Aggregation {
  Sum,   ///< favours wide groups: many columns of noise outscore one that matters
  Mean,  ///< for one-hot columns of 0 and 1: what matters keeps its place, and noise does not rise
  Max,   ///< the best column's score; the best of many columns of noise outscores what matters
};

/// Returns one score per group of features, such as the one-hot columns of one variable.
///
/// Aggregate raw scores and normalise afterwards: the least normalised score is 0 whatever it was,
/// so a sum of normalised scores means little.
/// \param groups  by feature: the number of its group, 0, 1, ... without gaps.
/// \throws std::invalid_argument if there are no scores, one is not finite, there is not one group
///         per feature, or a group is negative or has no feature.
/// \throws std::overflow_error if a group's sum exceeds the range of double.
inline Eigen::VectorXd group_scores(const Eigen::Ref<const Eigen::VectorXd>& scores,
                                    const std::vector<Eigen::Index>& groups,
                                    Aggregation aggregation) {
  detail::require_scores(scores, "group_scores");
  const auto features = detail::features_of_groups(groups, scores.size(), "group_scores");
  Eigen::VectorXd result(static_cast<Eigen::Index>(features.size()));
  for (std::size_t group = 0; group < features.size(); ++group) {
    double sum = 0;
    double mean = 0;
    double largest = std::numeric_limits<double>::lowest();
    for (const Eigen::Index feature : features[group]) {
      sum += scores[feature];
      mean += scores[feature] / static_cast<double>(features[group].size());
      largest = (std::max)(largest, scores[feature]);
    }
    const double score = aggregation == Aggregation::Sum    ? sum
                         : aggregation == Aggregation::Mean ? mean
                                                            : largest;
    if (!std::isfinite(score)) {
      throw std::overflow_error(
          "viann::group_scores: a sum of scores is beyond the range of double; rescale the "
          "scores.");
    }
    result[static_cast<Eigen::Index>(group)] = score;
  }
  return result;
}

/// Returns one score per feature of a network whose inputs come in by several first layers, its
/// branches: numbers by one, an embedding of tokens by another. Each branch has a hook of its own.
/// A feature's score is its share of its branch's raw scores, times the importance of the branch.
///
/// Weights cannot tell how much one branch matters beside another: how far they move also depends
/// on the layers' widths and on what follows them. That takes data: permutation_importance() with
/// the branches as groups. A branch whose importance is negative counts as one of 0.
/// \param raw_scores  by branch: raw_scores() of its hook. The result has them in this order.
/// \param importance  by branch.
/// \throws std::invalid_argument if there are no branches, a branch has no scores, one is negative
///         or not finite, or there is not one finite importance per branch.
inline Eigen::VectorXd branch_scores(const std::vector<Eigen::VectorXd>& raw_scores,
                                     const Eigen::Ref<const Eigen::VectorXd>& importance) {
  if (raw_scores.empty() || importance.size() != static_cast<Eigen::Index>(raw_scores.size())) {
    throw std::invalid_argument(detail::concat(
        "viann::branch_scores: ", raw_scores.size(), " branches with ", importance.size(),
        " importances cannot be compared; give the scores and the importance of each branch."));
  }
  std::vector<double> result;
  for (std::size_t branch = 0; branch < raw_scores.size(); ++branch) {
    const double of_branch = importance[static_cast<Eigen::Index>(branch)];
    if (!std::isfinite(of_branch)) {
      throw std::invalid_argument(detail::concat("viann::branch_scores: the importance of branch ",
                                                 branch, " is ", of_branch,
                                                 "; only finite numbers can be compared."));
    }
    const Eigen::VectorXd shares = detail::shares_of_scores(
        raw_scores[branch], detail::concat("branch_scores: branch ", branch));
    for (const double share : shares) result.push_back(share * (std::max)(of_branch, 0.0));
  }
  return Eigen::Map<const Eigen::VectorXd>(result.data(), static_cast<Eigen::Index>(result.size()));
}

}  // namespace viann
