// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <memory>
#include <type_traits>
#include <utility>

#include "viann/weight_view.hpp"

namespace viann::detail {

/// The elements of a matrix in foreign memory, whose type and strides are known only at run time,
/// and the owner that keeps that memory alive.
class ForeignElements {
 public:
  /// \param data    element (0, 0): float, double, Eigen::half or Eigen::bfloat16
  /// \param owner   of the memory, or null if it outlives the elements
  template <typename Number>
  ForeignElements(const Number* data, Eigen::Index row_stride, Eigen::Index col_stride,
                  std::shared_ptr<const void> owner)
      : data_(data),
        type_(type_of<Number>()),
        row_stride_(row_stride),
        col_stride_(col_stride),
        owner_(std::move(owner)) {}

  Eigen::Index row_stride() const { return row_stride_; }
  Eigen::Index col_stride() const { return col_stride_; }

  ForeignElements transposed() const {
    ForeignElements result = *this;
    std::swap(result.row_stride_, result.col_stride_);
    return result;
  }

  /// Calls visitor(data), with the pointer that was passed in.
  template <typename Visitor>
  auto visit(const Visitor& visitor) const {
    switch (type_) {
      case Type::Half:
        return visitor(static_cast<const Eigen::half*>(data_));
      case Type::BFloat16:
        return visitor(static_cast<const Eigen::bfloat16*>(data_));
      case Type::Float:
        return visitor(static_cast<const float*>(data_));
      default:
        return visitor(static_cast<const double*>(data_));
    }
  }

  /// An element, for Eigen.
  double operator()(Eigen::Index row, Eigen::Index col) const {
    return visit([offset = row * row_stride_ + col * col_stride_](const auto* data) {
      return static_cast<double>(data[offset]);
    });
  }

 private:
  enum class Type { Half, BFloat16, Float, Double };

  template <typename Number>
  static constexpr Type type_of() {
    if constexpr (std::is_same_v<Number, Eigen::half>) return Type::Half;
    if constexpr (std::is_same_v<Number, Eigen::bfloat16>) return Type::BFloat16;
    if constexpr (std::is_same_v<Number, float>) return Type::Float;
    if constexpr (std::is_same_v<Number, double>) return Type::Double;
  }

  const void* data_;
  Type type_;
  Eigen::Index row_stride_;
  Eigen::Index col_stride_;
  std::shared_ptr<const void> owner_;
};

/// Such a matrix. For Eigen it is an expression of doubles, row-major whatever the strides are.
/// WeightSource reads the memory itself.
using ForeignMatrix = Eigen::CwiseNullaryOp<
    ForeignElements, const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// Reading an element again is cheap.
template <>
struct IsRepeatable<ForeignElements> : std::true_type {};

/// A matrix in foreign memory. Strides are counted in elements.
template <typename Number>
ForeignMatrix foreign_matrix(const Number* data, Eigen::Index rows, Eigen::Index cols,
                             Eigen::Index row_stride, Eigen::Index col_stride,
                             std::shared_ptr<const void> owner = nullptr) {
  return {rows, cols, ForeignElements(data, row_stride, col_stride, std::move(owner))};
}

using ForeignView = WeightView<ForeignMatrix>;

/// A view of weights in foreign memory. Strides are counted in elements.
template <typename Number>
ForeignView foreign_view(const Number* data, Eigen::Index features, Eigen::Index units,
                         Eigen::Index feature_stride, Eigen::Index unit_stride,
                         std::shared_ptr<const void> owner = nullptr) {
  return ForeignView(
      foreign_matrix(data, features, units, feature_stride, unit_stride, std::move(owner)));
}

/// A view of a matrix, features x units, that it owns.
template <typename Matrix>
ForeignView owning_view(Matrix weights) {
  const auto matrix = std::make_shared<const Matrix>(std::move(weights));
  return foreign_view(matrix->data(), matrix->rows(), matrix->cols(), matrix->rowStride(),
                      matrix->colStride(), matrix);
}

}  // namespace viann::detail

namespace viann {

/// The view of a foreign matrix W(unit, feature) is one of a foreign matrix, too, whose memory
/// WeightSource reads; that of its Eigen::Transpose would be read element by element.
// NOLINTNEXTLINE(performance-unnecessary-value-param): a reference would not be preferred
inline detail::ForeignView units_by_features(detail::ForeignMatrix weights) {
  return detail::ForeignView(
      detail::ForeignMatrix(weights.cols(), weights.rows(), weights.functor().transposed()));
}

}  // namespace viann
