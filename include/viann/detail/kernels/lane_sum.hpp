// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <type_traits>

#include "viann/detail/requirements.hpp"

/// The kernels are plain loops over pointers and a length, templates of the scalar alone. Compilers
/// vectorise them, because pointers are restrict and the inner loop has a fixed length: g++ 12 and
/// clang++ 14 from -O2 on. They are not inlined, because in inlined code g++ forgets that pointers
/// are restrict. Only their speed depends on all this, not their results.

namespace viann::detail {

using Index = Eigen::Index;

/// A sum over many units keeps double's digits also where the state is float.
template <typename Scalar>
using SumOf = std::conditional_t<std::is_same_v<Scalar, float>, double, Scalar>;

/// The fixed length: eight doubles fill one register of AVX-512, two of AVX, four of SSE2.
inline constexpr int lanes = 8;

/// Calls body(i, lane) for i from 0 to n - 1. The lane is i % lanes, except that the last elements,
/// if they do not fill all lanes, have the lane `lanes`.
template <typename Body>
[[gnu::always_inline]] inline void for_each_in_lanes(Index n, const Body& body) {
  const Index whole = n - n % lanes;
  for (Index i = 0; i < whole; i += lanes) {
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)  // nvcc warns
#pragma GCC unroll 1  // unrolled before it is vectorised, it takes up to five times as long
#endif
    for (int lane = 0; lane < lanes; ++lane) body(i + lane, lane);
  }
  for (Index i = whole; i < n; ++i) body(i, lanes);
}

/// A sum with one partial sum per lane. With a single one, every addition would wait for the last.
template <typename Sum>
class LaneSum {
 public:
  Sum& operator[](int lane) { return partial_[lane]; }

  Sum total() const {
    static_assert(lanes == 8);
    const Sum* const p = partial_;
    return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7])) + p[lanes];
  }

 private:
  Sum partial_[lanes + 1] = {};  // NOLINT(*-avoid-c-arrays): a plain loop's array
};

/// The inner product of n numbers each.
template <typename Number, typename Sum>
[[gnu::noinline]] Sum dot(const Number* __restrict__ x, const Sum* __restrict__ y, Index n) {
  LaneSum<Sum> sum;
  for_each_in_lanes(n,
                    [=, &sum](Index i, int lane) { sum[lane] += static_cast<Sum>(x[i]) * y[i]; });
  return sum.total();
}

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
