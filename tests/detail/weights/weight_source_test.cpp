// SPDX-License-Identifier: MIT
#include "viann/detail/weights/weight_source.hpp"

#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/strided_buffer.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using viann::detail::Axis;
using viann::detail::memory_of;
using viann::detail::WeightSource;
using MatrixXd = ColMajorMatrixXd;

namespace {

/// Checks all chunks of a source of numbered().
template <typename Scalar>
void check(const WeightSource<Scalar>& source, Axis memory_axis) {
  REQUIRE(source.features() == 3);
  REQUIRE(source.units() == 5);
  CHECK(source.memory_axis() == memory_axis);
  CHECK(source.all_finite());
  std::vector<Scalar> buffer(5, -1);
  for (Index feature = 0; feature < 3; ++feature) {
    for (Index unit = 0; unit < 5; ++unit) {
      const Scalar* along = source.chunk(Axis::Units, unit, feature, 5 - unit, buffer.data());
      for (Index k = 0; k < 5 - unit; ++k) CHECK(along[k] == Scalar(10 * feature + unit + k));
      along = source.chunk(Axis::Features, feature, unit, 3 - feature, buffer.data());
      for (Index k = 0; k < 3 - feature; ++k) CHECK(along[k] == Scalar(10 * (feature + k) + unit));
      std::vector<Scalar> copy(5, -1);
      source.read(Axis::Units, unit, feature, 1, copy.data());
      CHECK(copy == std::vector<Scalar>{Scalar(10 * feature + unit), -1, -1, -1, -1});
    }
  }
}

}  // namespace

TEST_CASE("chunks of weights in memory, of other types and orders, and of expressions") {
  const MatrixXd W = numbered();
  const RowMajorMatrixXd R = W;
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> F = W.cast<float>();
  MatrixXd larger = MatrixXd::Constant(9, 12, not_a_number);
  larger.block(2, 3, 3, 5) = W;
  check(WeightSource<double>(memory_of(W)), Axis::Features);
  check(WeightSource<double>(memory_of(R)), Axis::Units);
  check(WeightSource<double>(memory_of(F)), Axis::Features);
  check(WeightSource<float>(memory_of(R)), Axis::Units);
  check(WeightSource<long double>(memory_of(W)), Axis::Features);
  check(WeightSource<double>(memory_of(larger.block(2, 3, 3, 5))), Axis::Features);
  const auto sum = W + R;  // column-major, as Eigen has it
  check(WeightSource<double>(memory_of(0.5 * sum)), Axis::Features);
  const Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> H =
      W.cast<Eigen::half>();
  check(WeightSource<double>(memory_of(H)), Axis::Features);
}

TEST_CASE("strides say what the memory order is") {
  for (const Strides strides : strides_of_3_x_5()) {
    CAPTURE(strides.row, strides.col);
    const Axis axis = std::abs(strides.row) < std::abs(strides.col) ? Axis::Features : Axis::Units;
    StridedBuffer<double> buffer(numbered(), strides.row, strides.col);
    const double* data = buffer.data();
    const auto memory = memory_of(data, 3, 5, strides.row, strides.col);
    check(WeightSource<double>(memory), axis);
    check(WeightSource<float>(memory), axis);
    check(WeightSource<double>(memory_of(
              Eigen::Map<const MatrixXd, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>(
                  data, 3, 5, {strides.col, strides.row}))),
          axis);
  }
  // Along an axis of one element, libraries set any stride.
  for (const Index stride : {0, 1, 7}) {
    const double one = 1;
    CHECK(WeightSource<double>(memory_of(&one, 1, 5, stride, 1)).memory_axis() == Axis::Units);
    CHECK(WeightSource<double>(memory_of(&one, 5, 1, 1, stride)).memory_axis() == Axis::Features);
  }
  // What says what its order is has that order.
  const auto axis_of = [](const auto& memory) {
    return WeightSource<double>(memory).memory_axis();
  };
  CHECK(axis_of(memory_of(RowMajorMatrixXd::Ones(5, 1).eval())) == Axis::Units);
  CHECK(axis_of(memory_of(MatrixXd::Ones(1, 5).eval())) == Axis::Features);
  CHECK(axis_of(memory_of(2 * MatrixXd::Ones(1, 5))) == Axis::Features);
  const double one = 1;
  CHECK(axis_of(memory_of(&one, 5, 1)) == Axis::Units);
  CHECK(axis_of(memory_of(&one, 5, 1).transposed()) == Axis::Features);
}

TEST_CASE("what lies contiguous in the state's type is read in place, and nothing else") {
  const MatrixXd W = numbered();
  double buffer[5];
  CHECK(WeightSource<double>(memory_of(W)).chunk(Axis::Features, 1, 2, 2, buffer) == &W(1, 2));
  CHECK(WeightSource<double>(memory_of(W)).chunk(Axis::Units, 1, 2, 2, buffer) == buffer);
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> F = W.cast<float>();
  CHECK(WeightSource<double>(memory_of(F)).chunk(Axis::Features, 1, 2, 2, buffer) == buffer);
}

TEST_CASE("the first weight that is not finite, and how a message shows it") {
  RowMajorMatrixXd larger = RowMajorMatrixXd::Constant(20, 700, not_a_number);
  auto W = larger.block(1, 2, 6, 600);
  W.setZero();
  CHECK(WeightSource<double>(memory_of(W)).all_finite());  // memory between the rows is not read
  W(4, 599) = std::numeric_limits<double>::infinity();
  W(5, 3) = not_a_number;
  const WeightSource<double> source(memory_of(W));
  CHECK_FALSE(source.all_finite());
  const auto first = source.first_non_finite();
  CHECK(first.feature == 4);
  CHECK(first.unit == 599);
  CHECK(first.value == "inf");
  W(4, 599) = 0;
  CHECK(source.first_non_finite().unit == 3);
  CHECK(source.first_non_finite().value == "nan");

  const MatrixXd large = MatrixXd::Constant(1, 1, -1e300);
  CHECK_FALSE(WeightSource<float>(memory_of(large)).all_finite());
  CHECK(WeightSource<float>(memory_of(large)).first_non_finite().value ==
        "-1e+300, beyond the range of the state's type");
}
