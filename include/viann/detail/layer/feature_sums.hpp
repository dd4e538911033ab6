// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <utility>

#include "viann/detail/layer/walk.hpp"

namespace viann::detail {

/// `count` sums for every feature of a layer, which a walk over its state adds up. If features are
/// rows, every group of columns has its own sums until the walk has finished.
template <typename Sum, int count = 1>
class FeatureSums {
 public:
  using Total = Eigen::Array<Sum, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

  /// Allocates memory for walks over a state of that shape, unless it is there already. If memory
  /// runs out, nothing changes.
  /// \param contiguous_axis  as for walk()
  void reserve(Axis contiguous_axis, Index rows, Index cols) {
    const bool are_rows = contiguous_axis == Axis::Features;
    const Index features = are_rows ? rows : cols;
    const Index later_groups = are_rows ? (std::max<Index>(cols, 1) - 1) / group_width : 0;
    if (total_.rows() != features || of_later_groups_.cols() != count * later_groups) {
      Total of_later_groups(features, count * later_groups);
      if (total_.rows() != features) {
        Total total(features, count);
        std::fill_n(total.data(), total.size(), Sum(0));
        total_ = std::move(total);  // resizing would free the old memory first
      }
      of_later_groups_ = std::move(of_later_groups);
    }
    contiguous_axis_ = contiguous_axis;
  }

  /// Sets all sums to 0. Call it before a walk.
  void start() {
    std::fill_n(total_.data(), total_.size(), Sum(0));
    std::fill_n(of_later_groups_.data(), of_later_groups_.size(), Sum(0));
  }

  /// Where a chunk's sums are: one for each of its elements, or one for the whole chunk.
  /// \param which  of the `count` sums
  Sum* at(const Chunk& chunk, int which = 0) {
    const Index features = total_.rows();
    if (contiguous_axis_ == Axis::Units) return total_.data() + which * features + chunk.col;
    Sum* const of_group = chunk.group == 0
                              ? total_.data()
                              : of_later_groups_.data() + (chunk.group - 1) * count * features;
    return of_group + which * features + chunk.row;
  }

  /// Adds up the groups' sums. Call it after a walk.
  void finish() {
    const Sum* of_group = of_later_groups_.data();
    const Sum* const end = of_group + of_later_groups_.size();
    for (; of_group != end; of_group += total_.size()) {
      for (Index i = 0; i < total_.size(); ++i) total_.data()[i] += of_group[i];
    }
  }

  /// Features x count.
  Total& total() { return total_; }
  const Total& total() const { return total_; }

 private:
  Axis contiguous_axis_ = Axis::Units;
  Total total_;
  Total of_later_groups_;  // `count` columns each
};

}  // namespace viann::detail
