// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>

/// How well scores separate relevant from irrelevant inputs, and how certain a mean is.

namespace faithfulness {

using Flags = Eigen::Array<bool, Eigen::Dynamic, 1>;

/// Average precision: the mean, over the relevant inputs, of the share of relevant ones among all
/// that score at least as high. Equal scores enter together, so the inputs' order does not count. 1
/// is perfect; random scores get about the share of relevant inputs. NaN without relevant inputs.
inline double average_precision(const Eigen::VectorXd& scores, const Flags& relevant) {
  double sum = 0;
  for (Eigen::Index i = 0; i < scores.size(); ++i) {
    if (!relevant[i]) continue;
    const auto as_high = (scores.array() >= scores[i]).eval();
    sum +=
        static_cast<double>((as_high && relevant).count()) / static_cast<double>(as_high.count());
  }
  return sum / static_cast<double>(relevant.count());
}

/// Area under the ROC curve: the probability that a relevant input scores higher than an irrelevant
/// one, where a tie is half a success. 0.5 by chance. NaN unless there are inputs of both kinds.
inline double area_under_curve(const Eigen::VectorXd& scores, const Flags& relevant) {
  double won = 0;
  for (Eigen::Index i = 0; i < scores.size(); ++i) {
    if (!relevant[i]) continue;
    won += static_cast<double>((!relevant && scores.array() < scores[i]).count()) +
           0.5 * static_cast<double>((!relevant && scores.array() == scores[i]).count());
  }
  const auto positives = static_cast<double>(relevant.count());
  return won / (positives * (static_cast<double>(relevant.size()) - positives));
}

/// The share of the k relevant inputs among the k highest scores. Inputs that tie for the last
/// places count by the chance that they get one. NaN without relevant inputs.
inline double share_in_top(const Eigen::VectorXd& scores, const Flags& relevant) {
  const Eigen::Index k = relevant.count();
  if (k == 0) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted(scores.begin(), scores.end());
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  const double last = sorted[static_cast<std::size_t>(k - 1)];
  const auto higher = (scores.array() > last).eval();
  const auto tied = (scores.array() == last).eval();
  const auto places = static_cast<double>(k - higher.count());
  return (static_cast<double>((higher && relevant).count()) +
          places * static_cast<double>((tied && relevant).count()) /
              static_cast<double>(tied.count())) /
         static_cast<double>(k);
}

/// The mean of the numbers that are not NaN; NaN if there are none.
inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (value != value) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

/// The middle of the numbers; for an even count, the upper of the two.
inline double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Interval {
  double mean, lower, upper;
};

/// The mean with its 95 % bootstrap interval: the 2.5 % and 97.5 % quantiles of the means of
/// samples of the same size, drawn with replacement (B. Efron, The Annals of Statistics 7(1),
/// 1979). It is too narrow for few values.
inline Interval bootstrap_mean(const std::vector<double>& values, std::size_t samples = 10000,
                               std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<double> means(samples);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += values[viann::detail::draw_below(values.size(), random)];
    }
    mean = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {sum / static_cast<double>(values.size()), means[samples / 40],
          means[samples - 1 - samples / 40]};
}

}  // namespace faithfulness
