// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <type_traits>
#include <utility>

#include "viann/detail/sweep.hpp"

namespace viann::detail {

/// A sum over many units keeps double's digits also where the state is float.
template <typename Scalar>
using SumOf = std::conditional_t<std::is_same_v<Scalar, float>, double, Scalar>;

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

/// A sum for every feature of a layer, which a sweep over its state adds up. Of features that are
/// rows, every group of columns has sums of its own until the sweep is over.
template <typename Sum>
class FeatureSums {
 public:
  using Total = Eigen::Array<Sum, Eigen::Dynamic, 1>;

  /// Takes the memory for sweeps over a state of that shape, unless it is there. If memory runs
  /// out, nothing is changed.
  template <KeepTogether keep>
  void reserve(Eigen::Index rows, Eigen::Index cols) {
    const Eigen::Index features = keep == KeepTogether::Rows ? rows : cols;
    const Eigen::Index later_groups = keep == KeepTogether::Rows ? groups_of(cols) - 1 : 0;
    const bool fits =
        of_later_groups_.rows() == features && of_later_groups_.cols() == later_groups;
    // New ones are moved in: resizing is not all or nothing.
    Groups groups;
    if (!fits) groups = Groups::Zero(features, later_groups);
    if (total_.size() != features) total_ = Total(Total::Zero(features));
    if (!fits) of_later_groups_ = std::move(groups);
  }

  /// To be called before a sweep: all sums are 0.
  void start() {
    total_.setZero();
    of_later_groups_.setZero();
  }

  /// Where the features' sums begin for a group.
  Sum* of_group(Eigen::Index group) {
    return group == 0 ? total_.data() : of_later_groups_.col(group - 1).data();
  }

  /// To be called once after a sweep: adds up what the groups have.
  void finish() {
    for (Eigen::Index i = 0; i < of_later_groups_.cols(); ++i) total_ += of_later_groups_.col(i);
  }

  Total& total() { return total_; }
  const Total& total() const { return total_; }

 private:
  using Groups = Eigen::Array<Sum, Eigen::Dynamic, Eigen::Dynamic>;
  Total total_;
  Groups of_later_groups_;  // a column each
};

/// Adds the terms of a stretch to the sums of their features, which are what the sweep keeps
/// together. To be made for one stretch; the sums are complete when it dies.
template <KeepTogether keep, typename Sum>
class StretchSums {
 public:
  StretchSums(FeatureSums<Sum>& sums, const Stretch& stretch)
      : sums_(sums.of_group(stretch.group) +
              (keep == KeepTogether::Rows ? stretch.row : stretch.col)) {}
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
  Sum* sums_;
  BlockSum<Sum> sum_;
};

}  // namespace viann::detail
