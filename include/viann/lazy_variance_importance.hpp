// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/lazy_layer_variance.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/statistics/min_max.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/fwd.hpp"
#include "viann/variance_options.hpp"
#include "viann/weight_view.hpp"

namespace viann {

/// VarianceImportance for layers that are too large to sweep, where an epoch moves the weights of
/// few features: embedding tables and wide sparse layers. The caller names these features, and the
/// hook observes only these.
///
/// ```cpp
/// #include <iostream>
/// #include <vector>
/// #include <viann/lazy_variance_importance.hpp>
///
/// int main() {
///   Eigen::MatrixXd table = Eigen::MatrixXd::Random(1000, 8);  // 1000 tokens, 8 dimensions
///   viann::LazyVarianceImportance<> importance;
///   importance.on_train_begin(viann::features_by_units(table));
///   for (int step = 0; step < 10; ++step) {
///     const std::vector<int> tokens = {2, 3};  // those of a batch
///     table.row(2) *= 1.1;                     // training, which here moves one of them
///     importance.on_epoch_end(viann::features_by_units(table), tokens);
///   }
///   std::cout << importance.scores().head(4) << "\n";  // 0 0 1 0
/// }
/// ```
///
/// The scores equal those of VarianceImportance for the whole table, up to rounding: a weight that
/// does not move is an observation, too. Suppose a weight x has been observed c times, with the
/// mean m and the sum of squared deviations M2, and then stays x for k epochs. Merging these
/// (T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37(3), 1983) gives
///
///     M2 += (x - m)^2 c k / (c + k),    m += (x - m) k / (c + k)
///
/// The hook merges when the feature is next touched. The score of an untouched feature needs only
/// two sums over its units: the sum of M2 |x| and the sum of (x - m)^2 |x|.
///
/// Every feature whose weights have moved must be named; otherwise it counts as unmoved until it
/// is. So the optimizer must leave the others alone: no weight decay, momentum or Adam on all rows.
///
/// Memory: three Scalars per weight (x, m and M2), and per feature two doubles (long doubles if
/// Scalar is that), a count and an index. The weights of a feature are contiguous in the state,
/// whatever the table's memory order. Reading the table costs least if it is features x units,
/// row-major. After the first call, an observation reads the touched features' weights twice and
/// their state once, writes their state, and allocates nothing unless it gets more indices than
/// there are features. It runs in one thread. Scores take a few operations per feature.
///
/// \tparam Scalar  type of the state: double, float or long double; the weights' type is free.
template <typename Scalar>
class LazyVarianceImportance : detail::RefusesBareWeights {
 public:
  using Index = Eigen::Index;  ///< of counts and indices

  /// As in VarianceImportance: if a layer is split over processes, each can observe its part.
  static constexpr bool additive_over_units = true;

  /// And a feature's score does not depend on the other features.
  static constexpr bool independent_over_features = true;

  LazyVarianceImportance() = default;

  /// \throws std::invalid_argument if max_epochs leaves fewer than two observations.
  explicit LazyVarianceImportance(VarianceImportanceOptions options) : options_(options) {
    detail::require_two_observations(options, name);
  }

  /// Starts a new run with the weights of all features before training; untouched features keep
  /// these values. The weights are not an observation unless observe_initial_weights is set. The
  /// first call after loading continues the saved run, as in VarianceImportance.
  /// \throws as VarianceImportance::on_train_begin().
  template <typename Stored>
  void on_train_begin(const WeightView<Stored>& weights) {
    begin(Weights(weights.features_by_units()), 0);
  }

  /// The hook: observes the weights at the end of an epoch, or of a step, in which only those of
  /// the features `touched` may have changed.
  /// \param weights  the weights of all features
  /// \param touched  a range of integers, in any order; repeated ones count once. It is read once,
  ///                 before anything changes.
  /// \throws std::logic_error if no call has passed all features' weights yet.
  /// \throws std::invalid_argument if the shape differs from the first, an index is not that of a
  ///         feature, or a touched feature's weight is not finite in Scalar; nothing is changed.
  template <typename Stored, typename Indices>
  void on_epoch_end(const WeightView<Stored>& weights, Indices&& touched) {
    if (!layer().known()) {
      throw std::logic_error(
          "viann::LazyVarianceImportance: the weights of untouched features are not known; call "
          "on_train_begin() with those of all features first.");
    }
    std::vector<Index>& features = state_->touched();
    features.clear();
    for (const auto& feature : touched) {
      using Number = std::decay_t<decltype(feature)>;
      static_assert(std::is_integral_v<Number> && !std::is_same_v<Number, bool>,
                    "viann: touched features are given by their indices, which are integers; a "
                    "mask of booleans is something else.");
      features.push_back(static_cast<Index>(feature));
    }
    take_in(Weights(weights.features_by_units()), static_cast<Index>(features.size()),
            [&](Index i) { return features[static_cast<std::size_t>(i)]; });
  }

  /// The same when all features' weights may have changed. The first call fixes the shape unless
  /// on_train_begin() did.
  /// \throws as VarianceImportance::on_epoch_end().
  template <typename Stored>
  void on_epoch_end(const WeightView<Stored>& weights) {
    const Weights all(weights.features_by_units());
    if (!layer().known()) {
      if (options_.observe_initial_weights) {
        throw std::logic_error(
            "viann::LazyVarianceImportance: observe_initial_weights is set; call on_train_begin() "
            "with the weights before training first.");
      }
      begin(all, 1);
    }
    take_in(all, features(), [](Index feature) { return feature; });
  }

  /// Refuses weights without an axis: the compiler's message says what to write.
  template <typename Other, typename Indices>
  void on_epoch_end(const Other& /*weights*/, Indices&& /*touched*/) {
    detail::refuse_weights_without_axis<Other>();
  }
  using RefusesBareWeights::on_epoch_end;
  using RefusesBareWeights::on_train_begin;

  /// Resets to a new hook with the same options.
  void reset() { *this = LazyVarianceImportance(options_); }

  /// Optional: checks that there is something to score. Observation may continue afterwards.
  /// \throws std::logic_error if there were fewer than two observations.
  void on_train_end() const {
    detail::require_observations(2, observations(), name, "on_train_end()");
  }

  /// Number of features; 0 until the shape is fixed.
  Index features() const { return layer().features(); }

  /// Number of units; 0 until the shape is fixed.
  Index units() const { return layer().units(); }

  /// Number of epochs that on_epoch_end() has taken in, as in VarianceImportance.
  std::int64_t epochs() const { return epochs_; }

  /// Same as VarianceImportance::raw_scores(), with the same errors.
  Eigen::VectorXd raw_scores() const {
    detail::require_observations(2, observations(), name, "a score");
    const std::int64_t n = observations();
    return detail::finite_raw_scores(
        features(), [&](Index i) { return state_->sum(i, n) / static_cast<Sum>(n - 1); }, name,
        epochs());
  }

  /// raw_scores() after min_max_normalize(); throws what these throw.
  Eigen::VectorXd scores() const { return detail::min_max(raw_scores()); }

  /// Type and options in words: hooks with equal settings measure the same.
  std::string settings() const {
    return detail::concat("viann::LazyVarianceImportance<", detail::name_of_scalar<Scalar>(), "> (",
                          detail::words_of(options_), ")");
  }

  /// Whether both have the same options and, bit for bit, the same state.
  friend bool operator==(const LazyVarianceImportance& a, const LazyVarianceImportance& b) {
    return a.options_ == b.options_ && a.epochs() == b.epochs() &&
           a.state_.value() == b.state_.value();
  }
  /// The opposite of ==.
  friend bool operator!=(const LazyVarianceImportance& a, const LazyVarianceImportance& b) {
    return !(a == b);
  }

  /// Saves or loads options and state, with archives of Boost.Serialization or cereal. A run that
  /// continues from a checkpoint ends bit for bit as if it had not been interrupted.
  /// \throws std::runtime_error if the loaded data is no such hook of Scalar, or is damaged;
  ///         nothing is changed.
  /// \throws std::overflow_error if a value to be saved is not finite; nothing is written.
  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    detail::archive_object<Scalar>(
        archive, *this, name,
        [](LazyVarianceImportance& hook, auto& state) { return hook.transfer(state); });
  }

 private:
  using Sum = detail::SumOf<Scalar>;
  using Weights = detail::WeightSource<Scalar>;
  static constexpr const char* name = "LazyVarianceImportance";  // in messages

  const detail::Layer& layer() const { return state_->layer(); }

  // Observations of every feature, whether made or pending.
  std::int64_t observations() const {
    const bool has_initial = options_.observe_initial_weights && layer().known();
    return (std::min)(epochs(), options_.max_epochs) + (has_initial ? 1 : 0);
  }

  void begin(const Weights& weights, std::int64_t epoch) {
    if (is_loaded_) {
      layer().require_valid(weights, name, epoch);
      is_loaded_ = false;
      return;
    }
    LazyVarianceImportance fresh(options_);
    fresh.layer().require_valid(weights, name, epoch);
    fresh.state_->start(weights);
    *this = std::move(fresh);
  }

  // touched(i) is the index of the i-th of `count` features. Checks all, then observes all.
  template <typename Touched>
  void take_in(const Weights& weights, Index count, const Touched& touched) {
    layer().check_shape(weights.features(), weights.units(), name, epochs() + 1);
    for (Index i = 0; i < count; ++i) {
      const Index feature = touched(i);
      if (feature < 0 || feature >= features()) {
        layer().refuse(
            name, epochs() + 1,
            detail::concat("there is no feature ", feature, " among ", features(),
                           "; touched features are indices from 0 to ", features() - 1, "."));
      }
      if (!weights.all_finite(feature)) {
        layer().refuse_non_finite(weights.first_non_finite(feature), name, epochs() + 1);
      }
    }
    if (epochs() < options_.max_epochs) {
      const std::int64_t n = observations();
      constexpr Index ahead = 16;  // how many features ahead memory is prefetched
      for (Index i = -ahead; i < count; ++i) {
        if (i + ahead < count) state_->prefetch(touched(i + ahead));
        if (i >= 0) state_->observe(touched(i), weights, n, options_.combination);
      }
    }
    ++epochs_.value();
    is_loaded_ = false;
  }

  template <class Archive>
  bool transfer(Archive& archive) {
    const bool are_options = detail::archive_options(archive, options_);
    archive& epochs_.value();
    if (!are_options || !detail::is_count(epochs()) || !state_->transfer_layer(archive)) {
      return false;
    }
    if constexpr (Archive::is_loading::value) is_loaded_ = features() > 0;
    return features() == 0 ? epochs() == 0 : state_->transfer(archive, observations());
  }

  detail::ResetOnMove<detail::LazyLayerVariance<Scalar>> state_;
  detail::ResetOnMove<std::int64_t> epochs_;
  detail::ResetOnMove<bool> is_loaded_;  // and has not continued yet
  VarianceImportanceOptions options_;
};

}  // namespace viann
