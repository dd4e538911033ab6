// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "viann/detail/kernels/lane_sum.hpp"

namespace viann::detail {

/// The factors of an update by the n-th observation (formula: WelfordAccumulator).
template <typename Scalar>
struct WelfordFactors {
  explicit WelfordFactors(std::int64_t n)
      : shrink(static_cast<Scalar>(n - 1) / static_cast<Scalar>(n)),
        inverse(Scalar(1) / static_cast<Scalar>(n)) {}

  Scalar shrink;   // (n - 1) / n
  Scalar inverse;  // 1 / n
};

/// Updates one mean and M2 by x. \returns the new M2.
template <typename Scalar>
inline Scalar welford_update(Scalar x, Scalar& mean, Scalar& m2, WelfordFactors<Scalar> factors) {
  const Scalar d = x - mean;
  // With this order of factors the first observation, whose shrink is 0, cannot overflow.
  m2 += d * (d * factors.shrink);
  mean += d * factors.inverse;
  return m2;
}

/// The term of a weight in its feature's sum: v |w|, or v alone.
template <bool with_magnitude, typename Sum>
inline Sum score_term(Sum v, Sum w) {
  return with_magnitude ? v * std::abs(w) : v;
}

/// Updates n means and M2 by n values x.
template <typename Scalar>
[[gnu::noinline]] void welford_update(const Scalar* __restrict__ x, Scalar* __restrict__ mean,
                                      Scalar* __restrict__ m2, Index n,
                                      WelfordFactors<Scalar> factors) {
  for_each_in_lanes(n, [=](Index i, int) { welford_update(x[i], mean[i], m2[i], factors); });
}

/// The same for n weights of one feature. \returns the sum of their terms M2 |x|, or M2.
template <bool with_magnitude, typename Scalar>
[[gnu::noinline]] SumOf<Scalar> welford_update_and_sum(const Scalar* __restrict__ x,
                                                       Scalar* __restrict__ mean,
                                                       Scalar* __restrict__ m2, Index n,
                                                       WelfordFactors<Scalar> factors) {
  using Sum = SumOf<Scalar>;
  LaneSum<Sum> sum;
  for_each_in_lanes(n, [=, &sum](Index i, int lane) {
    const Sum updated = welford_update(x[i], mean[i], m2[i], factors);
    sum[lane] += score_term<with_magnitude>(updated, static_cast<Sum>(x[i]));
  });
  return sum.total();
}

/// The same for one weight of each of n features: adds their terms to the features' sums.
template <bool with_magnitude, typename Scalar>
[[gnu::noinline]] void welford_update_and_add(const Scalar* __restrict__ x,
                                              Scalar* __restrict__ mean, Scalar* __restrict__ m2,
                                              Index n, WelfordFactors<Scalar> factors,
                                              SumOf<Scalar>* __restrict__ sums) {
  using Sum = SumOf<Scalar>;
  for_each_in_lanes(n, [=](Index i, int) {
    const Sum updated = welford_update(x[i], mean[i], m2[i], factors);
    sums[i] += score_term<with_magnitude>(updated, static_cast<Sum>(x[i]));
  });
}

/// Merges the means and M2 of other_n observations into those of n, element by element (T. F. Chan,
/// G. H. Golub, R. J. LeVeque, The American Statistician 37(3), 1983). Both may be the same memory.
template <typename Scalar>
void merge_moments(std::int64_t n, Scalar* mean, Scalar* m2, std::int64_t other_n,
                   const Scalar* other_mean, const Scalar* other_m2, Index size) {
  const auto ours = static_cast<Scalar>(n);
  const auto theirs = static_cast<Scalar>(other_n);
  const Scalar share = theirs / (ours + theirs);
  for (Index i = 0; i < size; ++i) {
    const Scalar d = other_mean[i] - mean[i];
    m2[i] += other_m2[i] + d * (d * (ours * share));
    mean[i] += d * share;
  }
}

}  // namespace viann::detail
