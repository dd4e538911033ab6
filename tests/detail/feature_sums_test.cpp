// SPDX-License-Identifier: MIT
#include "viann/detail/layer/feature_sums.hpp"

#include <utility>

#include "support/catch.hpp"
#include "viann/detail/layer/walk.hpp"

using Eigen::ArrayXXd;
using Eigen::Index;
using viann::detail::FeatureSums;
using viann::detail::for_each_block;
using viann::detail::for_each_stretch;
using viann::detail::group_length;
using viann::detail::KeepTogether;
using viann::detail::Stretch;
using viann::detail::stretch_length;
using viann::detail::StretchSums;

namespace {

/// Sums of whole numbers, which no order of terms rounds.
template <KeepTogether keep>
const Eigen::ArrayXd& sums_of(const ArrayXXd& values, FeatureSums<double>& sums) {
  sums.reserve<keep>(values.rows(), values.cols());
  sums.start();
  for_each_stretch<keep>(values.rows(), values.cols(), [&](const Stretch& stretch) {
    StretchSums<keep, double> add(sums, stretch);
    const auto numbers = values.col(stretch.col).segment(stretch.row, stretch.length);
    for_each_block(stretch.length,
                   [&](Index offset, auto n) { add.add(offset, numbers.segment(offset, n)); });
  });
  sums.finish();
  return sums.total();
}

}  // namespace

TEST_CASE("a sweep adds up every row, or every column, whatever the sums held before") {
  FeatureSums<double> by_row;
  FeatureSums<double> by_col;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1},
                                   {5, 32},
                                   {5, 33},
                                   {13, 100},
                                   {600, 64},
                                   {600, 64},
                                   {40000, 3},
                                   {64 * stretch_length + 1, group_length + 1}}) {
    const ArrayXXd values = (1000 * ArrayXXd::Random(rows, cols)).round();
    CAPTURE(rows, cols);
    CHECK((sums_of<KeepTogether::Rows>(values, by_row) == values.rowwise().sum()).all());
    CHECK((sums_of<KeepTogether::Columns>(values, by_col) == values.colwise().sum().transpose())
              .all());
  }
}

TEST_CASE("reserving keeps a total that fits") {
  FeatureSums<double> sums;
  sums.total() = Eigen::Array3d(1, 2, 3);
  sums.reserve<KeepTogether::Rows>(3, 100);
  CHECK((sums.total() == Eigen::Array3d(1, 2, 3)).all());
  sums.reserve<KeepTogether::Columns>(100, 4);
  CHECK(sums.total().size() == 4);
}
