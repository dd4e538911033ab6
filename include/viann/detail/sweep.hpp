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

/// A few stretches of doubles fit into a first-level cache of 32 KiB at once.
inline constexpr Eigen::Index stretch_length = 512;

/// A block of doubles fills one register of AVX-512, two of AVX, four of SSE2.
inline constexpr int block_length = 8;

/// Below this many coefficients waking threads costs more than it saves.
inline constexpr Eigen::Index parallel_size = Eigen::Index{1} << 17;

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
  if (threads > 1) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (Eigen::Index part = 0; part < parts; ++part) body(part);
    return;
  }
#endif
  for (Eigen::Index part = 0; part < parts; ++part) body(part);
}

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

  int threads = threads_for(rows * cols);
  Index panel_length = rows;
  if constexpr (keep == KeepTogether::Rows) {
    // Panels as long as can be keep the hardware's prefetching busy, and as many for every thread;
    // of whole blocks, so that a coefficient is met in the same block whatever their number. With
    // short ones, threads fetch each other's memory in advance, and two are slower than one.
    constexpr Index longest = 64 * stretch_length;
    constexpr Index shortest = 16 * stretch_length;
    constexpr Index whole = Index{2} * block_length;
    const auto divide_up = [](Index a, Index b) { return (a + b - 1) / b; };
    threads = static_cast<int>(std::clamp<Index>(rows / shortest, 1, threads));
    const Index panels = threads * divide_up(rows, threads * longest);
    panel_length = divide_up(divide_up(rows, panels), whole) * whole;
  }
  const Index parts =
      keep == KeepTogether::Columns ? cols : (rows + panel_length - 1) / panel_length;
  for_each_part(parts, threads, [&](Index part) {
    if constexpr (keep == KeepTogether::Columns) {
      column(0, rows, part);
    } else {
      const Index begin = part * panel_length;
      const Index end = std::min(rows, begin + panel_length);
      for (Index col = 0; col < cols; ++col) column(begin, end, col);
    }
  });
}

/// The numbers of a stretch as Scalars side by side in memory: where they are if they lie so, else
/// in a copy. What reads them is compiled once for all kinds of weights.
template <typename Scalar>
class Contiguous {
 public:
  using Stretch = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

  /// \param stretch  at most stretch_length numbers; the result is valid until the next call
  template <typename Derived>
  Stretch operator()(const Eigen::DenseBase<Derived>& stretch) {
    if constexpr (std::is_same_v<typename Derived::Scalar, Scalar> &&
                  (int{Derived::Flags} & int{Eigen::DirectAccessBit}) != 0 &&
                  int{Derived::InnerStrideAtCompileTime} == 1) {
      return Stretch(stretch.derived().data(), stretch.size());
    } else {
      copy_.head(stretch.size()) = stretch.derived().array().template cast<Scalar>();
      return Stretch(copy_.data(), stretch.size());
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

/// A sum of blocks, in as many partial sums as a block has places: one would wait for itself at
/// every term.
template <typename Sum, int block = block_length>
class BlockSum {
 public:
  template <typename Terms>
  void add(const Terms& terms) {
    if constexpr (Terms::SizeAtCompileTime == 1) {
      rest_ += terms.value();  // a sum of its own, or the others could not stay in registers
    } else {
      partial_ += terms;
    }
  }
  Sum value() const { return partial_.sum() + rest_; }

 private:
  using Partial = Eigen::Array<Sum, block, 1>;
  Partial partial_ = Partial::Zero();
  Sum rest_ = 0;
};

/// Adds the terms of a stretch from (row, col) downwards to the sums of their features, which are
/// what the sweep keeps together. To be made for one stretch; the sums are complete when it dies.
template <KeepTogether keep, typename Sums>
class StretchSums {
 public:
  StretchSums(Sums& sums, Eigen::Index row, Eigen::Index col)
      : sums_(sums.data() + (keep == KeepTogether::Rows ? row : col)) {}
  StretchSums(const StretchSums&) = delete;
  StretchSums(StretchSums&&) = delete;
  StretchSums& operator=(const StretchSums&) = delete;
  StretchSums& operator=(StretchSums&&) = delete;
  ~StretchSums() {
    if constexpr (keep == KeepTogether::Columns) *sums_ += sum_.value();
  }

  /// The terms of a block.
  template <typename Terms>
  void add(Eigen::Index offset, const Terms& terms) {
    if constexpr (keep == KeepTogether::Rows) {
      Eigen::Map<Eigen::Array<Sum, Terms::SizeAtCompileTime, 1>>(sums_ + offset) += terms;
    } else {
      sum_.add(terms);
    }
  }

 private:
  using Sum = typename Sums::Scalar;
  Sum* sums_;
  BlockSum<Sum> sum_;
};

/// A sum over many units keeps double's digits also where the state is float.
template <typename Scalar>
using SumOf = std::conditional_t<std::is_same_v<Scalar, float>, double, Scalar>;

}  // namespace viann::detail
