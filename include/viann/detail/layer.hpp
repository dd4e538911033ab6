// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "viann/detail/archive.hpp"
#include "viann/detail/checks.hpp"
#include "viann/detail/expressions.hpp"
#include "viann/detail/sweep.hpp"
#include "viann/weight_view.hpp"

namespace viann::detail {

/// What every hook knows of the layer it observes: its shape and its memory order, both taken from
/// the first weights seen, and the checks that all later weights must pass.
class Layer {
 public:
  Eigen::Index features() const { return features_; }
  Eigen::Index units() const { return units_; }
  bool known() const { return features_ > 0; }

  /// Shape of a column-major state in the layer's memory order: features x units if the weights of
  /// one unit are contiguous, else units x features.
  Eigen::Index state_rows() const { return features_are_rows_ ? features() : units(); }
  Eigen::Index state_cols() const { return features_are_rows_ ? units() : features(); }

  /// Calls sweep(keep), where keep() is what a sweep over such a state has to keep together so that
  /// the number of threads does not change a feature's sums (see KeepTogether).
  template <typename Sweep>
  void keep_features_together(const Sweep& sweep) const {
    if (features_are_rows_) {
      sweep(std::integral_constant<KeepTogether, KeepTogether::Rows>{});
    } else {
      sweep(std::integral_constant<KeepTogether, KeepTogether::Columns>{});
    }
  }

  /// Such a state as features x units.
  template <typename Array>
  Array by_feature(const Array& state) const {
    if (features_are_rows_) return state;
    return state.transpose();
  }

  /// Takes the shape of weights and, unless it is given, their memory order.
  template <typename Stored>
  void learn(const WeightView<Stored>& weights,
             bool features_are_rows = !WeightView<Stored>::Expression::IsRowMajor) {
    features_ = weights.features();
    units_ = weights.units();
    features_are_rows_ = features_are_rows;
  }

  /// Refuses weights that a hook with a state of type State cannot take in.
  /// \param hook   name of the hook's class, for the message
  /// \param epoch  counted from 1; 0 for the weights before training
  /// \throws std::invalid_argument
  template <typename State, typename Stored>
  void check(const WeightView<Stored>& weights, const char* hook, std::int64_t epoch) const {
    check_shape(weights, hook, epoch);
    check_finite<State>(in_memory(weights.features_by_units()), 0, hook, epoch);
  }

  /// The same in two parts; `values` are those of the features from first_feature on.
  template <typename Stored>
  void check_shape(const WeightView<Stored>& weights, const char* hook, std::int64_t epoch) const {
    const auto first_seen = [&] {
      return known() ? sentence(", but the first seen were ", features_, " x ", units_) : "";
    };
    const Eigen::Index features = weights.features();
    const Eigen::Index units = weights.units();
    if (features == 0 || units == 0) {
      refuse(hook, epoch, "there are no weights (", features, " features x ", units, " units)",
             first_seen(), "; build the layer before it is observed.");
    }
    if (known() && (features != features_ || units != units_)) {
      const bool swapped = features == units_ && units == features_;
      refuse(hook, epoch, "the weights are ", features, " features x ", units, " units",
             first_seen(),
             swapped ? "; the axes are swapped: one call says features_by_units, the other "
                       "units_by_features."
                     : "; observe the same layer in every call, or start afresh with "
                       "on_train_begin().");
    }
  }

  template <typename State, typename Values>
  static void check_finite(const Values& values, Eigen::Index first_feature, const char* hook,
                           std::int64_t epoch) {
    if (all_finite<State>(values)) return;
    const NonFinite bad = first_non_finite<State>(values);
    refuse(hook, epoch, "the weight of (feature ", first_feature + bad.row, ", unit ", bad.col,
           ") is ", bad.value,
           "; training has diverged: lower its learning rate or clip its gradients.");
  }

  /// \throws std::invalid_argument, always.
  template <typename... Reason>
  [[noreturn]] static void refuse(const char* hook, std::int64_t epoch, const Reason&... reason) {
    throw std::invalid_argument(sentence("viann::", hook, ": ",
                                         epoch > 0 ? sentence("epoch ", epoch) : "before training",
                                         ": ", reason...));
  }

  friend bool operator==(const Layer& a, const Layer& b) {
    return a.features() == b.features() && a.units() == b.units() &&
           (!a.known() || a.features_are_rows_ == b.features_are_rows_);
  }

  /// \returns whether what was saved, or loaded, can be the shape of a layer.
  template <class Archive>
  bool transfer(Archive& archive) {
    archive& features_& units_& features_are_rows_;
    return is_shape(features_, units_) || (features_ == 0 && units_ == 0);
  }

 private:
  std::int64_t features_ = 0;
  std::int64_t units_ = 0;
  bool features_are_rows_ = true;
};

/// Weights, features x units, in the shape of a state whose sweep keeps `keep` together.
template <KeepTogether keep, typename Values>
decltype(auto) in_state_order(const Values& features_by_units) {
  return in_memory<keep == KeepTogether::Columns>(features_by_units);
}

}  // namespace viann::detail
