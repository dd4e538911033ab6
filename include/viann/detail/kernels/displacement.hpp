// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "viann/detail/kernels/lane_sum.hpp"

namespace viann::detail {

/// Sums over the units of a feature, with d = w - w(0) and s = sign w(0).
template <typename Sum>
struct DisplacementSums {
  Sum d_d = 0;    // of d^2
  Sum d_w0 = 0;   // of d w(0)
  Sum d_s = 0;    // of d s
  Sum w0_w0 = 0;  // of w(0)^2
  Sum w0_s = 0;   // of |w(0)|
  Sum s_s = 0;    // of s^2
};

/// The sign of w. Compilers vectorise this form, but not one with two comparisons.
template <typename Sum>
inline Sum sign(Sum w) {
  return w == 0 ? Sum(0) : std::copysign(Sum(1), w);
}

/// Adds the terms of n weights.
template <typename Scalar>
[[gnu::noinline]] void add_displacement_terms(const Scalar* __restrict__ weights,
                                              const Scalar* __restrict__ initial, Index n,
                                              DisplacementSums<SumOf<Scalar>>& sums) {
  using Sum = SumOf<Scalar>;
  LaneSum<Sum> d_d;
  LaneSum<Sum> d_w0;
  LaneSum<Sum> d_s;
  LaneSum<Sum> w0_w0;
  LaneSum<Sum> w0_s;
  LaneSum<Sum> s_s;
  for_each_in_lanes(n, [=, &d_d, &d_w0, &d_s, &w0_w0, &w0_s, &s_s](Index i, int lane) {
    const Sum w0 = initial[i];
    const Sum d = weights[i] - w0;
    const Sum s = sign(w0);
    d_d[lane] += d * d;
    d_w0[lane] += d * w0;
    d_s[lane] += d * s;
    w0_w0[lane] += w0 * w0;
    w0_s[lane] += w0 * s;
    s_s[lane] += s * s;
  });
  sums.d_d += d_d.total();
  sums.d_w0 += d_w0.total();
  sums.d_s += d_s.total();
  sums.w0_w0 += w0_w0.total();
  sums.w0_s += w0_s.total();
  sums.s_s += s_s.total();
}

/// What weight decay may have done to a feature: it may have taken along_initial * w(0) +
/// along_sign * s from w(0).
template <typename Sum>
struct Decay {
  Sum along_initial = 0;
  Sum along_sign = 0;
  Sum rest = 1;  // 0 if what decay leaves of d cannot be told from rounding
};

/// The least-squares fit of -d by w(0) and s with coefficients that are not negative, because decay
/// only makes weights smaller, and that take no more than all of w(0).
template <typename Sum>
Decay<Sum> fit_decay(const DisplacementSums<Sum>& sums, Index units) {
  Decay<Sum> decay;
  const bool has_inverse = sums.w0_w0 >= (std::numeric_limits<Sum>::min)();
  if (!has_inverse || !std::isfinite(sums.w0_w0 + sums.d_d)) return decay;
  const Sum along_initial = -sums.d_w0;
  const Sum along_sign = -sums.d_s;
  const Sum slope = sums.w0_s / sums.w0_w0;
  const Sum across = sums.s_s - slope * sums.w0_s;  // of s, orthogonal to w(0), squared
  if (across > 0) decay.along_sign = (along_sign - slope * along_initial) / across;
  decay.along_initial = along_initial / sums.w0_w0 - decay.along_sign * slope;
  if (decay.along_initial < 0 || decay.along_sign < 0) {  // then one of the two alone fits best
    const Sum a = along_initial > 0 ? along_initial / sums.w0_w0 : Sum(0);
    const Sum b = along_sign > 0 ? along_sign / sums.s_s : Sum(0);
    const bool is_initial = a * along_initial >= b * along_sign;
    decay.along_initial = is_initial ? a : Sum(0);
    decay.along_sign = is_initial ? Sum(0) : b;
  }
  const Sum taken = decay.along_initial + decay.along_sign * slope;
  if (taken > 1) {  // the fit's part along w(0) is limited; the part across it stays, if it may
    decay.along_sign = (std::min)(decay.along_sign, 1 / slope);
    decay.along_initial = (std::max)(Sum(0), 1 - decay.along_sign * slope);
  }
  const Sum a = decay.along_initial;
  const Sum b = decay.along_sign;
  const Sum square = sums.d_d - 2 * (a * along_initial + b * along_sign) +
                     (a * a * sums.w0_w0 + 2 * a * b * sums.w0_s + b * b * sums.s_s);
  const Sum rounding = static_cast<Sum>(units) * std::numeric_limits<Sum>::epsilon() * sums.d_d;
  if (square <= rounding) decay.rest = 0;
  return decay;
}

/// Sets D to the displacement of n weights without decay.
template <typename Scalar>
[[gnu::noinline]] void remove_decay(const Scalar* __restrict__ weights,
                                    const Scalar* __restrict__ initial, Index n,
                                    Decay<SumOf<Scalar>> decay, SumOf<Scalar>* __restrict__ D) {
  using Sum = SumOf<Scalar>;
  for_each_in_lanes(n, [=](Index i, int) {
    const Sum w0 = initial[i];
    const Sum d = weights[i] - w0;
    D[i] = decay.rest * (d + (decay.along_initial * w0 + decay.along_sign * sign(w0)));
  });
}

}  // namespace viann::detail
