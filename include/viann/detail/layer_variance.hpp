// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <utility>

#include "viann/detail/archive.hpp"
#include "viann/detail/expressions.hpp"
#include "viann/detail/feature_sums.hpp"
#include "viann/detail/layer.hpp"
#include "viann/detail/sweep.hpp"
#include "viann/variance_options.hpp"
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
  using Sum = SumOf<Scalar>;
  using Sums = FeatureSums<Sum>;

  const Layer& layer() const { return layer_; }
  std::int64_t count() const { return accumulator_.count(); }

  /// Mean and sample variance of every weight, features x units; 0 x 0 before the first weights.
  Array mean() const { return layer_.by_feature(accumulator_.mean()); }
  Array variance() const { return layer_.by_feature(accumulator_.variance()); }

  /// By feature: the sum over the units of M2 |w| or M2, after the last observe().
  const typename Sums::Total& sums() const { return sums_.total(); }

  template <typename Stored>
  void fix_shape(const WeightView<Stored>& weights) {
    layer_.learn(weights);
    reserve_sums();
  }

  /// Takes in weights that passed the layer's check.
  template <typename Stored>
  void observe(const WeightView<Stored>& weights, ScoreCombination combination) {
    const auto& values = in_memory(weights.features_by_units());
    if (layer_.known()) return sweep(values, combination);
    LayerVariance first;  // not in place: if memory runs out, this one must not have changed
    first.fix_shape(weights);
    first.sweep(values, combination);
    *this = std::move(first);
  }

  friend bool operator==(const LayerVariance& a, const LayerVariance& b) {
    return a.layer_ == b.layer_ && (!a.layer_.known() || (a.accumulator_ == b.accumulator_ &&
                                                          (a.sums() == b.sums()).all()));
  }

  /// \returns whether what was saved, or loaded, is the state of one layer.
  template <class Archive>
  bool transfer(Archive& archive) {
    if (!layer_.transfer(archive) || !accumulator_.transfer(archive)) return false;
    if (!accumulator_.empty() && (accumulator_.rows() != layer_.state_rows() ||
                                  accumulator_.cols() != layer_.state_cols())) {
      return false;
    }
    archive_array(archive, sums_.total(), layer_.features(), 1);
    return (sums() >= 0).all();
  }

 private:
  void reserve_sums() {
    layer_.keep_features_together([&](auto keep) {
      sums_.template reserve<keep()>(layer_.state_rows(), layer_.state_cols());
    });
  }

  template <typename Values>
  void sweep(const Values& values, ScoreCombination combination) {
    reserve_sums();  // it was not if the state was loaded
    sums_.start();
    layer_.keep_features_together([&](auto keep) {
      accumulator_.template update<keep()>(
          in_state_order<keep()>(values),
          AdderOfStretch<decltype(keep)::value>{sums_, combination});
    });
    sums_.finish();
  }

  // Adds the terms of a stretch to the sums. A type of its own, not a lambda, which would be
  // another for every kind of weights.
  template <KeepTogether keep>
  struct Adder {
    StretchSums<keep, Sum> sums;
    ScoreCombination combination;

    template <typename Block>
    void operator()(Index offset, const Block& w, const Block& m2) {
      // Converted first: an expression that converts is not vectorised.
      combine(combination, m2.template cast<Sum>().eval(), w.template cast<Sum>().eval(),
              [&](const auto& terms) { sums.add(offset, terms); });
    }
  };

  template <KeepTogether keep>
  struct AdderOfStretch {
    Sums& sums;
    ScoreCombination combination;

    Adder<keep> operator()(const Stretch& stretch) const { return {{sums, stretch}, combination}; }
  };

  Layer layer_;
  WelfordAccumulator<Scalar> accumulator_;  // features x units, or transposed
  Sums sums_;
};

}  // namespace viann::detail
