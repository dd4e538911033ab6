// SPDX-License-Identifier: MIT
#include "viann/detail/weights/matrix_memory.hpp"

#include <memory>

#include "support/catch.hpp"
#include "support/strided_buffer.hpp"
#include "support/trajectories.hpp"

using MatrixXd = ColMajorMatrixXd;
using viann::detail::memory_of;
using viann::detail::number_type;

TEMPLATE_TEST_CASE("what lies in memory stays there, with its strides", "", float, double,
                   long double, Eigen::half, Eigen::bfloat16, int) {
  const Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> W =
      numbered().cast<TestType>();
  const auto memory = memory_of(W.block(1, 2, 2, 3).transpose());
  CHECK(memory.data == &W(1, 2));
  CHECK(memory.type == &number_type<TestType>);
  CHECK(memory.rows == 3);
  CHECK(memory.cols == 2);
  CHECK(memory.row_stride == 3);
  CHECK(memory.col_stride == 1);
  CHECK(memory.owner == nullptr);
  double numbers[] = {-1, -1};
  memory.type->to_double(memory.data, 1, 3, 2, numbers);
  CHECK(numbers[0] == 22);
  CHECK(numbers[1] == 23);
  CHECK(memory.transposed().rows == 2);
  CHECK(memory.transposed().row_stride == 1);
}

TEST_CASE("what has no memory is evaluated once, in its own memory order") {
  int calls = 0;
  const RowMajorMatrixXd R = numbered();
  auto memory = std::make_unique<viann::detail::MatrixMemory>(memory_of(R.unaryExpr([&](double w) {
    ++calls;
    return w;
  })));
  const auto copy = *memory;
  memory.reset();
  CHECK(calls == 15);
  REQUIRE(copy.owner != nullptr);
  CHECK(copy.is_row_major);
  CHECK(copy.row_stride == 5);
  CHECK(copy.col_stride == 1);
  CHECK(static_cast<const double*>(copy.data)[14] == 24);
}

TEST_CASE("whether a matrix lies in a part of memory") {
  const MatrixXd A = MatrixXd::Ones(4, 3), B = MatrixXd::Ones(4, 3);
  const auto overlaps = [&](const auto& x) {
    return memory_of(x).overlaps(A.data(), A.data() + A.size());
  };
  CHECK(overlaps(A));
  CHECK(overlaps(A.transpose()));
  CHECK(overlaps(A.row(3)));
  CHECK(overlaps(Eigen::Map<const MatrixXd>(A.data() + 11, 1, 1)));
  CHECK_FALSE(overlaps(B));
  CHECK_FALSE(overlaps(2 * A));
  CHECK_FALSE(memory_of(A).overlaps(A.data() + 12, A.data() + 13));
  CHECK_FALSE(memory_of(A.rightCols(1)).overlaps(A.data(), A.data() + 8));
  // Backwards from the last of 12 numbers.
  CHECK(memory_of(A.data() + 11, 4, 3, -1, -4).overlaps(A.data(), A.data() + 1));
  CHECK_FALSE(memory_of(A.data() + 11, 2, 3, -1, -4).overlaps(A.data(), A.data() + 2));
  const auto upwards = memory_of(A.data() + 3, 4, 3, -1, 4);
  CHECK(upwards.overlaps(A.data(), A.data() + 1));
  CHECK(upwards.overlaps(A.data() + 11, A.data() + 12));
  CHECK_FALSE(memory_of(A.data() + 3, 3, 3, -1, 4).overlaps(A.data(), A.data() + 1));
}
