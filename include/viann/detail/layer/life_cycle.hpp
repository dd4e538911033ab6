// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "viann/detail/state_archive.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/require_weights.hpp"

/// Code that every hook would otherwise repeat. `hook` is the name of a class.

namespace viann::detail {

/// A hook's overloads for weights that do not say which axis is the feature: they do not compile.
struct RefusesBareWeights {
  template <typename Other>
  void on_train_begin(const Other&) {
    refuse_weights_without_axis<Other>();
  }
  template <typename Other>
  void on_epoch_end(const Other&) {
    refuse_weights_without_axis<Other>();
  }
};

/// The same for a hook that takes gradients.
struct RefusesBareGradients : RefusesBareWeights {
  using RefusesBareWeights::on_epoch_end;
  template <typename Other, typename Gradient>
  void on_epoch_end(const Other&, const Gradient&) {
    refuse_weights_without_axis<Other>();
  }
};

/// One training, as a hook observes it.
/// \tparam State  of the layer; has Weights, layer(), has_observed() and transfer(archive)
template <typename State>
struct LifeCycle {
  using Weights = typename State::Weights;

  State state;
  std::int64_t epochs = 0;
  bool is_loaded = false;  // and has not continued yet

  /// Starts afresh, with start(state); or continues a loaded run.
  /// \throws std::invalid_argument for weights that Layer refuses, or that are not those of the
  ///         loaded run; nothing is changed.
  template <typename Start>
  void begin(const Weights& weights, const char* hook, const Start& start) {
    LifeCycle fresh;
    (is_loaded ? state : fresh.state).layer().require_valid(weights, hook, 0);
    if (is_loaded && !state.has_observed(weights, epochs)) {
      throw std::invalid_argument(concat(
          "viann::", hook, ": the weights differ by more than 1 % from those that the loaded ",
          "run observed last, in epoch ", epochs, "; load network and hook as they were ",
          "saved together, or call reset() to start a new run."));
    }
    if (std::exchange(is_loaded, false)) return;
    start(fresh.state);
    *this = std::move(fresh);
  }

  /// Takes in an epoch, with observe(state, epoch).
  /// \param gradient  may be null
  /// \throws std::invalid_argument for numbers that Layer refuses; nothing is changed.
  template <typename Observe>
  void end_epoch(const Weights& weights, const Weights* gradient, const char* hook,
                 const Observe& observe) {
    const std::int64_t epoch = epochs + 1;
    state.layer().require_valid(weights, hook, epoch);
    if (gradient != nullptr) state.layer().require_valid(*gradient, hook, epoch, "gradient");
    observe(state, epoch);
    epochs = epoch;
    is_loaded = false;
  }

  friend bool operator==(const LifeCycle& a, const LifeCycle& b) {
    return a.epochs == b.epochs && a.state == b.state;
  }

  template <class Archive>
  void transfer(Archive& archive) {
    archive& epochs;
    state.transfer(archive);
    if constexpr (Archive::is_loading::value) is_loaded = state.layer().known();
    archive.ensure(is_count(epochs) && (epochs == 0 || state.layer().known()));
  }
};

/// Refuses `what` before there are enough observations.
/// \throws std::logic_error
inline void require_observations(std::int64_t least, std::int64_t seen, const char* hook,
                                 const char* what) {
  if (seen >= least) return;
  throw std::logic_error(concat(
      "viann::", hook, ": ", what, " takes at least ", least,
      least == 1 ? " observation" : " observations", ", but there ", seen == 1 ? "was " : "were ",
      seen, "; train for more epochs, and call on_epoch_end() after each (callbacks do)."));
}

/// Raw scores after an epoch, refused if one is not finite.
/// \param raw_score  called with every feature's index
/// \throws std::overflow_error
template <typename RawScore>
Eigen::VectorXd finite_raw_scores(Eigen::Index features, const RawScore& raw_score,
                                  const char* hook, std::int64_t epoch) {
  Eigen::VectorXd raw(features);
  for (Eigen::Index feature = 0; feature < features; ++feature) {
    raw[feature] = static_cast<double>(raw_score(feature));
    if (std::isfinite(raw[feature])) continue;
    throw std::overflow_error(
        concat("viann::", hook, ": after epoch ", epoch, " the score of feature ", feature,
               " is too large for a number; the weights have diverged: lower the learning rate."));
  }
  return raw;
}

}  // namespace viann::detail
