// SPDX-License-Identifier: MIT
#include "viann/detail/weights/expressions.hpp"

#include <type_traits>

#include "support/catch.hpp"
#include "support/trajectories.hpp"
#include "viann/weight_view.hpp"

using MatrixXd = ColMajorMatrixXd;
using viann::features_by_units;
using viann::units_by_features;
using viann::detail::IsCoefficientWise;
using viann::detail::shares_memory;

namespace {

template <typename Expression>
constexpr bool is_coefficient_wise(const Expression&) {
  return IsCoefficientWise<Expression>::value;
}

template <typename View>
constexpr bool refers_to_matrix(const View&) {
  return viann::detail::RefersToMatrix<View>::value;
}

}  // namespace

TEST_CASE("a product makes an expression expensive to read, on whichever side it stands") {
  const MatrixXd A = MatrixXd::Ones(3, 3), W = MatrixXd::Ones(3, 3);
  CHECK(is_coefficient_wise(A + W));
  CHECK(is_coefficient_wise(0.5 * (A.transpose() - W).array().abs()));
  CHECK(is_coefficient_wise(MatrixXd::Constant(3, 3, 1) + W));
  CHECK_FALSE(is_coefficient_wise(A * W));
  CHECK_FALSE(is_coefficient_wise(A * W + W));
  CHECK_FALSE(is_coefficient_wise(W + A * W));
  CHECK_FALSE(is_coefficient_wise((A * W).transpose()));
  CHECK_FALSE(is_coefficient_wise((A * W).array()));
  CHECK_FALSE(is_coefficient_wise(MatrixXd::Random(3, 3) + W));
}

TEST_CASE("whether an expression reads a matrix's memory") {
  const MatrixXd A = MatrixXd::Ones(4, 3), B = MatrixXd::Ones(4, 3);
  CHECK(shares_memory(A, A));
  CHECK(shares_memory(A.transpose(), A));
  CHECK(shares_memory(A.row(3), A));
  CHECK(shares_memory(B + 2 * A, A));
  CHECK(shares_memory(2 * A - B, A));
  CHECK(shares_memory(Eigen::Map<const MatrixXd>(A.data() + 11, 1, 1), A));
  CHECK_FALSE(shares_memory(B, A));
  CHECK_FALSE(shares_memory(B.transpose() * 2.0, A));
  CHECK_FALSE(shares_memory(MatrixXd::Zero(4, 3), A));
  CHECK_FALSE(shares_memory(A.row(3), A.topRows(0).eval()));
  CHECK_FALSE(shares_memory(A.leftCols(0), A));
}

TEST_CASE("whether a view refers to a matrix that somebody else owns") {
  const MatrixXd W = MatrixXd::Ones(4, 3);
  const Eigen::Map<const MatrixXd> map(W.data(), 4, 3);
  CHECK(refers_to_matrix(features_by_units(W)));
  CHECK(refers_to_matrix(units_by_features(W)));
  CHECK(refers_to_matrix(features_by_units(2 * W)));
  CHECK(refers_to_matrix(features_by_units(map + W)));
  CHECK(refers_to_matrix(features_by_units(W.block(0, 0, 2, 2))));
  CHECK_FALSE(refers_to_matrix(features_by_units(map)));
  CHECK_FALSE(refers_to_matrix(units_by_features(2 * map)));
  CHECK_FALSE(refers_to_matrix(features_by_units(W.data(), 4, 3)));
  CHECK_FALSE(refers_to_matrix(features_by_units(MatrixXd(W))));
  CHECK_FALSE(refers_to_matrix(units_by_features(MatrixXd(W))));
}
