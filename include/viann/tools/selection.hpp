// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "viann/detail/statistics/knockoffs.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"
#include "viann/importance_scores.hpp"

/// \file
/// Which inputs matter, with an error rate, by knockoffs (E. Candes, Y. Fan, L. Janson & J. Lv,
/// Journal of the Royal Statistical Society B 80(3), 2018). Every input gets twins: columns with
/// its mean, variance and correlations, made without the target. The network trains on inputs and
/// twins. An input is selected if its score beats its twins' and is high enough. viann.hpp leaves
/// this header out, because it takes a compiler as long as all others.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/tools/selection.hpp>
/// #include <viann/viann.hpp>
///
/// int main() {
///   const Eigen::MatrixXd X = Eigen::MatrixXd::Random(500, 10);
///   const Eigen::VectorXd y = X.leftCols(4).rowwise().sum() + Eigen::VectorXd::Random(500);
///   const Eigen::MatrixXd Z = viann::append_knockoffs(X);  // 10 inputs and 40 twins
///   Eigen::MatrixXd W = 0.01 * Eigen::MatrixXd::Random(50, 1);
///   viann::DisplacementImportance importance;
///   importance.on_train_begin(viann::features_by_units(W));
///   for (int epoch = 0; epoch < 20; ++epoch) {
///     W -= 0.3 * Z.transpose() * (Z * W - y) / 500;  // your training
///     importance.on_epoch_end(viann::features_by_units(W));
///   }
///   const auto result = viann::select_by_knockoffs(importance.raw_scores(), 0.2);
///   for (const Eigen::Index input : result.selected) std::cout << input << "\n";
/// }
/// ```

namespace viann {

/// The options of append_knockoffs() and KnockoffSampler.
struct KnockoffOptions {
  Eigen::Index twins = 4;  ///< of every input. Fewer than 1 / (twins * q) inputs are never selected
  std::uint64_t seed = 0;  ///< the same seed gives the same twins on every platform, up to rounding
  /// By input: the number of its group, 0, 1, ... without gaps. A group, such as the one-hot
  /// columns of one variable, gets twins and is selected as one. Empty: every input is a group of
  /// its own.
  std::vector<Eigen::Index> groups = {};
};

/// Returns the inputs and their twins, samples x (twins + 1) features: the inputs as they are, then
/// all first twins, all second twins, and so on, on the inputs' scale.
///
/// With more than (twins + 1) * features samples, exchanging an input with a twin changes no mean
/// and no covariance of these samples. With fewer, that holds in expectation, and for covariances
/// of inputs with twins exactly; one twin may have more power than four. Higher moments are not the
/// inputs': twins of binary or heavy-tailed inputs are nearer to normal. Twins of constants and of
/// linearly dependent inputs are copies: such inputs are selected by chance only. In none of these
/// cases did the measured rate of select_by_knockoffs() with DisplacementImportance exceed q beyond
/// the simulation's error (tests/benchmarks/README.md).
/// \param X  samples x features, of any type. Standardise as without twins.
/// \throws std::invalid_argument for fewer than features + 2 samples, no features, no twins, a
///         value that is not finite, or groups that are not one per feature without gaps.
/// \throws std::overflow_error if a variance is beyond the range of double.
template <typename Derived>
detail::Numbers append_knockoffs(const Eigen::DenseBase<Derived>& X,
                                 const KnockoffOptions& options = {}) {
  const detail::Numbers inputs = detail::finite_rows(X, "append_knockoffs");
  const Eigen::Index samples = X.rows();
  const Eigen::Index features = X.cols();
  const Eigen::Index columns = options.twins * features;
  const auto groups =
      detail::knockoff_groups(options.groups, features, options.twins, "append_knockoffs");
  if (samples < features + 2) {
    throw std::invalid_argument(detail::concat(
        "viann::append_knockoffs: ", samples, " samples do not show how ", features, " features ",
        "are correlated; take ", features + 2, " samples or more, or pass a known covariance to ",
        "viann::KnockoffSampler."));
  }
  const Eigen::VectorXd mean = inputs.colwise().mean();
  const Eigen::VectorXd variances = (inputs.rowwise() - mean.transpose()).colwise().squaredNorm() /
                                    static_cast<double>(samples - 1);
  if (!variances.allFinite()) {
    throw std::overflow_error(
        "viann::append_knockoffs: a variance is beyond the range of double; standardise the data.");
  }
  detail::KnockoffMaker maker(mean, variances, options.twins);
  const detail::Numbers Z = maker.standardized(inputs);
  detail::Numbers noise = detail::normal_rows(samples, columns, options.seed, 0);
  detail::make_orthogonal(noise, Z);
  maker.fit(detail::products(Z, Z), groups);
  detail::Numbers result(samples, features + columns);
  result.leftCols(features) = inputs;
  result.rightCols(columns) = maker.twins_of(inputs, std::move(noise));
  return result;
}

/// Makes twins batch by batch, for data that do not fit into memory, from mean and covariance.
class KnockoffSampler {
 public:
  using Matrix = detail::Numbers;  ///< of double, column-major

  /// \param mean        by feature.
  /// \param covariance  features x features, known or of many more samples than features.
  /// \throws std::invalid_argument if these are no mean and covariance, there are no twins, or the
  ///         groups are not one per feature without gaps.
  KnockoffSampler(const Eigen::Ref<const Eigen::VectorXd>& mean,
                  const Eigen::Ref<const Matrix>& covariance, const KnockoffOptions& options = {})
      : twins_(options.twins),
        seed_(options.seed),
        maker_(mean, variances_of(mean, covariance), options.twins) {
    maker_.fit(maker_.scales().asDiagonal() * covariance * maker_.scales().asDiagonal(),
               detail::knockoff_groups(options.groups, mean.size(), twins_, "KnockoffSampler"));
  }

  /// By feature: 1 - its correlation with a twin; in a group, of the columns made uncorrelated.
  /// What is near 0 can hardly be selected: constants, and what depends linearly on other groups.
  const Eigen::VectorXd& distances() const { return maker_.s(); }

  /// Returns the batch's twins, samples x (twins * features), in append_knockoffs()'s order. The
  /// number of a row decides its random numbers, so it has the same twins in every epoch.
  /// \param first_row  the number of the batch's first row in the data.
  /// \throws std::invalid_argument for no samples, another number of features, or a value that is
  ///         not finite.
  template <typename Derived>
  Matrix twins_of(const Eigen::DenseBase<Derived>& batch, Eigen::Index first_row = 0) const {
    const Matrix X = detail::finite_rows(batch, "KnockoffSampler::twins_of");
    if (X.cols() != maker_.mean().size()) {
      throw std::invalid_argument(detail::concat("viann::KnockoffSampler::twins_of: ", X.cols(),
                                                 " features are not the ", maker_.mean().size(),
                                                 " that the sampler knows."));
    }
    return maker_.twins_of(X, detail::normal_rows(X.rows(), twins_ * X.cols(), seed_, first_row));
  }

 private:
  static Eigen::VectorXd variances_of(const Eigen::Ref<const Eigen::VectorXd>& mean,
                                      const Eigen::Ref<const Matrix>& covariance) {
    if (mean.size() == 0 || covariance.rows() != mean.size() || covariance.cols() != mean.size() ||
        !mean.allFinite() || !covariance.allFinite() || covariance.diagonal().minCoeff() < 0 ||
        !covariance.isApprox(covariance.transpose(), 1e-9)) {
      throw std::invalid_argument(detail::concat(
          "viann::KnockoffSampler: ", covariance.rows(), " x ", covariance.cols(),
          " numbers are no covariance of ", mean.size(),
          " features; pass finite means and a symmetric matrix, without negative variances."));
    }
    return covariance.diagonal();
  }

  Eigen::Index twins_;
  std::uint64_t seed_;
  detail::KnockoffMaker maker_;
};

/// What select_by_knockoffs() finds, by input or, if there are groups, by group.
struct KnockoffSelection {
  std::vector<Eigen::Index> selected;  ///< those with a q-value of at most q, ascending
  Eigen::VectorXd q_values;            ///< the least q at which it is selected, 1 if never
  /// The largest share of it and its twins: negative if a twin has it, 0 if several have it.
  Eigen::VectorXd statistics;
  double threshold = std::numeric_limits<double>::infinity();  ///< the least of those selected
  bool can_select = false;  ///< whether there are 1 / (twins * q) inputs: fewer cannot be selected
};

namespace detail {

/// The least rate of all thresholds at which an input is selected; 1 if there is none.
/// \param m  the number of twins
inline Eigen::VectorXd knockoff_q_values(const Eigen::VectorXd& statistics, double m) {
  // The rate of every threshold, from the highest to the lowest; then back, the least rate so far.
  const auto order = descending(statistics.cwiseAbs());
  std::vector<double> rates;
  double lost = 0;
  double won = 0;
  for (const Eigen::Index i : order) {
    (statistics[i] > 0 ? won : lost) += 1;
    rates.push_back((1 + lost) / (m * (std::max)(won, 1.0)));
  }
  Eigen::VectorXd q_values = Eigen::VectorXd::Ones(statistics.size());
  double least = 1;
  double last = 0;
  for (std::size_t k = order.size(); k-- > 0;) {
    const double statistic = statistics[order[k]];
    if (std::abs(statistic) > last) least = (std::min)(least, rates[k]);  // of all that are equal
    last = std::abs(statistic);
    if (statistic > 0) q_values[order[k]] = least;
  }
  return q_values;
}

}  // namespace detail

/// Selects inputs by the scores of a network that was trained on append_knockoffs(). Among those
/// selected, the expected share of inputs that do not matter, given the others, is at most q (R. F.
/// Barber & E. J. Candes, The Annals of Statistics 43(5), 2015; J. R. Gimenez & J. Zou, AISTATS
/// 2019, for several twins). An input that does not matter beats its twins once in 1 + twins times,
/// so those that lose tell how many win by chance. All are selected that win with a share of t or
/// more, for the least t at which
///
///     (1 + how many lose to a share of t or more) / twins <= q * how many win
///
/// This requires twins with the inputs' distribution, and a training and a score that treat all
/// columns alike, as the hooks do.
/// \param raw_scores  (twins + 1) features x trainings, in append_knockoffs()'s order, of which
///                    mean_shares() are compared. Trainings may differ in seeds, not in twins.
/// \param groups      as in the options of the twins. A group has the sum of its columns' shares.
/// \throws std::invalid_argument if there are no scores, one is negative or not finite, they are
///         not those of inputs and twins, q is not between 0 and 1, or groups are not one per input
///         without gaps.
inline KnockoffSelection select_by_knockoffs(const detail::ScoresOfRuns& raw_scores, double q,
                                             Eigen::Index twins = 4,
                                             const std::vector<Eigen::Index>& groups = {}) {
  detail::require_runs(raw_scores, "select_by_knockoffs");
  const Eigen::Index features = raw_scores.rows() / (std::max)(twins + 1, Eigen::Index{1});
  const auto columns = detail::knockoff_groups(groups, features, twins, "select_by_knockoffs");
  if (features * (twins + 1) != raw_scores.rows() || !(q > 0 && q < 1)) {
    throw std::invalid_argument(detail::concat(
        "viann::select_by_knockoffs: ", raw_scores.rows(), " scores with ", twins,
        " twins and q = ", q,
        ": pass the scores of all columns of append_knockoffs(), and a rate between 0 and 1."));
  }
  const Eigen::VectorXd shares = mean_shares(raw_scores);
  const auto count = static_cast<Eigen::Index>(columns.size());
  const auto m = static_cast<double>(twins);
  KnockoffSelection result;
  result.can_select = 1 / (m * static_cast<double>(count)) <= q;
  result.statistics.resize(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    Eigen::VectorXd of_twins = Eigen::VectorXd::Zero(twins + 1);  // after the input's own
    for (const Eigen::Index column : columns[static_cast<std::size_t>(i)]) {
      for (Eigen::Index k = 0; k <= twins; ++k) of_twins[k] += shares[k * features + column];
    }
    const double own = of_twins[0];
    const double best = of_twins.tail(twins).maxCoeff();
    result.statistics[i] = own > best ? own : own < best ? -best : 0;
  }

  result.q_values = detail::knockoff_q_values(result.statistics, m);
  for (Eigen::Index i = 0; i < count; ++i) {
    if (result.q_values[i] > q) continue;  // 1 of those that lose
    result.selected.push_back(i);
    result.threshold = (std::min)(result.threshold, result.statistics[i]);
  }
  return result;
}

}  // namespace viann
