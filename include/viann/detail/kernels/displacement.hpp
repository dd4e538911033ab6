// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "viann/detail/kernels/lane_sum.hpp"

namespace viann::detail {

/// Sums over weights w of a feature, with d = w - w(0).
template <typename Sum>
struct DisplacementSums {
  Sum magnitude;      // of w^2
  Sum displacement;   // of d^2
  Sum along_initial;  // of d w(0)
  Sum along_sign;     // of d sign w(0)
};

/// The sign of w. Compilers vectorise this form, but not one with two comparisons.
template <typename Sum>
inline Sum sign(Sum w) {
  return w == 0 ? Sum(0) : std::copysign(Sum(1), w);
}

/// The sums of n weights of one feature.
template <typename Scalar>
[[gnu::noinline]] DisplacementSums<SumOf<Scalar>> displacement_sums(
    const Scalar* __restrict__ weights, const Scalar* __restrict__ initial, Index n) {
  using Sum = SumOf<Scalar>;
  LaneSum<Sum> magnitude;
  LaneSum<Sum> displacement;
  LaneSum<Sum> along_initial;
  LaneSum<Sum> along_sign;
  for_each_in_lanes(n,
                    [=, &magnitude, &displacement, &along_initial, &along_sign](Index i, int lane) {
                      const Sum w = weights[i];
                      const Sum w0 = initial[i];
                      const Sum d = w - w0;
                      magnitude[lane] += w * w;
                      displacement[lane] += d * d;
                      along_initial[lane] += d * w0;
                      along_sign[lane] += d * sign(w0);
                    });
  return {magnitude.total(), displacement.total(), along_initial.total(), along_sign.total()};
}

/// Adds the terms of one weight of each of n features to the features' sums.
template <typename Scalar>
[[gnu::noinline]] void add_displacement_terms(const Scalar* __restrict__ weights,
                                              const Scalar* __restrict__ initial, Index n,
                                              SumOf<Scalar>* __restrict__ magnitude,
                                              SumOf<Scalar>* __restrict__ displacement,
                                              SumOf<Scalar>* __restrict__ along_initial,
                                              SumOf<Scalar>* __restrict__ along_sign) {
  using Sum = SumOf<Scalar>;
  for_each_in_lanes(n, [=](Index i, int) {
    const Sum w = weights[i];
    const Sum w0 = initial[i];
    const Sum d = w - w0;
    magnitude[i] += w * w;
    displacement[i] += d * d;
    along_initial[i] += d * w0;
    along_sign[i] += d * sign(w0);
  });
}

}  // namespace viann::detail
