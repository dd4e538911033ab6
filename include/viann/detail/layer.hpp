// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "viann/detail/checks.hpp"
#include "viann/weight_view.hpp"

namespace viann::detail {

/// What every hook knows of the layer it observes: its shape and its memory order, both taken from
/// the first weights seen, and the checks that all later weights must pass.
class Layer {
 public:
  Eigen::Index features() const { return features_; }
  Eigen::Index units() const { return units_; }
  bool known() const { return features_ > 0; }

  /// Whether the weights of one unit are contiguous (column-major features x units), so that a
  /// column-major state in the same memory order is features x units; else units x features.
  bool features_are_rows() const { return features_are_rows_; }

  template <typename Stored>
  void learn(const WeightView<Stored>& weights) {
    features_ = weights.features();
    units_ = weights.units();
    features_are_rows_ = !WeightView<Stored>::Expression::IsRowMajor;
  }

  /// Refuses weights that a hook with a state of type State cannot take in.
  /// \param hook   name of the hook's class, for the message
  /// \param epoch  counted from 1; 0 for the weights before training
  /// \throws std::invalid_argument
  template <typename State, typename Stored>
  void check(const WeightView<Stored>& weights, const char* hook, std::int64_t epoch) const {
    const auto refuse = [&](const auto&... reason) {
      throw std::invalid_argument(
          sentence("viann::", hook, ": ", epoch > 0 ? sentence("epoch ", epoch) : "before training",
                   ": ", reason...));
    };
    const auto& values = weights.features_by_units();
    if (values.size() == 0) {
      refuse("there are no weights (", values.rows(), " features x ", values.cols(),
             " units); build the layer before it is observed.");
    }
    if (known() && (values.rows() != features_ || values.cols() != units_)) {
      const bool swapped = values.rows() == units_ && values.cols() == features_;
      refuse("the weights are ", values.rows(), " features x ", values.cols(),
             " units, but the first seen were ", features_, " x ", units_,
             swapped ? "; the axes are swapped: one call says features_by_units, the other "
                       "units_by_features."
                     : "; observe the same layer in every call, or start afresh with "
                       "on_train_begin().");
    }
    if (!all_finite<State>(values)) {
      const auto [feature, unit] = first_non_finite<State>(values);
      const auto value = static_cast<long double>(values.coeff(feature, unit));
      refuse("the weight of (feature ", feature, ", unit ", unit, ") is ", value,
             std::isfinite(value) ? ", too large for the type of the hook's state."
                                  : "; training has diverged: lower its learning rate or clip its "
                                    "gradients.");
    }
  }

  friend bool operator==(const Layer& a, const Layer& b) {
    return a.features_ == b.features_ && a.units_ == b.units_ &&
           a.features_are_rows_ == b.features_are_rows_;
  }

  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    archive& features_& units_& features_are_rows_;
  }

 private:
  std::int64_t features_ = 0;
  std::int64_t units_ = 0;
  bool features_are_rows_ = true;
};

}  // namespace viann::detail
