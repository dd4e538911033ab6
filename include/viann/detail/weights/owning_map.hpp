// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <memory>
#include <utility>

#include "viann/weight_view.hpp"

namespace viann::detail {

/// A matrix in foreign memory, with what keeps that memory alive. Its type is the same whether the
/// weights lie where the framework has them or in a copy: that shows only when a program runs.
template <typename Matrix>
class OwningMap : public Eigen::Map<const Matrix> {
 public:
  OwningMap(const typename Matrix::Scalar* data, Eigen::Index rows, Eigen::Index cols,
            std::shared_ptr<const void> owner)
      : Eigen::Map<const Matrix>(data, rows, cols), owner_(std::move(owner)) {}

 private:
  std::shared_ptr<const void> owner_;
};

/// A view of a feature's weights one after the other, for layers known only when a program runs.
template <typename Scalar>
using RowMajorView =
    WeightView<OwningMap<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>>;

/// That view, of a copy where the weights lie in another order.
template <typename Stored>
auto row_major_view(const WeightView<Stored>& weights) {
  using Scalar = typename WeightView<Stored>::Scalar;
  using Expression = typename WeightView<Stored>::Expression;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Expression& values = weights.features_by_units();
  if constexpr (Expression::IsRowMajor) {
    return RowMajorView<Scalar>({values.data(), values.rows(), values.cols(), nullptr});
  } else {
    const auto copy = std::make_shared<const Matrix>(values);
    return RowMajorView<Scalar>({copy->data(), copy->rows(), copy->cols(), copy});
  }
}

}  // namespace viann::detail
