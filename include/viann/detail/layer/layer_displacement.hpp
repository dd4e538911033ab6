// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/displacement.hpp"
#include "viann/detail/layer/feature_sums.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// How far the weights w of every feature are from their start w(0): the square |D|^2 of their
/// displacement d = w - w(0), or of the residual of a least-squares regression of d on { w(0), sign
/// w(0) }.
///
/// By Gram-Schmidt, where u is the part of sign w(0) that is orthogonal to w(0):
///
///     u = sign w(0) - k w(0),   k = |w(0)|_1 / |w(0)|^2
///     |D|^2 = |d|^2 - (d.w(0))^2 / |w(0)|^2 - (d.u)^2 / |u|^2
///
/// This takes three sums per feature, and a fourth is |w|^2; one walk over w and w(0) adds up all.
/// A |D|^2 that cannot be told from rounding counts as 0: see without_decay().
template <typename Scalar>
class LayerDisplacement {
 public:
  using Sum = SumOf<Scalar>;

  const Layer& layer() const { return layer_; }

  /// By feature, |D|^2 of the weights last observed. Infinite or NaN where a square exceeds the
  /// range of Sum.
  const Sum* displacement() const { return sum(Displacement); }

  /// By feature, |w|^2 of the weights last observed.
  const Sum* magnitude() const { return magnitude_.data(); }

  /// Keeps w(0), which passed the layer's check. Call prepare() next.
  void start(const WeightSource<Scalar>& weights) {
    layer_.learn(weights);
    initial_.resize(layer_.state_rows(), layer_.state_cols());
    for (Index col = 0; col < initial_.cols(); ++col) {
      weights.read(layer_.contiguous_axis(), 0, col, initial_.rows(), &initial_(0, col));
    }
    magnitude_.assign(static_cast<std::size_t>(layer_.features()), Sum(0));
  }

  /// Computes what follows from w(0), and allocates the memory that observe() needs. Call it after
  /// start() or loading, with the same `remove_decay` as observe().
  void prepare(bool remove_decay) {
    reserve(sums_);
    if (!remove_decay) return;
    const Scalar zero = 0;
    Sums sums;  // of d = 0 - w(0)
    reserve(sums);
    measure(WeightSource<Scalar>(zero, layer_.features(), layer_.units()), sums);
    directions_.assign(static_cast<std::size_t>(layer_.features()), Directions());
    for (Index i = 0; i < layer_.features(); ++i) {
      const Sum square = sums.total()(i, Displacement);
      const Sum absolute = -sums.total()(i, AlongSign);
      Directions& u = directions_[static_cast<std::size_t>(i)];
      // A subnormal square counts as 0: its inverse is not finite.
      if (square >= (std::numeric_limits<Sum>::min)()) {
        u.slope = absolute / square;
        u.inverse_initial = 1 / square;
      }
      Index not_zero = 0;  // |sign w(0)|^2
      for (Index unit = 0; unit < layer_.units(); ++unit) not_zero += initial(i, unit) != 0 ? 1 : 0;
      // At an angle below 1e-5 the directions count as one: u would consist of rounding.
      const auto signs = static_cast<Sum>(not_zero);
      const Sum across = signs - u.slope * absolute;
      if (across > Sum(1e-10) * signs) u.inverse_sign = 1 / across;
    }
  }

  /// Measures weights that passed the layer's check.
  void observe(const WeightSource<Scalar>& weights, bool remove_decay) {
    measure(weights, sums_);
    std::copy_n(sum(Magnitude), layer_.features(), magnitude_.data());
    if (!remove_decay) return;
    for (Index i = 0; i < layer_.features(); ++i) {
      sums_.total()(i, Displacement) = without_decay(i);
    }
  }

  /// Sets D and w to those of a feature, by unit, for the weights just observed.
  void read(const WeightSource<Scalar>& weights, bool remove_decay, Index feature, Sum* D,
            Sum* w) const {
    const Decay decay = remove_decay ? decay_of(feature) : Decay();
    for (Index begin = 0; begin < layer_.units(); begin += chunk_length) {
      const Index end = (std::min)(begin + chunk_length, layer_.units());
      ChunkBuffer<Scalar> buffer;
      const Scalar* chunk = weights.chunk(Axis::Units, begin, feature, end - begin, buffer.data());
      for (Index unit = begin; unit < end; ++unit) {
        const Sum w0 = initial(feature, unit);
        w[unit] = *chunk++;
        D[unit] =
            decay.rest * (w[unit] - w0 - decay.along_initial * w0 - decay.along_sign * sign(w0));
      }
    }
  }

  friend bool operator==(const LayerDisplacement& a, const LayerDisplacement& b) {
    return a.layer_ == b.layer_ && all_equal_bits(a.initial_, b.initial_) &&
           all_equal_bits(a.magnitude_, b.magnitude_);
  }

  /// \returns whether the saved or loaded state is that of one layer. Call prepare() next.
  template <class Archive>
  bool transfer(Archive& archive) {
    if (!layer_.transfer(archive)) return false;
    archive_array(archive, initial_, layer_.state_rows(), layer_.state_cols());
    archive.seal();
    magnitude_.resize(static_cast<std::size_t>(layer_.features()));
    archive_elements(archive, magnitude_);
    return std::all_of(magnitude_.begin(), magnitude_.end(), [](Sum x) { return x >= 0; });
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using Sums = FeatureSums<Sum, 4>;

  // The sums over a feature's units, with d = w - w(0).
  enum Which {
    Magnitude,     // |w|^2
    Displacement,  // |d|^2, then |D|^2
    AlongInitial,  // d.w(0)
    AlongSign      // d.sign w(0)
  };

  // What is removed from a feature's movement: its parts along w(0) and sign w(0). The rest of a
  // feature that only decays is rounding, and counts as nothing.
  struct Decay {
    Sum along_initial = 0;
    Sum along_sign = 0;
    Sum rest = 1;
  };

  // What follows from a feature's w(0); an inverse is 0 where there is no such direction.
  struct Directions {
    Sum slope = 0;            // k
    Sum inverse_initial = 0;  // 1 / |w(0)|^2
    Sum inverse_sign = 0;     // 1 / |u|^2
  };

  const Sum* sum(Which which) const { return sums_.total().data() + which * sums_.total().rows(); }

  Scalar initial(Index feature, Index unit) const {
    return layer_.contiguous_axis() == Axis::Features ? initial_(feature, unit)
                                                      : initial_(unit, feature);
  }

  void reserve(Sums& sums) const {
    sums.reserve(layer_.contiguous_axis(), initial_.rows(), initial_.cols());
  }

  void measure(const WeightSource<Scalar>& weights, Sums& sums) const {
    sums.start();
    layer_.walk(weights, [&](const Chunk& c, const Scalar* w) {
      const Scalar* const w0 = initial_.data() + c.col * initial_.rows() + c.row;
      Sum* const magnitude = sums.at(c, Magnitude);
      Sum* const displacement = sums.at(c, Displacement);
      Sum* const along_initial = sums.at(c, AlongInitial);
      Sum* const along_sign = sums.at(c, AlongSign);
      if (layer_.contiguous_axis() == Axis::Features) {
        add_displacement_terms(w, w0, c.length, magnitude, displacement, along_initial, along_sign);
      } else {
        const DisplacementSums<Sum> of_chunk = displacement_sums(w, w0, c.length);
        *magnitude += of_chunk.magnitude;
        *displacement += of_chunk.displacement;
        *along_initial += of_chunk.along_initial;
        *along_sign += of_chunk.along_sign;
      }
    });
    sums.finish();
  }

  // |D|^2 of a feature. If the row only decays, this is a difference of equal numbers; a value
  // below units * epsilon * |d|^2 is the rounding of their sums.
  Sum without_decay(Index feature) const {
    const Directions& u = directions_[static_cast<std::size_t>(feature)];
    const Sum d = sum(Displacement)[feature];  // |d|^2, so far
    const Sum along_initial = sum(AlongInitial)[feature];
    const Sum along_u = sum(AlongSign)[feature] - u.slope * along_initial;
    const Sum rest = d - along_initial * (along_initial * u.inverse_initial) -
                     along_u * (along_u * u.inverse_sign);
    const Sum rounding = static_cast<Sum>(layer_.units()) * std::numeric_limits<Sum>::epsilon();
    return rest < rounding * d ? Sum(0) : rest;
  }

  Decay decay_of(Index feature) const {
    const Directions& u = directions_[static_cast<std::size_t>(feature)];
    const Sum along_initial = sum(AlongInitial)[feature];
    const Sum along_u = sum(AlongSign)[feature] - u.slope * along_initial;
    const Sum along_sign = along_u * u.inverse_sign;
    return {along_initial * u.inverse_initial - along_sign * u.slope, along_sign,
            displacement()[feature] > 0 ? Sum(1) : Sum(0)};
  }

  Layer layer_;
  Array initial_;               // w(0), features x units, or transposed
  std::vector<Sum> magnitude_;  // by feature
  // Not part of the state:
  Sums sums_;                           // of the weights last observed
  std::vector<Directions> directions_;  // by feature
};

}  // namespace viann::detail
