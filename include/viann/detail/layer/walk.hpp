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

inline constexpr Index divide_up(Index a, Index b) { return a / b + (a % b != 0 ? 1 : 0); }

/// The first of n items that belongs to a part; the end of the last is first_of_part(parts, ...).
inline constexpr Index first_of_part(Index part, Index n, Index parts) {
  return part * (n / parts) + (std::min)(part, n % parts);
}

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

/// Walks a column-major rows x cols array in chunks, by several threads if it is large. A thread
/// gets a range of features, and visits the chunks of each in order. So sums by feature need no
/// lock, and round alike for any number of threads.
///
/// \param contiguous_axis  what lies along a column: a feature's units, or the features
/// \param body  called as body(chunk), from several threads; must not throw
template <typename Body>
void walk(Axis contiguous_axis, Index rows, Index cols, const Body& body) {
  const int threads = threads_for(rows * cols);
  const Index chunks = divide_up(rows, chunk_length);
  const auto walk_column = [&](Index col, Index first_chunk, Index end_chunk) {
    for (Index chunk = first_chunk; chunk < end_chunk; ++chunk) {
      const Index row = chunk * chunk_length;
      body(Chunk{row, col, (std::min)(chunk_length, rows - row)});
    }
  };
  if (contiguous_axis == Axis::Units) {
    for_each_part(cols, threads, [&](Index col) { walk_column(col, 0, chunks); });
    return;
  }
  // As few parts as there are threads, since long columns are read fastest, but short enough that
  // their features' sums stay in the cache.
  const Index parts = (std::max)(std::min<Index>(threads, chunks), divide_up(chunks, 64));
  for_each_part(parts, threads, [&](Index part) {
    const Index begin = first_of_part(part, chunks, parts);
    const Index end = first_of_part(part + 1, chunks, parts);
    for (Index col = 0; col < cols; ++col) walk_column(col, begin, end);
  });
}

}  // namespace viann::detail
