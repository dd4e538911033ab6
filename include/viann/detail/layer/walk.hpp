// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>

namespace viann::detail {

using Index = Eigen::Index;

/// The axes of a layer's weights.
enum class Axis { Features, Units };

/// Chunks of a few arrays of doubles fit together into a first-level cache of 32 KiB.
inline constexpr Index chunk_length = 512;

/// If a feature's sum runs across columns, every group of columns has its own sums. A group is wide
/// enough that these take little memory beside the columns, and narrow enough that a layer of some
/// width has a group for every thread.
inline constexpr Index group_width = 32;

inline constexpr Index divide_up(Index a, Index b) { return (a + b - 1) / b; }

/// Below this many weights, waking threads costs more than it saves.
inline constexpr Index parallel_size = Index{1} << 17;

/// How many threads to use for so many weights: those that Eigen may use.
inline int threads_for([[maybe_unused]] Index size) {
#ifdef _OPENMP
  if (size >= parallel_size) return (std::max)(1, Eigen::nbThreads());
#endif
  return 1;
}

/// Calls body(part) for every part, from several threads if there are. A single thread does not
/// call OpenMP, which would take microseconds.
template <typename Body>
void for_each_part(Index parts, [[maybe_unused]] int threads, const Body& body) {
#ifdef _OPENMP
  if (std::min<Index>(threads, parts) > 1) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (Index part = 0; part < parts; ++part) body(part);
    return;
  }
#endif
  for (Index part = 0; part < parts; ++part) body(part);
}

/// Part of a column: `length` elements, at most chunk_length, from (row, col) downwards.
struct Chunk {
  Index row;
  Index col;
  Index length;
  Index group;  // the column's, if the rows are features, see walk()
};

/// Memory for a chunk. The constructor keeps it from being set to 0.
template <typename Scalar>
class ChunkBuffer {
 public:
  // NOLINTNEXTLINE(*-member-init,*-equals-default)
  ChunkBuffer() {}
  Scalar* data() { return numbers_; }

 private:
  Scalar numbers_[chunk_length];  // NOLINT(*-avoid-c-arrays)
};

/// Walks a column-major rows x cols array in chunks, by several threads if it is large.
///
/// Sums by feature need no lock, and round alike for any number of threads. If a column is a
/// feature, one thread visits the column's chunks in order. If a row is a feature, one thread
/// visits the row's elements in each group of columns in order.
/// \param contiguous_axis  what lies along a column: a feature's units, or the features
/// \param body  called as body(chunk), from several threads; must not throw
template <typename Body>
void walk(Axis contiguous_axis, Index rows, Index cols, const Body& body) {
  const int threads = threads_for(rows * cols);
  Index width = 1;
  Index height = rows;
  if (contiguous_axis == Axis::Features) {
    width = group_width;
    // If there are too few groups for the threads, rows are divided into panels, too. In short
    // panels threads would prefetch each other's memory; in long panels sums leave the cache.
    constexpr Index shortest = 16 * chunk_length;
    constexpr Index longest = 64 * chunk_length;
    const Index wanted = divide_up(threads, divide_up(cols, width));
    const Index shares = std::clamp<Index>(rows / shortest, 1, wanted);
    const Index panels = shares * divide_up(rows, shares * longest);
    height = divide_up(divide_up(rows, panels), chunk_length) * chunk_length;
  }
  const Index panels = divide_up(rows, height);
  for_each_part(divide_up(cols, width) * panels, threads, [&](Index part) {
    const Index group = part / panels;
    const Index begin = part % panels * height;
    const Index end = (std::min)(rows, begin + height);
    const Index end_col = (std::min)(cols, (group + 1) * width);
    for (Index col = group * width; col < end_col; ++col) {
      for (Index row = begin; row < end; row += chunk_length) {
        body(Chunk{row, col, (std::min)(chunk_length, end - row), group});
      }
    }
  });
}

}  // namespace viann::detail
