// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "viann/detail/checks.hpp"

/// Pure functions over one vector of scores, one score per feature, in the order of the features.

namespace viann {

/// Min-max normalisation to [0, 1]: (s - min) / (max - min), the scale of the paper's figures.
///
/// The least score becomes 0 and the largest 1, whatever they were: a 0 says "least of these
/// features", not "without influence". If all are equal, all become 0.
/// \throws std::invalid_argument if there are no scores or one is not finite.
inline Eigen::VectorXd min_max_normalize(const Eigen::Ref<const Eigen::VectorXd>& scores) {
  detail::require_scores(scores, "min_max_normalize");
  const double least = scores.minCoeff();
  const double largest = scores.maxCoeff();
  if (least == largest) return Eigen::VectorXd::Zero(scores.size());
  // Halves, because the difference of two doubles may exceed the largest double; tiny scores,
  // of which a half is not exact, never come near that.
  const double scale = std::isfinite(largest - least) ? 1.0 : 0.5;
  return (scores.array() * scale - least * scale) / (largest * scale - least * scale);
}

/// Shares of the total: s / sum(s). If all are 0, all stay 0.
///
/// \throws std::invalid_argument if there are no scores, or one is negative or not finite.
inline Eigen::VectorXd sum_to_one(const Eigen::Ref<const Eigen::VectorXd>& scores) {
  detail::require_scores(scores, "sum_to_one");
  Eigen::Index feature = 0;
  if (scores.minCoeff(&feature) < 0) {
    throw std::invalid_argument(detail::sentence("viann::sum_to_one: the score of feature ",
                                                 feature, " is ", scores[feature],
                                                 "; a share of a sum must not be negative."));
  }
  const double largest = scores.maxCoeff();
  if (largest == 0) return Eigen::VectorXd::Zero(scores.size());
  const Eigen::VectorXd relative = scores / largest;  // so that the sum cannot overflow
  return relative / relative.sum();
}

/// The features' indices from the largest score to the least; equal scores in the features' order.
/// \throws std::invalid_argument if there are no scores or one is not finite.
inline std::vector<Eigen::Index> ranking(const Eigen::Ref<const Eigen::VectorXd>& scores) {
  detail::require_scores(scores, "ranking");
  std::vector<Eigen::Index> order(static_cast<std::size_t>(scores.size()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return scores[a] > scores[b]; });
  return order;
}

/// The scores of a convolution's weights in the shape of its kernel: one rows x cols matrix per
/// input channel. The features are the positions of the kernel, (channel, row, column) in row-major
/// order, as the adapters give them. Of a kernel with more dimensions, `rows` is the product of all
/// but the last; of one with a single dimension, 1.
/// \throws std::invalid_argument if the scores are not a whole number of kernels.
inline std::vector<Eigen::MatrixXd> kernel_scores(const Eigen::Ref<const Eigen::VectorXd>& scores,
                                                  Eigen::Index rows, Eigen::Index cols) {
  if (rows <= 0 || cols <= 0 || scores.size() == 0 || scores.size() % (rows * cols) != 0) {
    throw std::invalid_argument(detail::sentence(
        "viann::kernel_scores: ", scores.size(), " scores are no whole number of ", rows, " x ",
        cols, " kernels; give the kernel's shape, without channels."));
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  std::vector<Eigen::MatrixXd> kernels;
  for (Eigen::Index begin = 0; begin < scores.size(); begin += rows * cols) {
    kernels.emplace_back(Eigen::Map<const RowMajor>(scores.data() + begin, rows, cols));
  }
  return kernels;
}

}  // namespace viann
