// SPDX-License-Identifier: MIT
#include "viann/detail/layer/feature_sums.hpp"

#include <utility>

#include "support/catch.hpp"

using Eigen::ArrayXXd;
using Eigen::Index;
using viann::detail::Axis;
using viann::detail::Chunk;
using viann::detail::chunk_length;
using viann::detail::FeatureSums;
using viann::detail::group_width;

namespace {

/// Sums of whole numbers, which round in no order. The second sums are of twice the numbers.
ArrayXXd sums_of(Axis down, const ArrayXXd& values, FeatureSums<double, 2>& sums) {
  sums.reserve(down, values.rows(), values.cols());
  sums.start();
  viann::detail::walk(down, values.rows(), values.cols(), [&](const Chunk& c) {
    for (Index i = 0; i < c.length; ++i) {
      const Index at = down == Axis::Features ? i : 0;
      sums.at(c)[at] += values(c.row + i, c.col);
      sums.at(c, 1)[at] += 2 * values(c.row + i, c.col);
    }
  });
  sums.finish();
  return sums.total();
}

}  // namespace

TEST_CASE("a walk adds up every row, or every column, whatever the sums held before") {
  FeatureSums<double, 2> by_row, by_col, by_turns;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1},
                                   {5, 32},
                                   {5, 33},
                                   {13, 100},
                                   {600, 64},
                                   {600, 64},
                                   {100, 100},
                                   {40000, 3},
                                   {64 * chunk_length + 1, group_width + 1}}) {
    const ArrayXXd values = (1000 * ArrayXXd::Random(rows, cols)).round();
    const ArrayXXd rowwise = values.rowwise().sum();
    const ArrayXXd colwise = values.colwise().sum().transpose();
    CAPTURE(rows, cols);
    for (auto* sums : {&by_row, &by_turns}) {
      const ArrayXXd result = sums_of(Axis::Features, values, *sums);
      CHECK((result.col(0) == rowwise).all());
      CHECK((result.col(1) == 2 * rowwise).all());
    }
    for (auto* sums : {&by_col, &by_turns}) {
      const ArrayXXd result = sums_of(Axis::Units, values, *sums);
      CHECK((result.col(0) == colwise).all());
      CHECK((result.col(1) == 2 * colwise).all());
    }
  }
}

TEST_CASE("reserving keeps a total that fits, and starts another at 0") {
  FeatureSums<double> sums;
  sums.total() = Eigen::Array3d(1, 2, 3);
  sums.reserve(Axis::Features, 3, 100);
  CHECK((sums.total() == Eigen::Array3d(1, 2, 3)).all());
  sums.reserve(Axis::Units, 100, 4);
  CHECK((sums.total() == Eigen::Array4d::Zero()).all());
}
