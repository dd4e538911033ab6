// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/lazy_welford.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/variance_options.hpp"

namespace viann::detail {

/// LayerVariance for a layer of which only some features are observed at a time; the others did not
/// move. Their missed observations are made up for when they are observed again, and allowed for
/// when their sums are read (formula: LazyVarianceImportance).
template <typename Scalar>
class LazyLayerVariance {
 public:
  using Sum = SumOf<Scalar>;

  const Layer& layer() const { return layer_; }

  /// Keeps the weights of all features, which passed the layer's check. They do not count as an
  /// observation.
  void start(const WeightSource<Scalar>& weights) {
    layer_.learn(weights, Axis::Units);  // features are observed one by one
    state_.setZero(3 * layer_.units(), layer_.features());
    for (Index feature = 0; feature < layer_.features(); ++feature) {
      weights.read(Axis::Units, 0, feature, layer_.units(), &state_(0, feature));
    }
    seen_.assign(static_cast<std::size_t>(layer_.features()), Seen());
    touched();
  }

  /// A vector with room for the indices of all features; only the first call allocates.
  std::vector<Index>& touched() {
    touched_.reserve(static_cast<std::size_t>(layer_.features()));
    return touched_;
  }

  /// Prefetches the memory of a feature for an observe() that comes soon.
  void prefetch([[maybe_unused]] Index feature) const {
#ifdef __GNUC__
    constexpr Index cache_line = Index{64} / Index{sizeof(Scalar)};
    const Scalar* const column = state_.data() + feature * state_.rows();
    for (Index i = 0; i < state_.rows(); i += cache_line) __builtin_prefetch(column + i, 1);
    __builtin_prefetch(&seen_[static_cast<std::size_t>(feature)], 1);
#endif
  }

  /// Takes in the finite weights of a feature after n observations of the layer. Repeated calls
  /// have no effect.
  void observe(Index feature, const WeightSource<Scalar>& weights, std::int64_t n,
               ScoreCombination combination) {
    if (seen_[static_cast<std::size_t>(feature)].count > n) return;  // repeated
    if (combination == ScoreCombination::VarianceTimesMagnitude) {
      update<true>(feature, weights, n + 1);
    } else {
      update<false>(feature, weights, n + 1);
    }
  }

  /// The sum of M2 |x|, or of M2, over the units of a feature after n observations.
  Sum sum(Index feature, std::int64_t n) const {
    const Seen& seen = seen_[static_cast<std::size_t>(feature)];
    const auto c = static_cast<Sum>(seen.count);
    const auto k = static_cast<Sum>(n - seen.count);
    return seen.settled + seen.pending * (c * k / static_cast<Sum>(n));
  }

  friend bool operator==(const LazyLayerVariance& a, const LazyLayerVariance& b) {
    return a.layer_ == b.layer_ && a.seen_ == b.seen_ && all_equal_bits(a.state_, b.state_);
  }

  /// \returns whether the saved or loaded state is that of one layer after n observations.
  template <class Archive>
  bool transfer(Archive& archive, std::int64_t n) {
    const Index units = layer_.units();
    if (!is_shape(3 * units, layer_.features())) return false;
    archive_array(archive, state_, 3 * units, layer_.features());
    if constexpr (Archive::is_loading::value) {
      seen_.resize(static_cast<std::size_t>(layer_.features()));
    }
    bool are_seen = true;
    for (Seen& seen : seen_) {
      archive& seen.count& seen.settled& seen.pending;
      are_seen =
          are_seen && seen.count >= 0 && seen.count <= n && seen.settled >= 0 && seen.pending >= 0;
    }
    return are_seen && (state_.bottomRows(units) >= 0).all();
  }

  /// Call it first: n depends on whether there is a layer.
  template <class Archive>
  bool transfer_layer(Archive& archive) {
    return layer_.transfer(archive);
  }

 private:
  // What is known about a feature: the number of the last observation made, and the sums of M2 |x|
  // and of (x - m)^2 |x| over its units. They share one place, because reaching a row's memory
  // takes longer than computing with it.
  struct Seen {
    std::int64_t count = 0;
    Sum settled = 0;
    Sum pending = 0;

    friend bool operator==(const Seen& a, const Seen& b) {
      return a.count == b.count && equal_bits(a.settled, b.settled) &&
             equal_bits(a.pending, b.pending);
    }
  };

  template <bool with_magnitude>
  void update(Index feature, const WeightSource<Scalar>& weights, std::int64_t n) {
    Seen& seen = seen_[static_cast<std::size_t>(feature)];
    const LazyWelfordFactors<Scalar> factors(n, seen.count);
    const Index units = layer_.units();
    Scalar* const last = state_.data() + feature * state_.rows();
    LaneSum<Sum> settled;
    LaneSum<Sum> pending;
    ChunkBuffer<Scalar> buffer;
    for (Index unit = 0; unit < units; unit += chunk_length) {
      const Index length = (std::min)(chunk_length, units - unit);
      lazy_welford_update<with_magnitude>(
          weights.chunk(Axis::Units, unit, feature, length, buffer.data()), last + unit,
          last + units + unit, last + 2 * units + unit, length, factors, settled, pending);
    }
    seen = {n, settled.total(), pending.total()};
  }

  Layer layer_;
  // A column per feature: x, m, M2.
  Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> state_;
  std::vector<Seen> seen_;
  std::vector<Index> touched_;  // not part of the state
};

}  // namespace viann::detail
