// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "viann/detail/statistics/p_values.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/statistics/shuffle.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"

/// \file
/// Tests whether an input matters at all. Train the network on the inputs and on a shuffled copy of
/// each, its probe: an input without information scores as a probe does.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/viann.hpp>
///
/// int main() {
///   const Eigen::MatrixXd X = Eigen::MatrixXd::Random(200, 3);
///   const Eigen::VectorXd y = X.col(1) + 0.1 * Eigen::VectorXd::Random(200);
///   Eigen::MatrixXd scores(6, 19);  // of 3 inputs and their probes, one column a run
///   for (int run = 0; run < 19; ++run) {
///     viann::ProbeOptions options;
///     options.seed = static_cast<unsigned>(run);  // new probes in every run
///     const Eigen::MatrixXd Z = viann::append_probes(X, options);
///     Eigen::MatrixXd W = 0.1 * Eigen::MatrixXd::Random(6, 1);  // and new initial weights
///     viann::VarianceImportance importance;
///     for (int epoch = 0; epoch < 20; ++epoch) {
///       W -= 0.3 * Z.transpose() * (Z * W - y) / 200;  // your training
///       importance.on_epoch_end(viann::features_by_units(W));
///     }
///     scores.col(run) = importance.scores();
///   }
///   for (const auto relevance : viann::decide_by_probes(scores).decisions) {
///     std::cout << to_string(relevance) << "\n";
///   }
/// }
/// ```

namespace viann {

/// How append_probes() shuffles.
enum class ProbeShuffle {
  Rows,        ///< whole rows: the probes are correlated among each other as the inputs are
  EachColumn,  ///< each column on its own: the probes are independent of each other
};

/// The options of append_probes().
struct ProbeOptions {
  ProbeShuffle shuffle = ProbeShuffle::Rows;  ///< what is shuffled as a whole
  std::uint64_t seed = 0;  ///< the same seed gives the same probes, on every platform
};

/// Returns the data with a probe of every input: samples x 2 features. The unchanged inputs come
/// first; the probe of column i is column features + i.
/// \param X  samples x features, of any type, as the network gets them (standardised, one-hot).
///           Values are permuted, not read, so NaN is allowed.
/// \throws std::invalid_argument for fewer than two samples, or no features.
template <typename Derived>
auto append_probes(const Eigen::DenseBase<Derived>& X, ProbeOptions options = {}) {
  using Data = Eigen::Matrix<typename Derived::Scalar, Eigen::Dynamic, Eigen::Dynamic,
                             Derived::IsRowMajor ? Eigen::RowMajor : Eigen::ColMajor>;
  if (X.rows() < 2 || X.cols() < 1) {
    throw std::invalid_argument(detail::concat("viann::append_probes: X is ", X.rows(),
                                               " samples x ", X.cols(),
                                               " features; there is nothing to shuffle."));
  }
  Data data(X.rows(), 2 * X.cols());
  data.leftCols(X.cols()) = X.derived().matrix();
  data.rightCols(X.cols()) = data.leftCols(X.cols());
  auto probes = data.rightCols(X.cols());
  std::mt19937_64 random(options.seed);
  if (options.shuffle == ProbeShuffle::Rows) {
    std::vector<Eigen::Index> order(static_cast<std::size_t>(X.rows()));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    detail::shuffle(order.begin(), order.end(), random);
    probes = data(order, Eigen::seqN(0, X.cols()));
  } else {
    for (auto column : probes.colwise()) detail::shuffle(column.begin(), column.end(), random);
  }
  return data;
}

/// What decide_by_probes() says of an input.
enum class Relevance {
  Confirmed,  ///< it matters
  Rejected,   ///< the best probe beats it in more than half of all such runs
  Undecided   ///< neither; more runs may tell
};

/// "confirmed", "rejected" or "undecided".
inline std::string to_string(Relevance relevance) {
  switch (relevance) {
    case Relevance::Confirmed:
      return "confirmed";
    case Relevance::Rejected:
      return "rejected";
    default:
      return "undecided";
  }
}

/// The decision on each input from several runs, with the numbers behind it.
struct ProbeDecisions {
  Eigen::Array<Eigen::Index, Eigen::Dynamic, 1>
      hits;                          ///< by input: runs in which it beat all probes
  Eigen::VectorXd p_confirmed;       ///< by input, for all inputs at once
  Eigen::VectorXd p_rejected;        ///< by input, for all inputs at once
  std::vector<Relevance> decisions;  ///< by input
};

/// Decides from several runs which inputs matter. The statistic is Boruta's (M. B. Kursa & W. R.
/// Rudnicki, Journal of Statistical Software 36(11), 2010): the number of runs in which an input
/// beats the best of all probes (a hit). The test differs from Boruta's, because runs on the same
/// data are not independent: if an irrelevant input gains by chance from these samples, it gains in
/// every run, and a binomial test of its hits confirms it after enough runs. (In the test of this
/// header, with 99 runs, the binomial test confirms something in a third of data sets where nothing
/// matters.)
///
/// Confirmed: p = (1 + runs without a hit) / (1 + runs) <= alpha. This is a permutation test by the
/// largest statistic (P. H. Westfall & S. S. Young, Resampling-Based Multiple Testing, Wiley 1993).
/// Inputs are called irrelevant here if they are jointly independent of the target and of the other
/// inputs. As a block they are exchangeable with their probes of any run. So the best of them is
/// the best of 1 + runs such blocks with probability 1 / (1 + runs), and the chance that any of
/// them is confirmed is at most alpha, however many they are. This requires
///   - probes shuffled by rows, unless irrelevant inputs are independent of each other, too;
///   - a new seed in every run for the probes, and for the initial weights and the batches;
///   - a number of runs fixed beforehand, not raised because a decision is near;
///   - a training and a score that treat all columns alike.
/// The argument is exact if the inputs' scores do not depend on the probes beside them. They depend
/// on them a little; simulated rates stayed below alpha. An input that only correlates with one
/// that matters is not irrelevant in this sense, and may be confirmed.
///
/// Rejected: on these data, the best probe beats the input in more than half of all such runs.
/// Given the data, runs are independent. If the proportion were half, so few hits would have
/// probability p <= alpha (binomial; adjusted by S. Holm, Scandinavian Journal of Statistics 6(2),
/// 1979, so that the chance of any wrong rejection is at most alpha). A rejection does not prove
/// the input irrelevant: a weak input, or one of many redundant ones, is rejected as well.
///
/// \param scores  2 features x runs, of the inputs and then of their probes, in the order of
///                append_probes(). Only comparisons within a run count.
/// \throws std::invalid_argument if there are no scores, the number of rows is odd, a score is not
///         finite, alpha is not in (0, 0.5), or there are fewer than 1 / alpha - 1 runs (19 for
///         0.05), so that no input could be confirmed.
inline ProbeDecisions decide_by_probes(const detail::ScoresOfRuns& scores, double alpha = 0.05) {
  detail::require_runs(scores, "decide_by_probes");
  if (scores.rows() % 2 != 0) {
    throw std::invalid_argument(detail::concat(
        "viann::decide_by_probes: ", scores.rows(),
        " scores are not those of inputs and as many probes; train on what append_probes() "
        "returns."));
  }
  const Eigen::Index features = scores.rows() / 2;
  const Eigen::Index runs = scores.cols();
  if (!(alpha > 0 && alpha < 0.5)) {
    throw std::invalid_argument(detail::concat("viann::decide_by_probes: alpha is ", alpha,
                                               "; an error rate lies between 0 and 0.5."));
  }
  const auto p_confirmed = [](Eigen::Index hits, Eigen::Index of_runs) {
    return static_cast<double>(1 + of_runs - hits) / static_cast<double>(1 + of_runs);
  };
  if (p_confirmed(runs, runs) > alpha) {
    double least = std::ceil(1 / alpha) - 1;
    if (1 / least <= alpha) --least;  // 1 / alpha was rounded up
    throw std::invalid_argument(detail::concat(
        "viann::decide_by_probes: ", runs, " runs can confirm nothing at alpha = ", alpha,
        ", because no p-value is below 1 / (1 + runs); make ",
        least < 9e15 ? detail::concat(static_cast<std::int64_t>(least)) : detail::concat(least),
        " runs or more."));
  }

  ProbeDecisions result;
  result.hits.setZero(features);
  for (Eigen::Index run = 0; run < runs; ++run) {
    const double* const inputs = scores.data() + run * scores.outerStride();
    const double best_probe = *std::max_element(inputs + features, inputs + 2 * features);
    for (Eigen::Index i = 0; i < features; ++i) result.hits[i] += inputs[i] > best_probe ? 1 : 0;
  }
  const Eigen::VectorXd by_chance = detail::coin_tosses_at_most(runs);
  result.p_confirmed.resize(features);
  result.p_rejected.resize(features);
  for (Eigen::Index i = 0; i < features; ++i) {
    result.p_confirmed[i] = p_confirmed(result.hits[i], runs);
    result.p_rejected[i] = by_chance[result.hits[i]];
  }
  result.p_rejected = detail::holm_adjusted(std::move(result.p_rejected));
  for (Eigen::Index i = 0; i < features; ++i) {
    result.decisions.push_back(result.p_confirmed[i] <= alpha  ? Relevance::Confirmed
                               : result.p_rejected[i] <= alpha ? Relevance::Rejected
                                                               : Relevance::Undecided);
  }
  return result;
}

}  // namespace viann
