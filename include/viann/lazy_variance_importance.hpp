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

/// VarianceImportance for layers too large to sweep, of which an epoch moves few features' weights:
/// embedding tables and wide sparse layers. It is told which, and takes in only these.
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
/// The scores are those that VarianceImportance gives for the whole table, up to rounding: a weight
/// that does not move is an observation, too. Let a weight x have been observed c times, with the
/// mean m and the sum of squared deviations M2, when k epochs pass in which it stays x. Merged
/// (T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37(3), 1983), they make
///
///     M2 += (x - m)^2 c k / (c + k),    m += (x - m) k / (c + k)
///
/// which is done when the feature is next touched. For the score of an untouched feature two sums
/// over its units suffice, that of M2 |x| and that of (x - m)^2 |x|.
///
/// A feature whose weights have moved must be named; else it counts as unmoved until it is. That
/// takes an optimizer that leaves the others alone: no weight decay, momentum or Adam on all rows.
///
/// Memory: three Scalars per weight (x, m and M2) and two doubles (long doubles if Scalar is), a
/// count and an index per feature. The weights of a feature lie side by side, whatever the table's
/// memory order; in the order features x units, row-major, reading the table costs least. After the
/// first call an observation reads the touched features' weights twice and their state once, writes
/// their state, and allocates nothing unless it is told more indices than there are features; it
/// runs in one thread. Scores take a few operations per feature.
///
/// \tparam Scalar  type of the state: double, float or long double; the weights' type is free.
template <typename Scalar>
class LazyVarianceImportance : detail::RefusesBareWeights {
 public:
  using Index = Eigen::Index;

  /// As in VarianceImportance: of a layer that is split over processes, each can observe its part.
  static constexpr bool additive_over_units = true;
  static constexpr bool independent_over_features = true;

  LazyVarianceImportance() = default;

  /// \throws std::invalid_argument if max_epochs leaves fewer than two observations.
  explicit LazyVarianceImportance(VarianceImportanceOptions options) : options_(options) {
    detail::require_two_observations(options, name);
  }

  /// Starts afresh with the weights of all features before training, the values of those that are
  /// not touched. They are no observation unless the options say so. The first call after loading
  /// goes on with the run that was saved, as in VarianceImportance.
  /// \throws as VarianceImportance::on_train_begin().
  template <typename Stored>
  void on_train_begin(const WeightView<Stored>& weights) {
    begin(Weights(weights.features_by_units()), 0);
  }

  /// The hook: observes the weights at the end of an epoch, or of a step, after which only those of
  /// the features `touched` may have changed.
  /// \param weights  of all features
  /// \param touched  a range of integers, in any order; repeated ones count once. It is read once,
  ///                 before anything changes.
  /// \throws std::logic_error if no call has told all features' weights yet.
  /// \throws std::invalid_argument if the shape differs from the first, or an index is none of a
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
                    "viann: touched features are said by their indices, which are integers; a "
                    "mask of booleans says something else.");
      features.push_back(static_cast<Index>(feature));
    }
    take_in(Weights(weights.features_by_units()), static_cast<Index>(features.size()),
            [&](Index i) { return features[static_cast<std::size_t>(i)]; });
  }

  /// The same if all features' weights may have changed. The first call fixes the shape unless
  /// on_train_begin() did.
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

  template <typename Other, typename Indices>
  void on_epoch_end(const Other& /*weights*/, Indices&& /*touched*/) {
    detail::refuse_weights_without_axis<Other>();
  }
  using RefusesBareWeights::on_epoch_end;
  using RefusesBareWeights::on_train_begin;

  /// Back to a new hook with the same options.
  void reset() { *this = LazyVarianceImportance(options_); }

  /// Optional: checks that there is something to score. Observing may go on afterwards.
  /// \throws std::logic_error if there were fewer than two observations.
  void on_train_end() const {
    detail::require_observations(2, observations(), name, "on_train_end()");
  }

  /// Shape of the layer; 0 until it is fixed.
  Index features() const { return layer().features(); }
  Index units() const { return layer().units(); }

  /// Number of epochs that on_epoch_end() has taken in, as in VarianceImportance.
  std::int64_t epochs() const { return epochs_; }

  /// As VarianceImportance::raw_scores(), and with its errors.
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
  friend bool operator!=(const LazyVarianceImportance& a, const LazyVarianceImportance& b) {
    return !(a == b);
  }

  /// Saves or loads options and state: archives of Boost.Serialization or cereal. A run that goes
  /// on from there ends as if it had not been interrupted, to the bit.
  /// \throws std::runtime_error if what is loaded is no such hook of Scalar, or damaged; nothing is
  ///         changed.
  /// \throws std::overflow_error if what is to be saved is not finite; nothing is written.
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

  // touched(i) is the index of the i-th of `count` features. Checks all, and then takes in all.
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
      constexpr Index ahead = 16;  // features whose memory, which is far away, is under way
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
  detail::ResetOnMove<bool> is_loaded_;  // and has not gone on yet
  VarianceImportanceOptions options_;
};

}  // namespace viann
