// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <type_traits>

namespace viann::detail {

/// How the stretches of a sweep may be shared out among threads: those of the same rows stay
/// together in one thread and run in the order of the columns, or those of the same column stay
/// together and run in the order of the rows. A sum along the other axis then needs no lock, and
/// its rounding does not depend on the number of threads.
enum class KeepTogether { Rows, Columns };

/// A few stretches of doubles fit into a first-level cache of 32 KiB at once, so that several
/// Eigen expressions over one stretch cost a single pass over memory.
inline constexpr Eigen::Index stretch_length = 512;

/// Below this many coefficients waking threads costs more than it saves.
inline constexpr Eigen::Index parallel_size = Eigen::Index{1} << 17;

/// Walks a column-major rows x cols array in memory order, in stretches of one column.
/// \param body  called as body(row, col, length) for length <= stretch_length coefficients from
///              (row, col) downwards; must not throw. Called from several threads under OpenMP.
template <KeepTogether keep, typename Body>
void for_each_stretch(Eigen::Index rows, Eigen::Index cols, const Body& body) {
  using Eigen::Index;
  const auto column = [&](Index begin, Index end, Index col) {
    for (Index row = begin; row < end; row += stretch_length) {
      body(row, col, std::min(stretch_length, end - row));
    }
  };

  // Long panels keep the hardware's prefetching busy; with one per thread at least, all share.
  [[maybe_unused]] const Index threads = Eigen::nbThreads();
  constexpr Index longest_panel = 16 * stretch_length;
  const Index panel_length = keep == KeepTogether::Columns
                                 ? rows
                                 : std::min(longest_panel, std::max(Index{64}, rows / threads));
  const Index parts = keep == KeepTogether::Columns ? cols : (rows - 1) / panel_length + 1;

#ifdef _OPENMP
#pragma omp parallel for schedule(static) \
    num_threads(static_cast <int>(threads)) if (rows * cols >= parallel_size && threads > 1)
#endif
  for (Index part = 0; part < parts; ++part) {
    if constexpr (keep == KeepTogether::Columns) {
      column(0, rows, part);
    } else {
      const Index begin = part * panel_length;
      const Index end = std::min(rows, begin + panel_length);
      for (Index col = 0; col < cols; ++col) column(begin, end, col);
    }
  }
}

/// Adds the terms of a stretch from (row, col) downwards to the sums of their features, which are
/// what the sweep keeps together.
template <KeepTogether keep, typename Sums, typename Terms>
void add_by_feature(Sums& sums, Eigen::Index row, Eigen::Index col, const Terms& terms) {
  if constexpr (keep == KeepTogether::Rows) {
    sums.segment(row, terms.size()) += terms;
  } else {
    sums[col] += terms.sum();
  }
}

/// A sum over many units keeps double's digits also where the state is float.
template <typename Scalar>
using SumOf = std::conditional_t<std::is_same_v<Scalar, float>, double, Scalar>;

}  // namespace viann::detail
