// SPDX-License-Identifier: MIT
#include "viann/detail/layer/walk.hpp"

#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using viann::detail::Axis;
using viann::detail::Chunk;
using viann::detail::chunk_length;

TEST_CASE("a walk meets every element once, and what is summed by feature in order") {
  const auto [rows, cols] = GENERATE(table<Index, Index>({{1, 1},
                                                          {1, 2000},
                                                          {2000, 1},
                                                          {chunk_length - 1, 3},
                                                          {chunk_length, 3},
                                                          {chunk_length + 1, 3},
                                                          {16 * chunk_length + 1, 2},
                                                          {64 * chunk_length + 1, 33},
                                                          {50, 64}}));
  const Axis down = GENERATE(Axis::Features, Axis::Units);
  Eigen::ArrayXXi visits = Eigen::ArrayXXi::Zero(rows, cols);
  Eigen::ArrayXi next_of_row = Eigen::ArrayXi::Zero(rows);
  Eigen::ArrayXi next_of_col = Eigen::ArrayXi::Zero(cols);
  bool in_order = true;
  viann::detail::walk(down, rows, cols, [&](const Chunk& c) {
    REQUIRE(c.length >= 1);
    REQUIRE(c.length <= chunk_length);
    visits.col(c.col).segment(c.row, c.length) += 1;
    if (down == Axis::Units) {
      in_order = in_order && next_of_col[c.col] == c.row;
      next_of_col[c.col] += static_cast<int>(c.length);
    } else {
      in_order =
          in_order && (next_of_row.segment(c.row, c.length) == static_cast<int>(c.col)).all();
      next_of_row.segment(c.row, c.length) += 1;
    }
  });
  CAPTURE(rows, cols, down == Axis::Units);
  CHECK((visits == 1).all());
  CHECK(in_order);
}
