// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "viann/detail/layer.hpp"
#include "viann/detail/sweep.hpp"
#include "viann/weight_view.hpp"
#include "viann/welford_accumulator.hpp"

namespace viann::detail {

/// Mean and variance of every weight of a layer and, per feature, a sum over its units: all brought
/// up to date in one sweep over memory. The state lies in the memory order of the first weights
/// seen, so that the sweep follows the memory of both.
template <typename Scalar>
class LayerVariance {
 public:
  using Array = typename WelfordAccumulator<Scalar>::Array;
  using Index = Eigen::Index;
  // A sum over many units keeps double's digits also where the state is float.
  using Sum = std::conditional_t<std::is_same_v<Scalar, float>, double, Scalar>;
  using Sums = Eigen::Array<Sum, Eigen::Dynamic, 1>;

  const Layer& layer() const { return layer_; }
  std::int64_t count() const { return accumulator_.count(); }

  /// Mean and sample variance of every weight, features x units; 0 x 0 before the first weights.
  Array mean() const { return by_feature(accumulator_.mean()); }
  Array variance() const { return by_feature(accumulator_.variance()); }

  /// By feature: the sum over the units of the terms given to the last observe().
  const Sums& sums() const { return sums_; }

  template <typename Stored>
  void fix_shape(const WeightView<Stored>& weights) {
    sums_.setZero(weights.features());
    layer_.learn(weights);
  }

  /// Takes in weights that passed the layer's check.
  /// \param terms  called as terms(w, m2) for stretches of |w| and of the sums of squared
  ///               deviations; returns an expression of what is to be summed over the units.
  template <typename Stored, typename Terms>
  void observe(const WeightView<Stored>& weights, const Terms& terms) {
    if (layer_.known()) return sweep(weights, terms);
    LayerVariance first;  // not in place: if memory runs out, this one must not have changed
    first.fix_shape(weights);
    first.sweep(weights, terms);
    *this = std::move(first);
  }

  friend bool operator==(const LayerVariance& a, const LayerVariance& b) {
    return a.layer_ == b.layer_ && a.accumulator_ == b.accumulator_ && (a.sums_ == b.sums_).all();
  }

  /// \returns whether what was saved, or loaded, is the state of one layer.
  template <class Archive>
  bool serialize(Archive& archive, const unsigned version) {
    layer_.serialize(archive, version);
    accumulator_.serialize(archive, version);
    if constexpr (Archive::is_loading::value) {
      if (!is_consistent()) return false;
      sums_.resize(layer_.features());
    }
    for (Index feature = 0; feature < sums_.size(); ++feature) archive& sums_[feature];
    return true;
  }

 private:
  template <typename Stored, typename Terms>
  void sweep(const WeightView<Stored>& weights, const Terms& terms) {
    const auto& values = weights.features_by_units();
    const auto terms_of = [&terms](const auto& w, const auto& m2) {
      return terms(w.abs().template cast<Sum>(), m2.template cast<Sum>());
    };
    sums_.setZero();
    // Either way a feature stays in one thread, so that their number does not change its sum.
    if (layer_.features_are_rows()) {
      accumulator_.template update<KeepTogether::Rows>(
          values, [&](Index feature, Index /*unit*/, const auto& w, const auto& m2) {
            sums_.segment(feature, w.size()) += terms_of(w, m2);
          });
    } else {
      accumulator_.template update<KeepTogether::Columns>(
          values.transpose(), [&](Index /*unit*/, Index feature, const auto& w, const auto& m2) {
            sums_[feature] += terms_of(w, m2).sum();
          });
    }
  }

  Array by_feature(const Array& state) const {
    if (layer_.features_are_rows()) return state;
    return state.transpose();
  }

  bool is_consistent() const {
    const bool rows = layer_.features_are_rows();
    return layer_.is_consistent() &&
           (accumulator_.empty() ||
            (accumulator_.rows() == (rows ? layer_.features() : layer_.units()) &&
             accumulator_.cols() == (rows ? layer_.units() : layer_.features())));
  }

  Layer layer_;
  WelfordAccumulator<Scalar> accumulator_;  // features x units, or transposed
  Sums sums_;
};

}  // namespace viann::detail
