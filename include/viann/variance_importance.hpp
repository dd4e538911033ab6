// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "viann/detail/layer/layer_variance.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/statistics/min_max.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"
#include "viann/weight_view.hpp"

namespace viann {

/// The terms that a feature's raw score sums over the units: a weight w has the running variance v.
enum class ScoreCombination {
  VarianceTimesMagnitude,  ///< v * |w|, the paper's
  Variance,                ///< v alone, for embeddings: a token's vector has no natural zero
};

/// The options of VarianceImportance.
struct VarianceImportanceOptions {
  /// What a raw score sums over the units.
  ScoreCombination combination = ScoreCombination::VarianceTimesMagnitude;

  /// Whether the weights given to on_train_begin() are the first observation. The paper's
  /// implementation does not count them. If true, on_train_begin() is no longer optional.
  bool observe_initial_weights = false;

  /// The hook observes only the first max_epochs epochs; the scores then stay the same. All epochs,
  /// the default, repeat the paper; 5 are right more often (average precision .80, not .65, in
  /// tests/benchmarks), because weights keep moving when there is little left to learn.
  std::int64_t max_epochs = (std::numeric_limits<std::int64_t>::max)();

  /// Whether all options are the same.
  friend bool operator==(const VarianceImportanceOptions& a, const VarianceImportanceOptions& b) {
    return a.combination == b.combination &&
           a.observe_initial_weights == b.observe_initial_weights && a.max_epochs == b.max_epochs;
  }
};

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
/// Memory: two Scalars per weight and one double per feature (long double if Scalar is that), in
/// the memory order of the first weights seen; weights in the other order take longer. The hook
/// keeps no copy of the weights and no pointer to them. An observation reads the weights twice
/// (finite check, update), and reads and writes the state once. It allocates nothing after the
/// first, or the first since loading.
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

  VarianceImportance() = default;

  /// \throws std::invalid_argument if max_epochs leaves fewer than two observations.
  explicit VarianceImportance(VarianceImportanceOptions options) : options_(options) {
    if (leaves_two_observations()) return;
    throw std::invalid_argument(
        detail::concat("viann::VarianceImportance: max_epochs is ", options.max_epochs,
                       ", but a variance takes at least two observations; raise it."));
  }

  /// Starts a new run with the weights before training. Optional: it fixes and checks the shape
  /// before an epoch is spent. The weights are not an observation unless observe_initial_weights is
  /// set.
  ///
  /// The first call after loading checks the weights but continues the saved run. So a program may
  /// load a checkpoint, if any, and then start as usual. To start a new run, call reset() first.
  /// That the network is the one of the checkpoint cannot be checked: load both as saved together.
  /// \throws std::invalid_argument if there are no weights, one is not finite, or the shape is not
  ///         that of the saved run; nothing is changed.
  void on_train_begin(const WeightView& weights) { begin(Weights(weights.memory())); }

  /// The hook: observes the weights at the end of an epoch, or of any other fixed interval of
  /// training. The first call fixes the shape unless on_train_begin() did.
  /// \throws std::invalid_argument if the shape differs from the first, there are no weights, or
  ///         one is not finite in Scalar; nothing is changed.
  /// \throws std::logic_error if observe_initial_weights is set and there were no initial weights.
  void on_epoch_end(const WeightView& weights) { end_epoch(Weights(weights.memory())); }

  using RefusesBareWeights::on_epoch_end;
  using RefusesBareWeights::on_train_begin;

  /// The options that the hook was made with.
  const VarianceImportanceOptions& options() const noexcept { return options_; }

  /// Resets to a new hook with the same options.
  void reset() { *this = VarianceImportance(options_); }

  /// Optional: checks that there is something to score. Observation may continue afterwards.
  /// \throws std::logic_error if there were fewer than two observations.
  void on_train_end() const { require_two_observations("on_train_end()"); }

  /// Number of features; 0 until the shape is fixed.
  Index features() const noexcept { return state().layer().features(); }

  /// Number of units; 0 until the shape is fixed.
  Index units() const noexcept { return state().layer().units(); }

  /// Number of epochs that on_epoch_end() has taken in, including those after max_epochs. The
  /// initial weights are not an epoch, even if they are an observation.
  std::int64_t epochs() const noexcept { return run_->epochs; }

  /// raw_i of every feature, in units of a weight cubed (squared for the variance alone). May be
  /// read after every epoch, at the cost of a division per feature.
  /// \throws std::logic_error if there were fewer than two observations.
  /// \throws std::overflow_error if one exceeds the range of the state or of double.
  Eigen::VectorXd raw_scores() const {
    require_two_observations("a score");
    const auto degrees_of_freedom = static_cast<detail::SumOf<Scalar>>(state().count() - 1);
    return detail::finite_raw_scores(
        features(), [&](Index i) { return state().sums()[i] / degrees_of_freedom; }, name,
        epochs());
  }

  /// score_i of every feature: raw_scores() after min_max_normalize().
  /// \throws std::logic_error and std::overflow_error as raw_scores() does.
  Eigen::VectorXd scores() const { return detail::min_max(raw_scores()); }

  /// Mean of every weight, features x units; 0 x 0 before the first observation.
  Array weight_mean() const { return state().mean(); }

  /// Sample variance of every weight, features x units; 0 x 0 before the first observation, and NaN
  /// before the second.
  Array weight_variance() const { return state().variance(); }

  /// Whether both have the same options and, bit for bit, the same state in the same memory order.
  friend bool operator==(const VarianceImportance& a, const VarianceImportance& b) {
    return a.options_ == b.options_ && a.run_.value() == b.run_.value();
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
    detail::archive_object<Scalar>(archive, *this, name,
                                   [](auto& hook, auto& state) { hook.transfer(state); });
  }

 private:
  static constexpr const char* name = "VarianceImportance";  // in messages
  using State = detail::LayerVariance<Scalar>;
  using Weights = typename State::Weights;

  const State& state() const { return run_->state; }

  void begin(const Weights& weights) {
    run_->begin(weights, name, [&](State& state) {
      state.start(weights);
      if (options_.observe_initial_weights) state.observe(weights, with_magnitude());
    });
  }

  void end_epoch(const Weights& weights) {
    if (options_.observe_initial_weights && state().count() == 0) {
      throw std::logic_error(
          "viann::VarianceImportance: observe_initial_weights is set; call on_train_begin() with "
          "the weights before training first.");
    }
    run_->end_epoch(weights, nullptr, name, [&](State& state, std::int64_t epoch) {
      if (epoch <= options_.max_epochs) state.observe(weights, with_magnitude());
    });
  }

  bool with_magnitude() const {
    return options_.combination == ScoreCombination::VarianceTimesMagnitude;
  }

  void require_two_observations(const char* what) const {
    detail::require_observations(2, state().count(), name, what);
  }

  bool leaves_two_observations() const {
    return options_.max_epochs >= (options_.observe_initial_weights ? 1 : 2);
  }

  template <class Archive>
  void transfer(Archive& archive) {
    auto combination = static_cast<std::int32_t>(options_.combination);
    archive& combination& options_.observe_initial_weights& options_.max_epochs;
    archive.ensure(combination == static_cast<int>(ScoreCombination::VarianceTimesMagnitude) ||
                   combination == static_cast<int>(ScoreCombination::Variance));
    if constexpr (Archive::is_loading::value) {
      options_.combination = static_cast<ScoreCombination>(combination);
    }
    run_->transfer(archive);
    const bool has_initial = options_.observe_initial_weights && state().count() > 0;
    archive.ensure(leaves_two_observations() &&
                   state().count() ==
                       (std::min)(epochs(), options_.max_epochs) + (has_initial ? 1 : 0));
  }

  detail::ResetOnMove<detail::LifeCycle<State>> run_;
  VarianceImportanceOptions options_;
};

}  // namespace viann
