// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "viann/detail/layer/layer_displacement.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/statistics/min_max.hpp"
#include "viann/fwd.hpp"
#include "viann/weight_view.hpp"

namespace viann {

/// The options of DisplacementImportance.
struct DisplacementImportanceOptions {
  /// Whether to remove from a feature's displacement what weight decay alone may have done. Below
  /// DisplacementImportance::min_units_to_remove_decay units, nothing is removed in either case.
  bool remove_decay = true;

  /// Whether all options are the same.
  friend bool operator==(const DisplacementImportanceOptions& a,
                         const DisplacementImportanceOptions& b) {
    return a.remove_decay == b.remove_decay;
  }
  /// The opposite of ==.
  friend bool operator!=(const DisplacementImportanceOptions& a,
                         const DisplacementImportanceOptions& b) {
    return !(a == b);
  }
};

/// Measures which inputs a network relies on, from how far its first layer's weights move from
/// their start, along which directions, and, if it is at hand, from the loss's gradient.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/displacement_importance.hpp>
///
/// int main() {
///   Eigen::MatrixXd weights = Eigen::MatrixXd::Random(4, 32);  // 4 features, 32 units
///   viann::DisplacementImportance importance;
///   importance.on_train_begin(viann::features_by_units(weights));
///   for (int epoch = 0; epoch < 10; ++epoch) {
///     Eigen::MatrixXd gradient = Eigen::MatrixXd::Zero(4, 32);
///     gradient.row(2).setRandom();          // of the loss; feature 2 alone has information
///     weights = 0.99 * weights - gradient;  // and weight decay moves all weights
///     importance.on_epoch_end(viann::features_by_units(weights),
///                             viann::features_by_units(gradient));
///   }
///   std::cout << importance.scores() << "\n";  // 0 0 1 0
/// }
/// ```
///
/// Let w_i(t) be the weights of feature i after epoch t (0: before training), |.|
/// the Euclidean norm over the units, and nz(x) = x / sum(x) over the features:
///
///     D_i(t)        = w_i(t) - w_i(0) + a w_i(0) + b sign w_i(0), with the a, b >= 0 for which
///                     |D_i(t)| is least, and which take no more than all of w_i(0): without what
///                     decay may have done, in proportion to the weight (SGD with L2, AdamW) or
///                     along its sign (Adam with L2 in its gradient)
///     movement_i    = mean over t, weights 1/t,     of nz(|D(t) D_i(t)'|^2)
///     alignment_i   = mean over t, weights sqrt(t), of nz(|(w(t) - w(t - 1)) w_i(t)'|^2)
///     gradient_i    = mean over t, weights sqrt(t), of nz(|G(t) w_i(t)'|^2)
///     raw_i         = sqrt(movement_i alignment_i),                     from weights alone
///     raw_i         = sqrt(sqrt(movement_i alignment_i) gradient_i)     with gradients
///
/// |M x'|^2 is estimated, without bias, by the mean of (p x')^2 over eight vectors p = r M, with r
/// random signs by feature, which depend on the epoch and the feature alone. An epoch in which a
/// share has no observation, because nothing moved, or the gradient was 0 or not given, does not
/// count in its mean. Below 16 units no decay is removed. The score is viann's own: why it works,
/// its sources and limits are in METHOD.md; a score is per unit of an input, so standardise them.
///
/// Rounding: a feature that only decays gets 0, or a score from the rounding of its weights to
/// their type or to a float state. A |D_i|^2 below units() * epsilon * |w_i(t) - w_i(0)|^2 cannot
/// be told from rounding and counts as 0 (epsilon of double, or of long double if Scalar is that).
/// Squares must be in that type's range: decay is not removed if initial weights are below about
/// 1e-154, and scores are 0 if all weights are below about 1e-146.
///
/// Memory: one Scalar for every weight, for w(0); nine doubles for every feature; and, for every
/// unit, 8 doubles and 32 for each part of the layer, which has features / 256 parts, at least 1
/// and at most 16 (long doubles if Scalar is that). The hook keeps no pointer to the weights. An
/// observation reads the weights four times (finite check, decay, sketches, projections), the
/// gradient twice and w(0) three times, takes about 50 multiplications a weight (70 with the
/// gradient), and allocates nothing.
///
/// Messages count epochs from 1, features and units from 0. As with any standard container, the
/// caller must synchronise a thread that reads with a thread that observes.
///
/// \tparam Scalar  type of the state: double, float or long double; the weights' type is free.
template <typename Scalar>
class DisplacementImportance : detail::RefusesBareGradients {
 public:
  using Index = Eigen::Index;  ///< of counts and indices

  static constexpr bool takes_gradients = true;  ///< with on_epoch_end(), from adapters, too

  /// With fewer units, weight decay is not removed.
  static constexpr Index min_units_to_remove_decay = 16;

  DisplacementImportance() = default;

  /// A new hook with these options.
  explicit DisplacementImportance(DisplacementImportanceOptions options) : options_(options) {}

  /// Starts a new run with the weights before training. Required: displacement is measured from
  /// these weights.
  ///
  /// The first call after loading checks the weights but continues the saved run, whose
  /// displacement is still measured from its own start. To start a new run, call reset() first.
  /// \throws std::invalid_argument if there are no weights, one is not finite in Scalar, the shape
  ///         is not that of the saved run, or the weights differ by more than about 1 % (of their
  ///         norm) from those that it observed last; nothing is changed.
  void on_train_begin(const WeightView& weights) { begin(Weights(weights.memory())); }

  /// The hook: observes the weights at the end of an epoch, or of any other fixed interval of
  /// training.
  /// \throws std::logic_error if there was no on_train_begin().
  /// \throws std::invalid_argument if the shape differs from the first, there are no weights, or
  ///         one is not finite in Scalar; nothing is changed.
  void on_epoch_end(const WeightView& weights) { end_epoch(Weights(weights.memory()), nullptr); }

  /// The hook with the gradient of the loss by these weights, whose scores are right more often.
  /// Pass that of any batch of the epoch, or a sum of some, before or after the optimizer's step,
  /// best without weight decay. Any positive factor gives the same scores. A gradient of zeros
  /// counts as none.
  ///
  /// \param gradient  a view like `weights`, of the same shape
  /// \throws std::logic_error if there was no on_train_begin().
  /// \throws std::invalid_argument if a shape differs from the first, there are no weights, or a
  ///         number is not finite in Scalar; nothing is changed.
  void on_epoch_end(const WeightView& weights, const WeightView& gradient) {
    const Weights of_gradient(gradient.memory());
    end_epoch(Weights(weights.memory()), &of_gradient);
  }

  using RefusesBareGradients::on_epoch_end;
  using RefusesBareGradients::on_train_begin;

  /// The options that the hook was made with.
  const DisplacementImportanceOptions& options() const noexcept { return options_; }

  /// Resets to a new hook with the same options.
  void reset() { *this = DisplacementImportance(options_); }

  /// Optional: checks that there is something to score. Observation may continue afterwards.
  /// \throws std::logic_error if no epoch was observed.
  void on_train_end() const { detail::require_observations(1, epochs(), name, "on_train_end()"); }

  /// Number of features; 0 before on_train_begin().
  Index features() const noexcept { return state().layer().features(); }

  /// Number of units; 0 before on_train_begin().
  Index units() const noexcept { return state().layer().units(); }

  /// Number of epochs observed; the weights before training do not count.
  std::int64_t epochs() const noexcept { return run_->epochs; }

  /// Whether weight decay is removed: the option is set and there are enough units.
  bool removes_decay() const {
    return options_.remove_decay && units() >= min_units_to_remove_decay;
  }

  /// Whether the scores contain a gradient: the gradient's shares could be computed in some epoch.
  bool uses_gradient() const { return state().uses_gradient(); }

  /// raw_i of every feature, from 0 to 1; all 0 if nothing has moved. May be read after every
  /// epoch, the first included.
  /// \throws std::logic_error if no epoch was observed.
  /// \throws std::overflow_error if a square in the sums above exceeds the range of double (of long
  ///         double if Scalar is that).
  Eigen::VectorXd raw_scores() const {
    detail::require_observations(1, epochs(), name, "a score");
    return detail::finite_raw_scores(
        features(), [this](Index i) { return state().raw_score(i); }, name, epochs());
  }

  /// raw_scores() after min_max_normalize(), on the scale of every hook.
  /// \throws std::logic_error if no epoch was observed.
  /// \throws std::overflow_error if a raw score is too large.
  Eigen::VectorXd scores() const { return detail::min_max(raw_scores()); }

  /// Whether both have the same options and, bit for bit, the same state.
  friend bool operator==(const DisplacementImportance& a, const DisplacementImportance& b) {
    return a.options_ == b.options_ && a.run_.value() == b.run_.value();
  }
  /// The opposite of ==.
  friend bool operator!=(const DisplacementImportance& a, const DisplacementImportance& b) {
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
  static constexpr const char* name = "DisplacementImportance";  // in messages
  using State = detail::LayerDisplacement<Scalar>;
  using Weights = typename State::Weights;

  const State& state() const { return run_->state; }

  void begin(const Weights& weights) {
    run_->begin(weights, name, [&](State& state) {
      state.keep_initial(weights);
      state.start(weights);
    });
  }

  void end_epoch(const Weights& weights, const Weights* gradient) {
    if (features() == 0) {
      throw std::logic_error(
          "viann::DisplacementImportance: displacement is counted from the weights before "
          "training; call on_train_begin() with them first.");
    }
    run_->end_epoch(weights, gradient, name, [&](State& state, std::int64_t epoch) {
      state.observe(weights, gradient, removes_decay(), epoch);
    });
  }

  template <class Archive>
  void transfer(Archive& archive) {
    archive& options_.remove_decay;
    run_->transfer(archive);
  }

  detail::ResetOnMove<detail::LifeCycle<State>> run_;
  DisplacementImportanceOptions options_;
};

}  // namespace viann
