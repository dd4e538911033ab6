// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "viann/detail/kernels/lane_sum.hpp"
#include "viann/detail/kernels/welford.hpp"

namespace viann::detail {

/// The factors of an update by the n-th observation when the last one made was the seen-th. The
/// weight did not move in the observations between.
template <typename Scalar>
struct LazyWelfordFactors {
  LazyWelfordFactors(std::int64_t n, std::int64_t seen)
      : now(n),
        missed(n == 1 ? Scalar(0) : static_cast<Scalar>(n - 1 - seen) / static_cast<Scalar>(n - 1)),
        missed_m2(static_cast<Scalar>(seen) * missed) {}

  WelfordFactors<Scalar> now;
  Scalar missed;     // k / (c + k), with c = seen and k the observations between
  Scalar missed_m2;  // c k / (c + k)
};

/// Updates the means and M2 of n weights of a feature, first by the observations that were not
/// made, in which the weights were `last`, and then by x (formula: LazyVarianceImportance).
/// \param settled  gets the terms M2 |x|, or M2
/// \param pending  gets the terms (x - mean)^2 |x|, or (x - mean)^2
template <bool with_magnitude, typename Scalar>
[[gnu::noinline]] void lazy_welford_update(const Scalar* __restrict__ x, Scalar* __restrict__ last,
                                           Scalar* __restrict__ mean, Scalar* __restrict__ m2,
                                           Index n, LazyWelfordFactors<Scalar> factors,
                                           LaneSum<SumOf<Scalar>>& settled,
                                           LaneSum<SumOf<Scalar>>& pending) {
  using Sum = SumOf<Scalar>;
  LaneSum<Sum> settled_here = settled;  // a local copy can stay in registers
  LaneSum<Sum> pending_here = pending;
  for_each_in_lanes(n, [=, &settled_here, &pending_here](Index i, int lane) {
    const Scalar since = last[i] - mean[i];
    m2[i] += since * (since * factors.missed_m2);
    mean[i] += since * factors.missed;
    const Sum updated = welford_update(x[i], mean[i], m2[i], factors.now);
    last[i] = x[i];
    const Sum w = x[i];
    const Sum away = x[i] - mean[i];
    settled_here[lane] += score_term<with_magnitude>(updated, w);
    pending_here[lane] += score_term<with_magnitude>(away * away, w);
  });
  settled = settled_here;
  pending = pending_here;
}

}  // namespace viann::detail
