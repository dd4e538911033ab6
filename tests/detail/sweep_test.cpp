// SPDX-License-Identifier: MIT
#include "viann/detail/layer/walk.hpp"

#include "support/catch.hpp"

using Eigen::ArrayXXi;
using Eigen::Index;
using viann::detail::for_each_stretch;
using viann::detail::group_length;
using viann::detail::groups_of;
using viann::detail::KeepTogether;
using viann::detail::Stretch;
using viann::detail::stretch_length;

namespace {

/// Checks that every element is met once, by short stretches, and along `keep` in order.
template <KeepTogether keep>
void check(Index rows, Index cols) {
  ArrayXXi visits = ArrayXXi::Zero(rows, cols);
  Eigen::ArrayXi next_of_row = Eigen::ArrayXi::Zero(rows);
  Eigen::ArrayXi next_of_col = Eigen::ArrayXi::Zero(cols);
  bool in_order = true;
  for_each_stretch<keep>(rows, cols, [&](const Stretch& stretch) {
    const auto [row, col, length, group] = stretch;
    REQUIRE(length >= 1);
    REQUIRE(length <= stretch_length);
    visits.col(col).segment(row, length) += 1;
    if (keep == KeepTogether::Columns) {
      in_order = in_order && next_of_col[col] == row && group == 0;
      next_of_col[col] += static_cast<int>(length);
    } else {
      in_order = in_order && (next_of_row.segment(row, length) == static_cast<int>(col)).all() &&
                 group == col / group_length && group < groups_of(cols);
      next_of_row.segment(row, length) += 1;
    }
  });
  CAPTURE(rows, cols);
  CHECK((visits == 1).all());
  CHECK(in_order);
}

}  // namespace

TEST_CASE("a sweep meets every element once and in order") {
  const auto [rows, cols] =
      GENERATE(table<Index, Index>({{1, 1},
                                    {1, 2000},
                                    {2000, 1},
                                    {stretch_length - 1, 3},
                                    {stretch_length, 3},
                                    {stretch_length + 1, 3},
                                    {16 * stretch_length + 1, 2},
                                    {64 * stretch_length + 1, group_length + 1},
                                    {50, 64}}));
  check<KeepTogether::Rows>(rows, cols);
  check<KeepTogether::Columns>(rows, cols);
}
