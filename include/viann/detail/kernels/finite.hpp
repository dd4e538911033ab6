// SPDX-License-Identifier: MIT
#pragma once

#include "viann/detail/kernels/lane_sum.hpp"

namespace viann::detail {

/// Whether n numbers are all finite.
///
/// 0 * x is 0 for a finite x and NaN for any other, so one vectorised sum is enough; isfinite() for
/// each number takes several times as long. Like every test for NaN, this one fails under
/// -ffast-math.
template <typename Scalar>
[[gnu::noinline]] bool all_finite(const Scalar* __restrict__ x, Index n) {
  LaneSum<Scalar> zeros;
  for_each_in_lanes(n, [&](Index i, int lane) { zeros[lane] += x[i] * Scalar(0); });
  return zeros.total() == 0;
}

}  // namespace viann::detail
