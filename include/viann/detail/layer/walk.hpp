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

/// Walks a column-major rows x cols array in chunks, by several threads if it is large. A thread's
/// share is a range of features, each of whose chunks it visits in order. So sums by feature need
/// no lock, and round alike for any number of threads. \param contiguous_axis  what lies along a
/// column: a feature's units, or the features \param body  called as body(chunk), from several
/// threads; must not throw
template <typename Body>
void walk(Axis contiguous_axis, Index rows, Index cols, const Body& body) {
  const int threads = threads_for(rows * cols);
  if (contiguous_axis == Axis::Units) {
    for_each_part(cols, threads, [&](Index col) {
      for (Index row = 0; row < rows; row += chunk_length) {
        body(Chunk{row, col, (std::min)(chunk_length, rows - row)});
      }
    });
  } else {
    // As few parts as there are threads, since long columns are read fastest, but short enough that
    // their features' sums stay in the cache.
    const Index chunks = divide_up(rows, chunk_length);
    const Index parts = (std::max)(std::min<Index>(threads, chunks), divide_up(chunks, 64));
    for_each_part(parts, threads, [&](Index part) {
      const Index end = (std::min)(rows, (part + 1) * chunks / parts * chunk_length);
      for (Index col = 0; col < cols; ++col) {
        for (Index row = part * chunks / parts * chunk_length; row < end; row += chunk_length) {
          body(Chunk{row, col, (std::min)(chunk_length, end - row)});
        }
      }
    });
  }
}

}  // namespace viann::detail
