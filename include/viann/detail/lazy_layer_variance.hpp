// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "viann/detail/archive.hpp"
#include "viann/detail/expressions.hpp"
#include "viann/detail/feature_sums.hpp"
#include "viann/detail/layer.hpp"
#include "viann/detail/sweep.hpp"
#include "viann/variance_options.hpp"
#include "viann/weight_view.hpp"

namespace viann::detail {

/// What LayerVariance knows of a layer of which only some features are observed at a time. The
/// others did not move; how often that was observed is made up for when they are observed again,
/// or reckoned with when their sums are read (formula: LazyVarianceImportance).
template <typename Scalar>
class LazyLayerVariance {
 public:
  using Index = Eigen::Index;
  using Sum = SumOf<Scalar>;

  const Layer& layer() const { return layer_; }

  /// Keeps the weights of all features, which passed the layer's check. They are no observation.
  template <typename Stored>
  void start(const WeightView<Stored>& weights) {
    layer_.learn(weights, false);  // a feature is what is observed: its weights lie side by side
    const Index units = layer_.units();
    state_.setZero(3 * units, layer_.features());
    state_.topRows(units) =
        in_memory<true>(weights.features_by_units()).array().template cast<Scalar>();
    seen_.assign(static_cast<std::size_t>(layer_.features()), Seen());
  }

  /// Has the memory of a feature fetched, for an observe() that comes soon.
  void prefetch(Index feature) const {
    constexpr Index line = Index{64} / Index{sizeof(Scalar)};
    const Scalar* const column = state_.col(feature).data();
    for (Index i = 0; i < state_.rows(); i += line) detail::prefetch(column + i);
    detail::prefetch(&seen_[static_cast<std::size_t>(feature)]);
  }

  /// Takes in the finite weights x of a feature after n observations of the layer; once, however
  /// often it is called.
  template <typename Values>
  [[gnu::flatten]] void observe(Index feature, const Values& x, std::int64_t n,
                                ScoreCombination combination) {
    Seen& seen = seen_[static_cast<std::size_t>(feature)];
    if (seen.count > n) return;  // repeated
    const Scalar missed =
        n == 0 ? Scalar(0) : static_cast<Scalar>(n - seen.count) / static_cast<Scalar>(n);
    const Scalar missed_m2 = static_cast<Scalar>(seen.count) * missed;
    const Scalar inverse = Scalar(1) / static_cast<Scalar>(n + 1);
    const Scalar shrink = static_cast<Scalar>(n) / static_cast<Scalar>(n + 1);
    BlockSum<Sum> settled;
    BlockSum<Sum> pending;
    const Index units = layer_.units();
    auto lasts = state_.col(feature).head(units);
    auto means = state_.col(feature).segment(units, units);
    auto sums = state_.col(feature).tail(units);
    for_each_block(units, [&](Index offset, auto length) {
      auto last = lasts.segment(offset, length);
      auto mean = means.segment(offset, length);
      auto m2 = sums.segment(offset, length);
      const auto now = x.segment(offset, length).template cast<Scalar>().eval();
      const auto since = (last - mean).eval();
      const auto mean_before = (mean + since * missed).eval();
      const auto d = (now - mean_before).eval();
      const auto sum = (m2 + since * (since * missed_m2) + d * (d * shrink)).eval();
      const auto mean_now = (mean_before + d * inverse).eval();
      last = now;
      mean = mean_now;
      m2 = sum;
      const auto w = now.template cast<Sum>().eval();
      combine(combination, sum.template cast<Sum>().eval(), w,
              [&](const auto& terms) { settled.add(terms); });
      combine(combination, (now - mean_now).template cast<Sum>().eval().square(), w,
              [&](const auto& terms) { pending.add(terms); });
    });
    seen = {n + 1, settled.value(), pending.value()};
  }

  /// Of a feature after n observations: the sum over its units of M2 |x|, or of M2.
  Sum sum(Index feature, std::int64_t n) const {
    const Seen& seen = seen_[static_cast<std::size_t>(feature)];
    const auto c = static_cast<Sum>(seen.count);
    const auto k = static_cast<Sum>(n - seen.count);
    return seen.settled + seen.pending * (c * k / static_cast<Sum>(n));
  }

  friend bool operator==(const LazyLayerVariance& a, const LazyLayerVariance& b) {
    return a.layer_ == b.layer_ &&
           (!a.layer_.known() || (a.seen_ == b.seen_ && (a.state_ == b.state_).all()));
  }

  /// \returns whether what was saved, or loaded, is the state of one layer after n observations.
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

  /// To be called first: n depends on whether there is a layer.
  template <class Archive>
  bool transfer_layer(Archive& archive) {
    return layer_.transfer(archive);
  }

 private:
  /// Of a feature: observations made, and of |x| times M2 and times (x - m)^2 the sums over its
  /// units. In one place, because to reach a row's memory takes longer than to reckon with it.
  struct Seen {
    std::int64_t count = 0;
    Sum settled = 0;
    Sum pending = 0;

    friend bool operator==(const Seen& a, const Seen& b) {
      return a.count == b.count && a.settled == b.settled && a.pending == b.pending;
    }
  };

  Layer layer_;
  Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic> state_;  // by feature a column: x, m, M2
  std::vector<Seen> seen_;
};

}  // namespace viann::detail
