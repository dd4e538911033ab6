// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

#include "viann/detail/kernels/lane_sum.hpp"

/// Products with a symmetric matrix C: n x n, column-major, only the lower triangle stored. They
/// take four vectors at once, one after the other in memory, so that C is read once for all four.

namespace viann::detail {

inline constexpr Index vectors = 4;

/// Adds a column of x x', from the diagonal down, to that of C, for each of the vectors x.
/// \param x  the vectors from the row of the diagonal on, `stride` numbers apart
template <typename Sum>
[[gnu::noinline]] void add_outer_products_to_column(const Sum* __restrict__ x, Index stride,
                                                    Index n, Sum* __restrict__ column) {
  const Sum* const y = x + stride;
  const Sum* const z = y + stride;
  const Sum* const u = z + stride;
  const std::array<Sum, 4> first = {x[0], y[0], z[0], u[0]};
  for_each_in_lanes(n, [=](Index i, int) {
    column[i] += (first[0] * x[i] + first[1] * y[i]) + (first[2] * z[i] + first[3] * u[i]);
  });
}

/// The products of a column of C, from the diagonal down, with the vectors. Parameters as above.
template <typename Sum>
[[gnu::noinline]] std::array<Sum, 4> products_with_column(const Sum* __restrict__ x, Index stride,
                                                          Index n, const Sum* __restrict__ column) {
  const Sum* const y = x + stride;
  const Sum* const z = y + stride;
  const Sum* const u = z + stride;
  std::array<LaneSum<Sum>, 4> sums;
  for_each_in_lanes(n, [=, &sums](Index i, int lane) {
    sums[0][lane] += column[i] * x[i];
    sums[1][lane] += column[i] * y[i];
    sums[2][lane] += column[i] * z[i];
    sums[3][lane] += column[i] * u[i];
  });
  return {sums[0].total(), sums[1].total(), sums[2].total(), sums[3].total()};
}

/// Adds x x' to C, for each of the vectors.
template <typename Sum>
void add_outer_products(const Sum* x, Index n, Sum* C) {
  for (Index i = 0; i < n; ++i) add_outer_products_to_column(x + i, n, n - i, C + i * n + i);
}

/// x' C x of each of the vectors.
template <typename Sum>
std::array<Sum, 4> quadratic_forms(const Sum* x, Index n, const Sum* C) {
  std::array<Sum, 4> forms{};
  for (Index i = 0; i < n; ++i) {
    const Sum* const column = C + i * n + i;
    const auto products = products_with_column(x + i, n, n - i, column);
    for (std::size_t k = 0; k < 4; ++k) {
      const Sum first = x[static_cast<Index>(k) * n + i];
      forms[k] +=
          first * (2 * products[k] - column[0] * first);  // off the diagonal, all occur twice
    }
  }
  return forms;
}

}  // namespace viann::detail
