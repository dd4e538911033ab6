// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <type_traits>

namespace viann::detail {

/// What a sweep keeps together: the coefficients of a row, or of a column. They are met in order,
/// and those of a column by one thread, those of a row by one thread for each group of columns. A
/// sum along them then needs no lock, and its rounding does not depend on the number of threads.
enum class KeepTogether { Rows, Columns };

/// A group of columns that is kept together: large enough that sums by row and group take little
/// memory beside the columns, small enough that a layer of some width has one for every thread.
inline constexpr Eigen::Index group_length = 32;

/// How many there are: one at least.
inline Eigen::Index groups_of(Eigen::Index cols) { return 1 + (cols - 1) / group_length; }

/// A few stretches of doubles fit into a first-level cache of 32 KiB at once.
inline constexpr Eigen::Index stretch_length = 512;

/// A block of doubles fills one register of AVX-512, two of AVX, four of SSE2.
inline constexpr int block_length = 8;

/// Below this many coefficients waking threads costs more than it saves.
inline constexpr Eigen::Index parallel_size = Eigen::Index{1} << 17;

/// Has memory fetched that is to be written soon.
inline void prefetch([[maybe_unused]] const void* memory) {
#ifdef __GNUC__
  __builtin_prefetch(memory, 1);
#endif
}

/// How many threads a walk over so many coefficients is worth.
inline int threads_for([[maybe_unused]] Eigen::Index size) {
#ifdef _OPENMP
  if (size >= parallel_size) return std::max(1, Eigen::nbThreads());
#endif
  return 1;
}

/// Calls body(part) for every part, from several threads if there are. OpenMP is not asked for one:
/// it takes microseconds to say no.
template <typename Body>
void for_each_part(Eigen::Index parts, [[maybe_unused]] int threads, const Body& body) {
#ifdef _OPENMP
  if (std::min<Eigen::Index>(threads, parts) > 1) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (Eigen::Index part = 0; part < parts; ++part) body(part);
    return;
  }
#endif
  for (Eigen::Index part = 0; part < parts; ++part) body(part);
}

/// Part of a column: `length` coefficients, at most stretch_length, from (row, col) downwards.
struct Stretch {
  Eigen::Index row;
  Eigen::Index col;
  Eigen::Index length;
  Eigen::Index group;  // of the column among groups_of(cols) where rows are kept together, else 0
};

/// Walks a column-major rows x cols array in memory order, in stretches.
/// \param body  called as body(stretch); must not throw. Called from several threads under OpenMP.
template <KeepTogether keep, typename Body>
void for_each_stretch(Eigen::Index rows, Eigen::Index cols, const Body& body) {
  using Eigen::Index;
  const auto column = [&](Index begin, Index end, Index col, Index group) {
    for (Index row = begin; row < end; row += stretch_length) {
      body(Stretch{row, col, std::min(stretch_length, end - row), group});
    }
  };

  const int threads = threads_for(rows * cols);
  if constexpr (keep == KeepTogether::Columns) {
    for_each_part(cols, threads, [&](Index col) { column(0, rows, col, 0); });
  } else {
    // Rows are shared out, too, if there are few groups, but not in short panels: there threads
    // would fetch each other's memory in advance, and two be slower than one. In long ones the
    // sums leave the cache.
    constexpr Index shortest = 16 * stretch_length;
    constexpr Index longest = 64 * stretch_length;
    // Of whole blocks, so that a coefficient is met in the same block whatever their number.
    constexpr Index whole = Index{2} * block_length;
    const auto divide_up = [](Index a, Index b) { return (a + b - 1) / b; };
    const Index groups = groups_of(cols);
    const Index shares = std::clamp<Index>(rows / shortest, 1, divide_up(threads, groups));
    const Index wanted = shares * divide_up(rows, shares * longest);
    const Index length = divide_up(divide_up(rows, wanted), whole) * whole;
    const Index panels = divide_up(rows, length);
    for_each_part(groups * panels, threads, [&](Index part) {
      const Index group = part / panels;
      const Index begin = part % panels * length;
      const Index end = std::min(rows, begin + length);
      const Index end_col = std::min(cols, (group + 1) * group_length);
      for (Index col = group * group_length; col < end_col; ++col) column(begin, end, col, group);
    });
  }
}

/// The numbers of a stretch as Scalars side by side in memory: where they are if they lie so, else
/// in a copy. What reads them is compiled once for all kinds of weights.
template <typename Scalar>
class Contiguous {
 public:
  using Result = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

  /// \param numbers  at most stretch_length numbers; the result is valid until the next call
  template <typename Derived>
  Result operator()(const Eigen::DenseBase<Derived>& numbers) {
    if constexpr (std::is_same_v<typename Derived::Scalar, Scalar> &&
                  (int{Derived::Flags} & int{Eigen::DirectAccessBit}) != 0 &&
                  int{Derived::InnerStrideAtCompileTime} == 1) {
      return Result(numbers.derived().data(), numbers.size());
    } else {
      copy_.head(numbers.size()) = numbers.derived().array().template cast<Scalar>();
      return Result(copy_.data(), numbers.size());
    }
  }

 private:
  Eigen::Array<Scalar, int{stretch_length}, 1> copy_;
};

/// Cuts a stretch into blocks of a fixed size, so that what several expressions need of a block
/// stays in registers: body(offset, n), with n as Eigen's segment(offset, n) takes it.
template <int block = block_length, typename Body>
void for_each_block(Eigen::Index length, const Body& body) {
  const auto rest = static_cast<int>(length % block);
  const Eigen::Index whole = length - rest;
  for (Eigen::Index offset = 0; offset < whole; offset += block) body(offset, Eigen::fix<block>);
  for (int k = 0; k < rest; ++k) body(whole + k, Eigen::fix<1>);
}

}  // namespace viann::detail
