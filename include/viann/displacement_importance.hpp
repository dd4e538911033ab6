// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/layer/layer_displacement.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/layer/movement_directions.hpp"
#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/statistics/log_time_mean.hpp"
#include "viann/detail/statistics/min_max.hpp"
#include "viann/detail/statistics/shares.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/displacement_options.hpp"
#include "viann/fwd.hpp"
#include "viann/weight_view.hpp"

namespace viann {

/// Measures which inputs a network relies on, from how far its first layer's weights have moved
/// from their start, apart from weight decay.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/displacement_importance.hpp>
///
/// int main() {
///   Eigen::MatrixXd weights = Eigen::MatrixXd::Random(4, 32);  // 4 features, 32 units
///   viann::DisplacementImportance<> importance;
///   importance.on_train_begin(viann::features_by_units(weights));
///   for (int epoch = 0; epoch < 10; ++epoch) {
///     weights *= 0.99;                                         // weight decay moves all weights;
///     weights.row(2) += 0.1 * Eigen::RowVectorXd::Random(32);  // training, here, feature 2 alone
///     importance.on_epoch_end(viann::features_by_units(weights));
///   }
///   std::cout << importance.scores() << "\n";  // 0 0 1 0
/// }
/// ```
///
/// Let w_i(t) be the weights of feature i after epoch t (0: before training), |.|^2 their sum of
/// squares over the units, T the last epoch, and nz(x) = x / sum(x) over the features:
///
///     D_i(t)  = residual of w_i(t) - w_i(0) after least-squares regression, over the units,
///               on { w_i(0), sign w_i(0) }
///     L_i     = sum_{t=1..T} nz_i(|D(t)|^2) / t  /  sum_{t=1..T} 1/t
///     raw_i   = sqrt(L_i nz_i(|w(T)|^2))
///
/// raw_i is the geometric mean of two shares: the feature's share of all movement, averaged over
/// the logarithm of time, and its share of the final weights. The regression removes what weight
/// decay alone may have done to a feature without gradient: decay in proportion to the weight (SGD
/// with L2, AdamW) moves it along w(0), Adam with L2 in its gradient moves it along sign w(0).
///
/// weigh_directions weights both shares by the directions, over the units, in which the weights of
/// all features move together. The information in an input moves its weights along the few
/// directions that later layers use. Noise moves weights along all directions. These are measured
/// after some epochs s = 1, 2, 3, 5, 8, 12, 18, 27, 41, ... (the next is the first that is at least
/// 1.5 s). With H(t) = 1 + 1/2 + ... + 1/t, and s' the epoch measured before s:
///
///     C(s)    = D(s)' D(s) / |D(s)|^2                                     (units x units)
///     L_i     = sum_s (H(s) - H(s')) nz_i(D_i(s) C(s) D_i(s)')  /  sum_s (H(s) - H(s'))
///     C       = sum_s (H(s) - H(s')) C(s)
///     a_i     = w_i(s) C w_i(s)' / |w_i(s)|^2                             (s: the last until T)
///     raw_i   = sqrt(L_i nz_i(a_i |w(T)|^2))
///
/// A feature with w_i(s) = 0 gets the mean a of the others. Epochs before the first movement are
/// not measured.
///
/// The score is viann's own. The idea that the weights of an important input move comes from VIANN
/// (see VarianceImportance). Pruning has shown that the movement since the start and the final size
/// indicate which weights matter (H. Zhou, J. Lan, R. Liu, J. Yosinski, Deconstructing Lottery
/// Tickets, NeurIPS 2019, for single weights).
///
/// Limits:
/// - The regression also removes two of units() dimensions from real movement. With few units that
///   costs more than decay does. So below 16 units there is no regression: D_i(t) = w_i(t) -
///   w_i(0), and removes_decay() returns false.
/// - Correlated inputs share or swap their scores; where the labels are noise, they rank below
///   independent ones.
/// - It agrees only moderately with permutation importance.
/// - Scores are comparable only between inputs on one scale: standardise the inputs.
///
/// Rounding: a feature that only decays gets 0, or a score from the rounding of its weights to
/// their type or to a float state. A |D|^2 below units() * epsilon * |w(t) - w(0)|^2 cannot be told
/// from rounding and counts as 0 (epsilon of double, or of long double if Scalar is that). Squares
/// must be in that type's range: decay is not removed if initial weights are below about 1e-155,
/// and all scores are 0 below 1e-162.
///
/// Memory: one Scalar per weight for w(0), in the memory order of the first weights seen, and
/// eleven doubles per feature (long doubles if Scalar is that), with four more for every 32 units
/// if a feature's weights are not contiguous. weigh_directions adds 2 units^2 doubles, 16 MiB at
/// most. The hook keeps no pointer to the weights. An observation reads the weights twice (finite
/// check, update) and w(0) once, writes nothing of that size and allocates nothing; weights in the
/// other memory order take longer. In the epochs s it takes 3 features units^2 operations more, in
/// one thread, and reads the weights three times more.
///
/// Messages count epochs from 1, features and units from 0. As with any standard container, the
/// caller must synchronise a thread that reads with a thread that observes.
///
/// \tparam Scalar  type of the state: double, float or long double; the weights' type is free.
template <typename Scalar>
class DisplacementImportance : detail::RefusesBareWeights {
 public:
  using Index = Eigen::Index;  ///< of counts and indices

  /// With fewer units, weight decay is not removed.
  static constexpr Index min_units_without_decay = 16;

  /// With more units, directions are not weighed: the matrix C would take more than 8 MiB.
  static constexpr Index max_units_with_directions = 1024;

  DisplacementImportance() = default;

  /// A new hook with these options.
  explicit DisplacementImportance(DisplacementImportanceOptions options) : options_(options) {}

  /// Starts a new run with the weights before training. Required: displacement is measured from
  /// these weights.
  ///
  /// The first call after loading checks the weights but continues the saved run, whose
  /// displacement is still measured from its own start. To start a new run, call reset() first.
  /// \throws std::invalid_argument if there are no weights, one is not finite in Scalar, or the
  ///         shape is not that of the saved run; nothing is changed.
  template <typename Stored>
  void on_train_begin(const WeightView<Stored>& weights) {
    begin(Weights(weights.expression()));
  }

  /// The hook: observes the weights at the end of an epoch, or of any other fixed interval of
  /// training.
  /// \throws std::logic_error if there was no on_train_begin().
  /// \throws std::invalid_argument if the shape differs from the first, there are no weights, or
  ///         one is not finite in Scalar; nothing is changed.
  template <typename Stored>
  void on_epoch_end(const WeightView<Stored>& weights) {
    end_epoch(Weights(weights.expression()));
  }

  using RefusesBareWeights::on_epoch_end;
  using RefusesBareWeights::on_train_begin;

  /// Resets to a new hook with the same options.
  void reset() { *this = DisplacementImportance(options_); }

  /// Optional: checks that there is something to score. Observation may continue afterwards.
  /// \throws std::logic_error if no epoch was observed.
  void on_train_end() const { detail::require_observations(1, epochs(), name, "on_train_end()"); }

  /// Number of features; 0 before on_train_begin().
  Index features() const { return state_->displacement.layer().features(); }

  /// Number of units; 0 before on_train_begin().
  Index units() const { return state_->displacement.layer().units(); }

  /// Number of epochs observed; the weights before training do not count.
  std::int64_t epochs() const { return epochs_; }

  /// Whether weight decay is removed: the option is set and there are enough units.
  bool removes_decay() const { return options_.remove_decay && units() >= min_units_without_decay; }

  /// Whether directions are weighed: the option is set and there are not too many units. False
  /// before on_train_begin().
  bool weighs_directions() const { return state_->directions.measures(); }

  /// raw_i of every feature, from 0 (never moved, or ended at 0) to 1; all 0 if nothing has moved.
  /// May be read after every epoch, the first included.
  /// \throws std::logic_error if no epoch was observed.
  /// \throws std::overflow_error if a feature's |w(T)|^2, or its |D|^2 in any sum above, exceeds
  ///         the range of double (of long double if Scalar is that).
  Eigen::VectorXd raw_scores() const {
    detail::require_observations(1, epochs(), name, "a score");
    std::vector<Sum> magnitude(state_->directions.alignment(),
                               state_->directions.alignment() + features());
    for (std::size_t i = 0; i < magnitude.size(); ++i) {
      magnitude[i] *= state_->displacement.magnitude()[i];
    }
    const detail::Shares<Sum> final_share(magnitude.data(), features());
    return detail::finite_raw_scores(
        features(), [&](Index i) { return std::sqrt(state_->movement(i) * final_share(i)); }, name,
        epochs());
  }

  /// raw_scores() after min_max_normalize(), on the scale of every hook; throws what these throw.
  Eigen::VectorXd scores() const { return detail::min_max(raw_scores()); }

  /// Whether both have the same options and, bit for bit, the same state in the same memory order.
  friend bool operator==(const DisplacementImportance& a, const DisplacementImportance& b) {
    return a.options_ == b.options_ && a.epochs() == b.epochs() &&
           a.state_->displacement == b.state_->displacement &&
           a.state_->directions == b.state_->directions && a.state_->movement == b.state_->movement;
  }
  /// The opposite of ==.
  friend bool operator!=(const DisplacementImportance& a, const DisplacementImportance& b) {
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
        [](DisplacementImportance& hook, auto& state) { return hook.transfer(state); });
  }

 private:
  static constexpr const char* name = "DisplacementImportance";  // in messages
  using Sum = detail::SumOf<Scalar>;
  using Weights = detail::WeightSource<Scalar>;

  void begin(const Weights& weights) {
    if (is_loaded_) {
      state_->displacement.layer().require_valid(weights, name, 0);
      is_loaded_ = false;
      return;
    }
    DisplacementImportance fresh(options_);
    fresh.state_->displacement.layer().require_valid(weights, name, 0);
    fresh.state_->displacement.start(weights);
    fresh.prepare();
    fresh.state_->directions.start(
        fresh.state_->displacement.layer(),
        options_.weigh_directions && fresh.units() <= max_units_with_directions);
    *this = std::move(fresh);
  }

  void end_epoch(const Weights& weights) {
    if (features() == 0) {
      throw std::logic_error(
          "viann::DisplacementImportance: displacement is counted from the weights before "
          "training; call on_train_begin() with them first.");
    }
    state_->displacement.layer().require_valid(weights, name, epochs() + 1);
    State& state = state_.value();
    state.movement.next_epoch(epochs() + 1);
    state.displacement.observe(weights, removes_decay());
    if (!weighs_directions()) {
      state.movement.add(state.displacement.displacement());
    } else if (state.directions.observe(state.displacement, weights, removes_decay(), epochs() + 1,
                                        state.movement.pending())) {
      state.movement.add(state.directions.movement());
    }
    ++epochs_.value();
    is_loaded_ = false;
  }

  void prepare() {
    state_->displacement.prepare(removes_decay());
    state_->movement.start(features());
  }

  template <class Archive>
  bool transfer(Archive& archive) {
    archive& options_.remove_decay& options_.weigh_directions;
    archive& epochs_.value();
    State& state = state_.value();
    state.movement.transfer_weight(archive);
    if (!state.displacement.transfer(archive)) return false;
    if constexpr (Archive::is_loading::value) {
      prepare();
      is_loaded_ = features() > 0;
    }
    state.movement.transfer_sums(archive);
    if (!state.directions.transfer(archive, state.displacement, options_.weigh_directions,
                                   epochs())) {
      return false;
    }
    state.movement.transfer_pending(archive);
    return (epochs() == 0 || features() > 0) && state.movement.is_possible(epochs());
  }

  struct State {
    detail::LayerDisplacement<Scalar> displacement;
    detail::MovementDirections<Scalar> directions;
    detail::LogTimeMean<Sum> movement;  // L
  };

  detail::ResetOnMove<State> state_;
  detail::ResetOnMove<std::int64_t> epochs_;
  detail::ResetOnMove<bool> is_loaded_;  // and has not continued yet
  DisplacementImportanceOptions options_;
};

}  // namespace viann
