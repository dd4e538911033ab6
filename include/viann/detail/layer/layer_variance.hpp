// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <utility>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/welford.hpp"
#include "viann/detail/layer/feature_sums.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/moments.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/variance_options.hpp"

namespace viann::detail {

/// Mean and variance of every weight of a layer and, per feature, a sum over its units. One walk
/// updates all. The state has the memory order of the first weights seen, so that the walk follows
/// the memory of both.
template <typename Scalar>
class LayerVariance {
 public:
  using Array = typename Moments<Scalar>::Array;
  using Sum = SumOf<Scalar>;

  const Layer& layer() const { return layer_; }
  std::int64_t count() const { return moments_.count; }

  /// Mean and sample variance of every weight, features x units; 0 x 0 before the first weights.
  Array mean() const { return layer_.by_feature(moments_.mean); }
  Array variance() const { return layer_.by_feature(moments_.variance()); }

  /// By feature: the sum over the units of M2 |w| or M2, after the last observe().
  const Sum* sums() const { return sums_.total().data(); }

  void fix_shape(const WeightSource<Scalar>& weights) {
    layer_.learn(weights);
    reserve_sums();
  }

  /// Takes in weights that passed the layer's check. If memory runs out, nothing changes.
  void observe(const WeightSource<Scalar>& weights, ScoreCombination combination) {
    if (moments_.count == 0) {
      LayerVariance first;
      first.layer_ = layer_;
      if (!layer_.known()) first.layer_.learn(weights);
      first.reserve_sums();
      first.moments_.start(first.layer_.state_rows(), first.layer_.state_cols());
      *this = std::move(first);
    }
    reserve_sums();  // a loaded state has none
    const WelfordFactors<Scalar> factors(++moments_.count);
    sums_.start();
    layer_.walk(weights, [&](const Chunk& c, const Scalar* x) {
      if (combination == ScoreCombination::VarianceTimesMagnitude) {
        update<true>(c, x, factors);
      } else {
        update<false>(c, x, factors);
      }
    });
    sums_.finish();
  }

  friend bool operator==(const LayerVariance& a, const LayerVariance& b) {
    return a.layer_ == b.layer_ && a.moments_ == b.moments_ &&
           all_equal_bits(a.sums_.total(), b.sums_.total());
  }

  /// \returns whether the saved or loaded state is that of one layer.
  template <class Archive>
  bool transfer(Archive& archive) {
    if (!layer_.transfer(archive) || !moments_.transfer(archive)) return false;
    if (count() > 0 &&
        (moments_.rows() != layer_.state_rows() || moments_.cols() != layer_.state_cols())) {
      return false;
    }
    archive_array(archive, sums_.total(), layer_.features(), 1);
    return (sums_.total() >= 0).all();
  }

 private:
  void reserve_sums() {
    sums_.reserve(layer_.contiguous_axis(), layer_.state_rows(), layer_.state_cols());
  }

  template <bool with_magnitude>
  void update(const Chunk& c, const Scalar* x, WelfordFactors<Scalar> factors) {
    Scalar* const mean = moments_.mean.data() + moments_.offset(c);
    Scalar* const m2 = moments_.m2.data() + moments_.offset(c);
    Sum* const sums = sums_.at(c);
    if (layer_.contiguous_axis() == Axis::Features) {
      welford_update_and_add<with_magnitude>(x, mean, m2, c.length, factors, sums);
    } else {
      *sums += welford_update_and_sum<with_magnitude>(x, mean, m2, c.length, factors);
    }
  }

  Layer layer_;
  Moments<Scalar> moments_;  // features x units, or transposed
  FeatureSums<Sum> sums_;
};

}  // namespace viann::detail
