// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <utility>

#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/welford.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/moments.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// Mean and variance of every weight of a layer and, per feature, a sum over its units. One walk
/// updates all. The state has the memory order of the first weights seen, so that the walk follows
/// the memory of both.
template <typename Scalar>
class LayerVariance {
 public:
  using Weights = WeightSource<Scalar>;
  using Array = typename Moments<Scalar>::Array;
  using Sum = SumOf<Scalar>;

  const Layer& layer() const { return layer_; }
  std::int64_t count() const { return moments_.count; }

  /// Mean and sample variance of every weight, features x units; 0 x 0 before the first weights.
  Array mean() const { return layer_.by_feature(moments_.mean); }
  Array variance() const { return layer_.by_feature(moments_.variance()); }

  /// By feature: the sum over the units of M2 |w| or M2, after the last observe().
  const Sum* sums() const { return sums_.data(); }

  /// Takes the shape of weights.
  void start(const Weights& weights) {
    layer_.learn(weights, weights.memory_axis());
    sums_.setZero(layer_.features());
  }

  /// Whether weights may be the last ones that were observed: none are kept to compare with.
  static bool has_observed(const Weights& /*weights*/, std::int64_t /*epoch*/) { return true; }

  /// Takes in weights that passed the layer's check. If memory runs out, nothing changes.
  /// \param with_magnitude  whether the sums are of M2 |w|
  void observe(const Weights& weights, bool with_magnitude) {
    if (moments_.count == 0) {
      LayerVariance first;
      first.layer_ = layer_;
      if (!layer_.known()) first.layer_.learn(weights, weights.memory_axis());
      first.sums_.setZero(weights.features());
      first.moments_.start(first.layer_.state_rows(), first.layer_.state_cols());
      *this = std::move(first);
    }
    const WelfordFactors<Scalar> factors(++moments_.count);
    std::fill_n(sums_.data(), sums_.size(), Sum(0));
    layer_.walk(weights, [&](const Chunk& c, const Scalar* x) {
      with_magnitude ? update<true>(c, x, factors) : update<false>(c, x, factors);
    });
  }

  friend bool operator==(const LayerVariance& a, const LayerVariance& b) {
    return a.layer_ == b.layer_ && a.moments_ == b.moments_ && all_equal_bits(a.sums_, b.sums_);
  }

  template <class Archive>
  void transfer(Archive& archive) {
    layer_.transfer(archive);
    moments_.transfer(archive);
    archive.ensure(count() == 0 || (moments_.rows() == layer_.state_rows() &&
                                    moments_.cols() == layer_.state_cols()));
    archive_array(archive, sums_, layer_.features(), 1);
    archive.ensure((sums_ >= 0).all());
  }

 private:
  template <bool with_magnitude>
  void update(const Chunk& c, const Scalar* x, WelfordFactors<Scalar> factors) {
    Scalar* const mean = moments_.mean.data() + moments_.offset(c);
    Scalar* const m2 = moments_.m2.data() + moments_.offset(c);
    if (layer_.contiguous_axis() == Axis::Features) {
      welford_update_and_add<with_magnitude>(x, mean, m2, c.length, factors, &sums_[c.row]);
    } else {
      sums_[c.col] += welford_update_and_sum<with_magnitude>(x, mean, m2, c.length, factors);
    }
  }

  Layer layer_;
  Moments<Scalar> moments_;                    // features x units, or transposed
  Eigen::Array<Sum, Eigen::Dynamic, 1> sums_;  // by feature
};

}  // namespace viann::detail
