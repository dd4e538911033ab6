// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "viann/detail/equal_bits.hpp"
#include "viann/detail/layer/walk.hpp"
#include "viann/detail/state_archive.hpp"

namespace viann::detail {

/// The state of Welford's algorithm for every element of a matrix: the number of observations,
/// their mean, and M2, the sum of squared deviations from it.
template <typename Scalar>
struct Moments {
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

  Array mean;
  Array m2;
  std::int64_t count = 0;

  Index rows() const { return mean.rows(); }
  Index cols() const { return mean.cols(); }

  /// Allocates memory for a first observation. If memory runs out, nothing changes.
  void start(Index rows, Index cols) {
    Array zeros[2] = {Array(rows, cols), Array(rows, cols)};  // NOLINT(*-avoid-c-arrays)
    for (Array& zero : zeros) std::fill_n(zero.data(), zero.size(), Scalar(0));
    mean = std::move(zeros[0]);
    m2 = std::move(zeros[1]);
  }

  /// Where a chunk begins in the arrays.
  Index offset(const Chunk& chunk) const { return chunk.col * rows() + chunk.row; }

  /// Sample variance M2 / (n - 1), NaN where there are fewer than two observations.
  Array variance() const {
    if (count < 2) {
      return Array::Constant(rows(), cols(), std::numeric_limits<Scalar>::quiet_NaN());
    }
    return m2 / static_cast<Scalar>(count - 1);
  }

  friend bool operator==(const Moments& a, const Moments& b) {
    return a.count == b.count && a.cols() == b.cols() &&  // rows follow from the sizes
           all_equal_bits(a.mean, b.mean) && all_equal_bits(a.m2, b.m2);
  }

  /// Whether shapes, count and M2 are consistent. (M2 may have overflowed, and be infinite or NaN.)
  bool is_consistent() const {
    if (m2.rows() != rows() || m2.cols() != cols()) return false;
    if (count == 0) return rows() == 0 && cols() == 0;
    const auto is_possible = [this](Scalar x) { return count == 1 ? x == 0 : !(x < 0); };
    return is_count(count) && is_shape(rows(), cols()) &&
           std::all_of(m2.data(), m2.data() + m2.size(), is_possible);
  }

  template <class Archive>
  void transfer(Archive& archive) {
    std::int64_t rows = this->rows();
    std::int64_t cols = this->cols();
    archive& count& rows& cols;
    if (count == 0) return archive.ensure(rows == 0 && cols == 0);
    archive.ensure(is_shape(rows, cols));
    archive_array(archive, mean, rows, cols);
    archive_array(archive, m2, rows, cols);
    archive.ensure(is_consistent());
  }
};

}  // namespace viann::detail
