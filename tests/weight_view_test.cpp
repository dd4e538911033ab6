// SPDX-License-Identifier: MIT
#include "viann/weight_view.hpp"

#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/strided_buffer.hpp"
#include "support/trajectories.hpp"

using viann::features_by_units;
using viann::units_by_features;

using MatrixXd = ColMajorMatrixXd;

namespace {

void check_features_by_units(const viann::WeightView& view) {
  REQUIRE(view.features() == 3);
  REQUIRE(view.units() == 5);
  CHECK(view.values() == numbered());
}

void check_units_by_features(const viann::WeightView& view) {
  REQUIRE(view.features() == 5);
  REQUIRE(view.units() == 3);
  CHECK(view.values() == numbered().transpose());
}

template <typename Weights>
void check_both(const Weights& weights) {
  check_features_by_units(features_by_units(weights));
  check_units_by_features(units_by_features(weights));
}

}  // namespace

TEST_CASE("a view has the axes that its maker's name says, whatever is inside") {
  const MatrixXd W = numbered();
  const RowMajorMatrixXd R = W;
  MatrixXd larger = MatrixXd::Constant(9, 12, -1);
  larger.block(2, 3, 3, 5) = W;
  std::vector<double> spaced(60, -1);
  Eigen::Map<MatrixXd, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> strided(
      spaced.data(), 3, 5, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(12, 3));
  strided = W;

  check_both(W);
  check_both(R);
  check_both(Eigen::ArrayXXd(W));
  check_both(Eigen::Matrix<double, 3, 5>(W));
  check_both(Eigen::Matrix<double, 3, Eigen::Dynamic, Eigen::RowMajor>(W));
  check_both(Eigen::Map<const MatrixXd>(W.data(), 3, 5));
  check_both(strided);
  check_both(Eigen::Ref<const MatrixXd>(W));
  check_both(Eigen::Ref<const MatrixXd>(R));
  check_both(larger.block(2, 3, 3, 5));
  check_both(RowMajorMatrixXd(larger).block<3, 5>(2, 3));
  check_both(W.transpose().eval().transpose());
  check_both(2.0 * W - W);
  // Of fixed sizes, because they compile in half a second less.
  const Eigen::Matrix3d identity = Eigen::Matrix3d::Identity(), zero = Eigen::Matrix3d::Zero();
  const Eigen::Matrix<double, 3, 5> F = W;
  check_both(identity * F);
  check_both(F + 0.5 * (zero * F));
  check_both(W(std::vector<int>{0, 1, 2}, Eigen::all));
  check_both(larger(Eigen::seqN(2, 3), Eigen::seqN(3, 5)));
  check_both(W.colwise().reverse().eval()(Eigen::seq(2, 0, Eigen::fix<-1>), Eigen::all));
}

TEMPLATE_TEST_CASE("weights of every real type are taken", "", float, double, long double,
                   Eigen::half, Eigen::bfloat16, int) {
  const Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic> W = numbered().cast<TestType>();
  check_both(W);
}

TEST_CASE("a type that derives from an Eigen type is one") {
  struct Kernel : MatrixXd {
    using MatrixXd::MatrixXd;
  };
  Kernel kernel(3, 5);
  kernel.leftCols(5) = numbered();
  check_both(kernel);
  check_features_by_units(features_by_units(Kernel(kernel)));
}

TEST_CASE("vectors are layers of one feature or one unit") {
  const Eigen::VectorXd column = Eigen::VectorXd::Ones(4);
  const Eigen::RowVectorXd row = Eigen::RowVectorXd::Ones(4);
  CHECK(features_by_units(column).features() == 4);
  CHECK(units_by_features(column).units() == 4);
  CHECK(features_by_units(row).units() == 4);
  CHECK(units_by_features(row).features() == 4);
  CHECK(units_by_features(row.tail(3)).features() == 3);
}

TEST_CASE("weights in memory are looked at, not copied") {
  MatrixXd W = numbered();
  CHECK(features_by_units(W).memory().data == W.data());
  CHECK(units_by_features(W).memory().data == W.data());
  CHECK(features_by_units(W.block(1, 1, 2, 2)).memory().data == &W(1, 1));

  const auto view = features_by_units(W);
  W(2, 3) = 42;
  CHECK(view.values()(2, 3) == 42);
}

TEST_CASE("a temporary matrix lives on in its view") {
  MatrixXd W = numbered();
  const double* data = W.data();
  const auto view = features_by_units(std::move(W));
  check_features_by_units(view);
  CHECK(view.memory().data == data);
  CHECK(view.memory().owner != nullptr);
  check_features_by_units(features_by_units(numbered().cast<int>().eval()));
  check_units_by_features(units_by_features(numbered()));
  check_units_by_features(units_by_features(RowMajorMatrixXd(numbered())));
}

TEST_CASE("what changes when it is read again is evaluated once") {
  int calls = 0;
  const MatrixXd W = numbered();
  const auto counted = features_by_units(W.unaryExpr([&calls](double w) {
    ++calls;
    return w;
  }));
  check_features_by_units(counted);
  check_features_by_units(counted);
  CHECK(calls == 15);
}

TEST_CASE("raw buffers are row-major") {
  const std::vector<float> data = {0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24};
  check_features_by_units(features_by_units(data.data(), 3, 5));
  check_units_by_features(units_by_features(data.data(), 3, 5));
  CHECK(features_by_units(data.data(), 3, 5).memory().data == data.data());
}

TEMPLATE_TEST_CASE("buffers with strides of any kind and type are looked at, not copied", "", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  for (const Strides strides : strides_of_3_x_5()) {
    CAPTURE(strides.row, strides.col);
    StridedBuffer<TestType> buffer(numbered(), strides.row, strides.col);
    const TestType* data = buffer.data();
    const auto by_feature = features_by_units(data, 3, 5, strides.row, strides.col);
    const auto by_unit = units_by_features(data, 3, 5, strides.row, strides.col);
    check_features_by_units(by_feature);
    check_units_by_features(by_unit);
    check_features_by_units(units_by_features(data, 5, 3, strides.col, strides.row));
    CHECK(by_feature.memory().data == data);
    buffer(2, 3) = TestType(42);
    CHECK(by_feature.values()(2, 3) == 42);
    CHECK(by_unit.values()(3, 2) == 42);
  }
}

TEST_CASE("strides of integers, of 0 and of overlapping elements are read as they are") {
  const std::vector<int> data = {1, 2, 3, 4};
  const auto repeated = features_by_units(data.data(), 3, 4, 0, 1);
  CHECK(repeated.values() == Eigen::RowVector4d(1, 2, 3, 4).replicate(3, 1));
  const auto equal = features_by_units(data.data() + 1, 2, 2, 0, 0);
  CHECK(equal.values() == Eigen::Matrix2d::Constant(2));
  const auto overlapping = units_by_features(data.data(), 2, 3, 1, 1);  // a convolution's rows
  CHECK(overlapping.values().col(1) == Eigen::Vector3d(2, 3, 4));
}

TEST_CASE("an impossible buffer is refused") {
  const double weight = 1;
  const double* const nothing = nullptr;
  check_refusals({{[&] { features_by_units(nothing, 3, 5); }, "a null pointer as 3 x 5"},
                  {[&] { units_by_features(&weight, -1, 5); }, "a buffer as -1 x 5"},
                  {[&] { features_by_units(&weight, 1, -1); }, "a buffer as 1 x -1"},
                  {[&] { features_by_units(nothing, 3, 5, 5, 1); }, "a null pointer as 3 x 5"},
                  {[&] { units_by_features(nothing, 3, 5, 5, 1); }, "a null pointer as 3 x 5"},
                  {[&] { units_by_features(&weight, 1, -5, 5, 1); }, "a buffer as 1 x -5"}});
  CHECK(features_by_units(nothing, 0, 5).values().cols() == 5);
  CHECK(features_by_units(nothing, 5, 0).features() == 5);
  CHECK(units_by_features(nothing, 0, 5, -7, 1).features() == 5);
}
