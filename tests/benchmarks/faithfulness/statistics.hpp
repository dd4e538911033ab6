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
#include <set>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>
#include <viann/importance_scores.hpp>
#include <viann/tools/agreement.hpp>

/// How well scores separate relevant from irrelevant inputs, and how certain a mean is.

namespace faithfulness {

using Flags = Eigen::Array<bool, Eigen::Dynamic, 1>;

/// Average precision: the mean, over the relevant inputs, of the share of relevant ones among all
/// down to it. Ties count as their mean over all orders of the tied inputs. 1 is perfect. NaN
/// without relevant inputs.
inline double average_precision(const Eigen::VectorXd& scores, const Flags& relevant) {
  double sum = 0;
  for (const double score : std::set<double>(scores.begin(), scores.end())) {
    const Flags is_higher = scores.array() > score;
    const Flags is_tied = scores.array() == score;
    const auto higher = static_cast<double>(is_higher.count());
    const auto relevant_higher = static_cast<double>((is_higher && relevant).count());
    const auto tied = static_cast<double>(is_tied.count());
    const auto relevant_tied = static_cast<double>((is_tied && relevant).count());
    // A relevant input at the place has a share of the other relevant ones before it.
    for (double place = 0; place < tied; ++place) {
      const double before = tied > 1 ? place * (relevant_tied - 1) / (tied - 1) : 0;
      sum += relevant_tied / tied * (relevant_higher + before + 1) / (higher + place + 1);
    }
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

/// How much each input matters, where those within an eighth of the largest of their kind count
/// as equal: equal truths differ so far by the samples that they are computed from.
inline Eigen::VectorXd tie_similar(Eigen::VectorXd truth) {
  double largest = std::numeric_limits<double>::infinity();
  for (const Eigen::Index i : viann::ranking(truth)) {
    if (truth[i] < 0.875 * largest) largest = truth[i];
    truth[i] = largest;
  }
  return truth;
}

/// Spearman's correlation of the scores of some inputs with how much these matter, divided by the
/// largest that is possible, because similar truths count as ties. NaN if all are similar.
inline double order_agreement(const Eigen::VectorXd& scores, const Eigen::VectorXd& truth) {
  const Eigen::VectorXd tied = tie_similar(truth);
  return viann::spearman(scores, tied) / viann::spearman(truth, tied);
}

/// The probability that the input with the highest score is one of those that matter most, if ties
/// of scores are broken at random.
inline double is_first_right(const Eigen::VectorXd& scores, const Eigen::VectorXd& truth) {
  const Flags highest = scores.array() == scores.maxCoeff();
  const Flags right = truth.array() >= 0.875 * truth.maxCoeff();
  return static_cast<double>((highest && right).count()) / static_cast<double>(highest.count());
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
