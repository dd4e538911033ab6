// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "viann/detail/statistics/baseline_inputs.hpp"
#include "viann/detail/statistics/mean_and_deviation.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/statistics/shuffle.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"

/// \file
/// Other methods to find the inputs that a trained network relies on, to compare with the hooks.
///
/// garson() and olden() read the final weights. permutation_importance() and
/// leave_one_feature_out() read no weights; they measure how much worse the network becomes when an
/// input carries no information. They need data and a loss: a callable that takes a matrix like X
/// (samples x features) and returns the network's loss on it, where lower is better. The rows keep
/// X's order, so the callable can hold the targets itself.

namespace viann {

/// Garson's algorithm: each input's share of the flow through the hidden units of a network with
/// one hidden layer, summed over the outputs. With the weights w_ij from input i to unit j and v_jk
/// from unit j to output k,
///
///     score_i = sum_k [ sum_j s_ij |v_jk| / sum_j |v_jk| ],   s_ij = |w_ij| / sum_i |w_ij|
///
/// (G. D. Garson, Interpreting neural-network connection weights, AI Expert 6(4), 1991). Returns
/// one score per feature; the shares of each output sum to 1. A unit without weights has no shares,
/// and an output without shares adds nothing.
/// \param first  view of the first layer, inputs x units.
/// \param last   view of the last layer: its "features" are the hidden units, its "units" the
///               outputs; features_by_units(V) for V(unit, output), units_by_features(V) for
///               V(output, unit).
/// \throws std::invalid_argument for a layer without weights, a weight that is not finite, or
///         unequal inner widths.
template <typename First, typename Last>
Eigen::VectorXd garson(const First& first, const Last& last) {
  const auto shares_by_column = [](const Eigen::MatrixXd& weights) {
    Eigen::MatrixXd shares = weights.cwiseAbs();
    for (Eigen::Index j = 0; j < shares.cols(); ++j) {
      auto column = shares.col(j);
      if (column.maxCoeff() == 0) continue;
      column /= column.maxCoeff();  // so that the sum cannot overflow
      column /= column.sum();
    }
    return shares;
  };
  Eigen::MatrixXd v = detail::finite_layer(last, "garson");
  const Eigen::MatrixXd share = shares_by_column(detail::finite_layer(first, "garson"));
  detail::require_equal_width(share.cols(), v.rows(), "garson");
  for (Eigen::Index unit = 0; unit < share.cols(); ++unit) {
    // A unit that no input feeds passes nothing on.
    if (share.col(unit).sum() == 0) v.row(unit).setZero();
  }
  return (share * shares_by_column(v)).rowwise().sum();
}

/// Olden's connection weights: the signed product of the weights along a path, summed over every
/// path from an input to an output. Returns a matrix of features x outputs.
///
/// A positive entry means that the input raises the output, if the activations are increasing and
/// not saturated; the weights are exact for a network without activations. For one score per
/// feature use, for example, `olden(...).rowwise().norm()`. (J. D. Olden & D. A. Jackson,
/// Ecological Modelling 154(1-2), 2002, for one hidden layer.)
/// \param first, rest  views of the layers from the inputs to the outputs; a view's "features" are
///                     the layer's inputs.
/// \throws std::invalid_argument for a layer without weights, a weight that is not finite, or
///         unequal inner widths.
/// \throws std::overflow_error if a product is beyond the range of double.
template <typename First, typename... Rest>
Eigen::MatrixXd olden(const First& first, const Rest&... rest) {
  Eigen::MatrixXd weights = detail::finite_layer(first, "olden");
  if constexpr (sizeof...(rest) > 0) {
    const Eigen::MatrixXd next = olden(rest...);
    detail::require_equal_width(weights.cols(), next.rows(), "olden");
    Eigen::MatrixXd product = weights * next;
    if (!product.allFinite()) {
      throw std::overflow_error(
          "viann::olden: a product of weights is beyond the range of double; rescale the weights.");
    }
    return product;
  } else {
    return weights;
  }
}

/// The options of permutation_importance().
struct PermutationImportanceOptions {
  Eigen::Index repeats = 5;  ///< permutations of every feature, at least 1
  std::uint64_t seed = 0;    ///< the same seed gives the same permutations, on every platform
  /// By feature: the number of its group, 0, 1, ... without gaps. The features of a group are
  /// permuted together, and the results are by group. Empty: every feature is a group of its own.
  std::vector<Eigen::Index> groups = {};
};

/// The rise of the loss when a feature, or a group of features, is permuted.
struct PermutationScores {
  Eigen::MatrixXd loss_increases;      ///< features or groups x repeats
  Eigen::VectorXd mean;                ///< by feature or group, over the repeats
  Eigen::VectorXd standard_deviation;  ///< likewise (dividing by the number of repeats)
};

/// Permutation importance: the rise of the loss when the values of one feature are permuted over
/// the samples, so that its column keeps its distribution but carries no information (L. Breiman,
/// Machine Learning 45(1), 2001; A. Fisher, C. Rudin & F. Dominici, JMLR 20(177), 2019).
///
/// Each of two correlated features can stand in for the other, so both may seem unimportant, unless
/// they are permuted together (B. Gregorutti, B. Michel & P. Saint-Pierre, Computational Statistics
/// & Data Analysis 90, 2015): the options can name groups, such as the columns of one variable or
/// the inputs of one branch of the network. A useless feature scores about 0, and by chance also
/// less than 0.
/// \param X     samples x features, of any floating-point type.
/// \param loss  see the top of this header; called groups * repeats + 1 times.
/// \throws std::invalid_argument if X is empty, there are no repeats, a loss is not finite, or
///         there are groups but not one per feature, or one is negative or has no feature.
template <typename Derived, typename Loss>
PermutationScores permutation_importance(const Eigen::DenseBase<Derived>& X, Loss&& loss,
                                         PermutationImportanceOptions options = {}) {
  if (options.repeats < 1) {
    throw std::invalid_argument(detail::concat("viann::permutation_importance: ", options.repeats,
                                               " repeats score nothing; ask for 1 or more."));
  }
  const bool has_groups = !options.groups.empty();
  if (!has_groups) {
    options.groups.resize(static_cast<std::size_t>(X.cols()));
    std::iota(options.groups.begin(), options.groups.end(), Eigen::Index{0});
  }
  const auto groups =
      detail::features_of_groups(options.groups, X.cols(), "permutation_importance");
  detail::PerturbedColumns<Derived, std::remove_reference_t<Loss>> columns(
      X, loss, "permutation_importance");
  const auto count = static_cast<Eigen::Index>(groups.size());
  std::mt19937_64 random(options.seed);
  PermutationScores result{Eigen::MatrixXd(count, options.repeats), Eigen::VectorXd(count),
                           Eigen::VectorXd(count)};
  for (Eigen::Index group = 0; group < count; ++group) {
    const auto& features = groups[static_cast<std::size_t>(group)];
    const std::string what = detail::concat(has_groups ? "group " : "feature ", group);
    for (Eigen::Index repeat = 0; repeat < options.repeats; ++repeat) {
      const std::mt19937_64 start = random;  // gives one order for all columns of the group
      result.loss_increases(group, repeat) =
          columns.loss_increase(features, what, [&](auto column) {
            random = start;
            detail::shuffle(column.begin(), column.end(), random);
          });
    }
    const auto [mean, deviation] = detail::mean_and_deviation(
        options.repeats, static_cast<double>(options.repeats),
        [&, group](Eigen::Index repeat) { return result.loss_increases(group, repeat); });
    result.mean[group] = mean;
    result.standard_deviation[group] = deviation;
  }
  return result;
}

/// What leave_one_feature_out() puts in the place of a feature's values.
enum class Replacement {
  Mean,  ///< the mean of the feature's finite values: NaN may stand for a missing one
  Zero   ///< as VIANN's authors did, with standardised features
};

/// Returns, by feature, the rise of the loss when that feature has one value for all samples.
///
/// The network is not trained again, so this measures what this network uses, not what could be
/// learned without the feature.
/// \param X     samples x features, of any floating-point type.
/// \param loss  see the top of this header; called features + 1 times.
/// \throws std::invalid_argument if X is empty, a loss is not finite, or a feature without a finite
///         value should get its mean.
template <typename Derived, typename Loss>
Eigen::VectorXd leave_one_feature_out(const Eigen::DenseBase<Derived>& X, Loss&& loss,
                                      Replacement replacement = Replacement::Mean) {
  using Scalar = typename Derived::Scalar;
  static_assert(!Eigen::NumTraits<Scalar>::IsInteger, "viann: X must be of a floating-point type");
  detail::PerturbedColumns<Derived, std::remove_reference_t<Loss>> columns(X, loss,
                                                                           "leave_one_feature_out");
  Eigen::VectorXd scores(columns.features());
  for (Eigen::Index feature = 0; feature < scores.size(); ++feature) {
    scores[feature] =
        columns.loss_increase({feature}, detail::concat("feature ", feature), [&](auto column) {
          Scalar value(0);
          if (replacement == Replacement::Mean) {
            using Sum =
                std::conditional_t<std::is_same_v<Scalar, long double>, long double, double>;
            std::vector<Sum> finite;
            for (const Scalar x : column) {
              if ((Eigen::numext::isfinite)(x)) finite.push_back(static_cast<Sum>(x));
            }
            if (finite.empty()) {
              throw std::invalid_argument(detail::concat("viann::leave_one_feature_out: feature ",
                                                         feature, " has no finite value, and so ",
                                                         "no mean; pass Replacement::Zero."));
            }
            const auto mean = detail::mean_and_deviation<Sum>(
                static_cast<Eigen::Index>(finite.size()), 1.0,
                [&](Eigen::Index i) { return finite[static_cast<std::size_t>(i)]; });
            value = static_cast<Scalar>(mean.mean);
          }
          column.setConstant(value);
        });
  }
  return scores;
}

}  // namespace viann
