// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "viann/detail/layer/layer_variance.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/statistics/min_max.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/fwd.hpp"
#include "viann/variance_options.hpp"
#include "viann/weight_view.hpp"

namespace viann {

/// Measures which inputs a network relies on, from the variance of its first layer's weights over
/// training.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/variance_importance.hpp>
///
/// int main() {
///   Eigen::MatrixXd weights = Eigen::MatrixXd::Random(4, 8);  // 4 features, 8 units
///   viann::VarianceImportance importance;
///   for (int epoch = 0; epoch < 10; ++epoch) {
///     weights.row(2) *= 1.1;  // stands for training, which here moves feature 2 alone
///     importance.on_epoch_end(viann::features_by_units(weights));
///   }
///   std::cout << importance.scores() << "\n";  // 0 0 1 0
/// }
/// ```
///
/// VIANN (C. R. de Sa, Variance-Based Feature Importance in Neural Networks, Discovery Science
/// 2019, LNCS 11828, pp. 306-315, doi:10.1007/978-3-030-33778-0_24): with v_ij the sample variance
/// over the epochs of the weight from feature i to unit j, and w_ij its last value,
///
///     raw_i   = sum_j v_ij |w_ij|
///     score_i = (raw_i - min raw) / (max raw - min raw)
///
/// Scores are comparable only between inputs on one scale: standardise the inputs. They describe
/// what the weights did, not why: correlated inputs share or swap their scores, and weights that
/// keep moving without need (weight decay, training on into the noise) raise their inputs' scores.
///
/// A value below the least number of Scalar is 0: the variance of weights of about 1e-161 (1e-22 in
/// a float state), and the raw score of weights of about 1e-105.
///
/// Memory: two Scalars per weight and one double per feature (long double if Scalar is that), with
/// one more for every 32 units if a feature's weights are not contiguous; in the memory order of
/// the first weights seen. The hook keeps no copy of the weights and no pointer to them.
/// An observation reads the weights twice (finite check, update), and reads and writes the state
/// once. It allocates nothing after the first, or the first since loading. Weights in the other
/// memory order take longer.
///
/// Messages count epochs from 1, features and units from 0. As with any standard container, the
/// caller must synchronise a thread that reads with a thread that observes.
///
/// \tparam Scalar  type of the state: double, float or long double; the weights' type is free.
template <typename Scalar>
class VarianceImportance : detail::RefusesBareWeights {
 public:
  /// Of means and variances, features x units.
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using Index = Eigen::Index;  ///< of counts and indices

  /// A raw score is a sum over the units, and each term depends on one weight. So if a layer is
  /// split over processes, each can observe its part (see importance_hook.hpp).
  static constexpr bool additive_over_units = true;

  /// And a feature's score does not depend on the other features.
  static constexpr bool independent_over_features = true;

  VarianceImportance() = default;

  /// \throws std::invalid_argument if max_epochs leaves fewer than two observations.
  explicit VarianceImportance(VarianceImportanceOptions options) : options_(options) {
    detail::require_two_observations(options, name);
  }

  /// Starts a new run with the weights before training. Optional: it fixes and checks the shape
  /// before an epoch is spent. The weights are not an observation unless observe_initial_weights is
  /// set.
  ///
  /// The first call after loading checks the weights but continues the saved run. So a program may
  /// load a checkpoint, if any, and then start as usual. To start a new run, call reset() first.
  /// \throws std::invalid_argument if there are no weights, one is not finite, or the shape is not
  ///         that of the saved run; nothing is changed.
  template <typename Stored>
  void on_train_begin(const WeightView<Stored>& weights) {
    begin(Weights(weights.expression()));
  }

  /// The hook: observes the weights at the end of an epoch, or of any other fixed interval of
  /// training. The first call fixes the shape unless on_train_begin() did.
  /// \throws std::invalid_argument if the shape differs from the first, there are no weights, or
  ///         one is not finite in Scalar; nothing is changed.
  /// \throws std::logic_error if observe_initial_weights is set and there were no initial weights.
  template <typename Stored>
  void on_epoch_end(const WeightView<Stored>& weights) {
    end_epoch(Weights(weights.expression()));
  }

  using RefusesBareWeights::on_epoch_end;
  using RefusesBareWeights::on_train_begin;

  /// Resets to a new hook with the same options.
  void reset() { *this = VarianceImportance(options_); }

  /// Optional: checks that there is something to score. Observation may continue afterwards.
  /// \throws std::logic_error if there were fewer than two observations.
  void on_train_end() const {
    detail::require_observations(2, state_->count(), name, "on_train_end()");
  }

  /// Number of features; 0 until the shape is fixed.
  Index features() const noexcept { return state_->layer().features(); }

  /// Number of units; 0 until the shape is fixed.
  Index units() const noexcept { return state_->layer().units(); }

  /// Number of epochs that on_epoch_end() has taken in, including those after max_epochs. The
  /// initial weights are not an epoch, even if they are an observation.
  std::int64_t epochs() const noexcept { return epochs_; }

  /// raw_i of every feature, in units of a weight cubed (squared for the variance alone). May be
  /// read after every epoch, at the cost of a division per feature.
  /// \throws std::logic_error if there were fewer than two observations.
  /// \throws std::overflow_error if one exceeds the range of the state or of double.
  Eigen::VectorXd raw_scores() const {
    detail::require_observations(2, state_->count(), name, "a score");
    const auto degrees_of_freedom = static_cast<detail::SumOf<Scalar>>(state_->count() - 1);
    return detail::finite_raw_scores(
        features(), [&](Index i) { return state_->sums()[i] / degrees_of_freedom; }, name,
        epochs());
  }

  /// score_i of every feature: raw_scores() after min_max_normalize().
  /// \throws std::logic_error and std::overflow_error as raw_scores() does.
  Eigen::VectorXd scores() const { return detail::min_max(raw_scores()); }

  /// Mean of every weight, features x units; 0 x 0 before the first observation.
  Array weight_mean() const { return state_->mean(); }

  /// Sample variance of every weight, features x units; 0 x 0 before the first observation, and NaN
  /// before the second.
  Array weight_variance() const { return state_->variance(); }

  /// Type and options in words: hooks with equal settings measure the same.
  std::string settings() const {
    return detail::concat("viann::VarianceImportance<", detail::name_of_scalar<Scalar>(), "> (",
                          detail::words_of(options_), ")");
  }

  /// Whether both have the same options and, bit for bit, the same state in the same memory order.
  friend bool operator==(const VarianceImportance& a, const VarianceImportance& b) {
    return a.options_ == b.options_ && a.epochs() == b.epochs() &&
           a.state_.value() == b.state_.value();
  }
  /// Whether they differ in any of these.
  friend bool operator!=(const VarianceImportance& a, const VarianceImportance& b) {
    return !(a == b);
  }

  /// Saves or loads options and state, for viann::save() and load(), Boost.Serialization or cereal.
  /// A run that continues from a checkpoint ends bit for bit as if it had not been interrupted.
  /// \throws std::runtime_error if the loaded data is no such hook of Scalar, or is damaged;
  ///         nothing is changed.
  /// \throws std::overflow_error if a value to be saved is not finite; nothing is written.
  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    detail::archive_object<Scalar>(
        archive, *this, name, [](VarianceImportance& hook, auto& state) { hook.transfer(state); });
  }

 private:
  static constexpr const char* name = "VarianceImportance";  // in messages
  using Weights = detail::WeightSource<Scalar>;

  void begin(const Weights& weights) {
    if (is_loaded_) {
      state_->layer().require_valid(weights, name, 0);
      is_loaded_ = false;
      return;
    }
    VarianceImportance fresh(options_);
    fresh.state_->layer().require_valid(weights, name, 0);
    fresh.state_->fix_shape(weights);
    if (options_.observe_initial_weights) fresh.state_->observe(weights, options_.combination);
    *this = std::move(fresh);
  }

  void end_epoch(const Weights& weights) {
    if (options_.observe_initial_weights && state_->count() == 0) {
      throw std::logic_error(
          "viann::VarianceImportance: observe_initial_weights is set; call on_train_begin() with "
          "the weights before training first.");
    }
    state_->layer().require_valid(weights, name, epochs() + 1);
    if (epochs() < options_.max_epochs) state_->observe(weights, options_.combination);
    ++epochs_.value();
    is_loaded_ = false;
  }

  template <class Archive>
  void transfer(Archive& archive) {
    detail::archive_options(archive, options_);
    archive& epochs_.value();
    archive.ensure(detail::is_count(epochs()));
    state_->transfer(archive);
    if constexpr (Archive::is_loading::value) is_loaded_ = features() > 0;
    const bool has_initial = options_.observe_initial_weights && state_->count() > 0;
    archive.ensure(state_->count() ==
                   (std::min)(epochs(), options_.max_epochs) + (has_initial ? 1 : 0));
  }

  detail::ResetOnMove<detail::LayerVariance<Scalar>> state_;
  detail::ResetOnMove<std::int64_t> epochs_;
  detail::ResetOnMove<bool> is_loaded_;  // and has not continued yet
  VarianceImportanceOptions options_;
};

}  // namespace viann
