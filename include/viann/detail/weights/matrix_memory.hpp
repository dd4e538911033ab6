// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "viann/detail/weights/require_weights.hpp"

namespace viann::detail {

/// The types of numbers that are read where they are.
enum class NumberType { Half, BFloat16, Float, Double, LongDouble, Other };

template <typename Number>
inline constexpr NumberType number_type =
    std::is_same_v<Number, Eigen::half>       ? NumberType::Half
    : std::is_same_v<Number, Eigen::bfloat16> ? NumberType::BFloat16
    : std::is_same_v<Number, float>           ? NumberType::Float
    : std::is_same_v<Number, double>          ? NumberType::Double
    : std::is_same_v<Number, long double>     ? NumberType::LongDouble
                                              : NumberType::Other;

/// A matrix in memory, of which the compiler knows neither the type of its numbers nor its strides:
/// no user's file is compiled longer for another kind of weights.
struct MatrixMemory {
  const void* data;  // element (0, 0)
  NumberType type;   // never Other
  Eigen::Index rows;
  Eigen::Index cols;
  Eigen::Index row_stride;  // in numbers
  Eigen::Index col_stride;
  bool is_row_major;                  // which axis is walked along; sums round accordingly
  std::shared_ptr<const void> owner;  // of the memory; null: it outlives this object

  MatrixMemory transposed() const {
    return {data, type, cols, rows, col_stride, row_stride, !is_row_major, owner};
  }

  /// Calls visitor(data) with a pointer of the numbers' type.
  template <typename Visitor>
  auto visit(const Visitor& visitor) const {
    switch (type) {
      case NumberType::Half:
        return visitor(static_cast<const Eigen::half*>(data));
      case NumberType::BFloat16:
        return visitor(static_cast<const Eigen::bfloat16*>(data));
      case NumberType::Float:
        return visitor(static_cast<const float*>(data));
      case NumberType::LongDouble:
        return visitor(static_cast<const long double*>(data));
      default:
        return visitor(static_cast<const double*>(data));
    }
  }

  /// Whether a number of the matrix may lie in [begin, end).
  bool overlaps(const void* begin, const void* end) const {
    if (rows == 0 || cols == 0) return false;  // there may be no memory at all
    return visit([&](const auto* first) {
      const auto [low, high] =
          std::minmax({Eigen::Index{0}, (rows - 1) * row_stride, (cols - 1) * col_stride,
                       (rows - 1) * row_stride + (cols - 1) * col_stride});
      const std::less<const void*> before;  // of any two pointers, unlike <
      return before(first + low, end) && !before(first + high, begin);
    });
  }
};

/// Whether the coefficients of an expression lie in memory.
template <typename Expression, typename = void>
inline constexpr bool is_in_memory = false;
template <typename Expression>
inline constexpr bool
    is_in_memory<Expression, std::void_t<decltype(std::declval<const Expression&>().data())>> =
        (int(Expression::Flags) & int(Eigen::DirectAccessBit)) != 0;

/// What strides say that are known at run time alone. They mean nothing along an axis of one
/// element.
inline bool are_row_major(Eigen::Index rows, Eigen::Index cols, Eigen::Index row_stride,
                          Eigen::Index col_stride) {
  constexpr Eigen::Index none = (std::numeric_limits<Eigen::Index>::max)();
  return (cols == 1 ? none : std::abs(col_stride)) <= (rows == 1 ? none : std::abs(row_stride));
}

/// The memory of a matrix, which from now on belongs to that memory.
template <typename Matrix>
MatrixMemory own(Matrix matrix) {
  constexpr NumberType type = number_type<typename Matrix::Scalar>;
  const auto owner = std::make_shared<const Matrix>(std::move(matrix));
  return {owner->data(),      type,
          owner->rows(),      owner->cols(),
          owner->rowStride(), owner->colStride(),
          Matrix::IsRowMajor, owner};
}

/// The memory of a dense expression. One that has no memory (a product, 0.5 * W, random numbers),
/// or other numbers (integers), is evaluated once.
template <typename Expression>
MatrixMemory memory_of(const Expression& x) {
  constexpr NumberType type = number_type<typename Expression::Scalar>;
  if constexpr (type != NumberType::Other && is_in_memory<Expression>) {
    constexpr bool is_map_with_strides = Expression::InnerStrideAtCompileTime == Eigen::Dynamic &&
                                         Expression::OuterStrideAtCompileTime == Eigen::Dynamic;
    const bool is_row_major = is_map_with_strides
                                  ? are_row_major(x.rows(), x.cols(), x.rowStride(), x.colStride())
                                  : bool(Expression::IsRowMajor);
    return {x.data(),      type,          x.rows(),     x.cols(),
            x.rowStride(), x.colStride(), is_row_major, nullptr};
  } else {
    using Number =
        std::conditional_t<type == NumberType::Other, double, typename Expression::Scalar>;
    using Matrix = Eigen::Matrix<Number, Eigen::Dynamic, Eigen::Dynamic,
                                 Expression::IsRowMajor ? Eigen::RowMajor : Eigen::ColMajor>;
    return own(Matrix(x.template cast<Number>().matrix()));
  }
}

/// The memory of a row-major buffer, or of one with other strides.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Number>
MatrixMemory memory_of(const Number* data, Eigen::Index rows, Eigen::Index cols,
                       Eigen::Index row_stride, Eigen::Index col_stride, bool is_row_major) {
  if constexpr (require_numbers<Number>()) {
    require_buffer(data, rows, cols);
    if constexpr (number_type<Number> != NumberType::Other) {
      return {data, number_type<Number>, rows, cols, row_stride, col_stride, is_row_major, nullptr};
    } else {
      using Matrix = Eigen::Matrix<Number, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
      return memory_of(Eigen::Map<const Matrix, Eigen::Unaligned, Strides>(
          data, rows, cols, Strides(row_stride, col_stride)));
    }
  } else {
    return {};
  }
}
template <typename Number>
MatrixMemory memory_of(const Number* data, Eigen::Index rows, Eigen::Index cols) {
  return memory_of(data, rows, cols, cols, 1, true);
}
template <typename Number>
MatrixMemory memory_of(const Number* data, Eigen::Index rows, Eigen::Index cols,
                       Eigen::Index row_stride, Eigen::Index col_stride) {
  return memory_of(data, rows, cols, row_stride, col_stride,
                   are_row_major(rows, cols, row_stride, col_stride));
}

}  // namespace viann::detail
