// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "viann/detail/kernels/lane_sum.hpp"
#include "viann/detail/weights/require_weights.hpp"

namespace viann::detail {

/// Copies `length` numbers, from the one of index `first` on, with a stride.
template <typename Number, typename To>
void copy_numbers(const void* data, Eigen::Index first, Eigen::Index stride, Eigen::Index length,
                  To* to) {
  const Number* const from = static_cast<const Number*>(data) + first;
  if (stride == 1) {  // a loop that is vectorised
    for (Eigen::Index i = 0; i < length; ++i) to[i] = static_cast<To>(from[i]);
  } else {
    for (Eigen::Index i = 0; i < length; ++i) to[i] = static_cast<To>(from[i * stride]);
  }
}

template <typename Number>
bool are_finite(const void* data, Eigen::Index first, Eigen::Index length) {
  return all_finite(static_cast<const Number*>(data) + first, length);
}

/// How numbers of a type are read, in all types that a state may have.
struct NumberType {
  template <typename To>
  using Copy = void (*)(const void* data, Eigen::Index first, Eigen::Index stride,
                        Eigen::Index length, To* to);
  Eigen::Index size;  // in bytes
  Copy<float> to_float;
  Copy<double> to_double;
  Copy<long double> to_long_double;
  bool (*are_finite)(const void* data, Eigen::Index first, Eigen::Index length);  // null: unknown

  template <typename To>
  Copy<To> to() const {
    if constexpr (std::is_same_v<To, float>) return to_float;
    if constexpr (std::is_same_v<To, double>) return to_double;
    if constexpr (std::is_same_v<To, long double>) return to_long_double;
  }
};

template <typename Number>
constexpr NumberType make_number_type() {
  NumberType type = {sizeof(Number), copy_numbers<Number, float>, copy_numbers<Number, double>,
                     copy_numbers<Number, long double>, nullptr};
  if constexpr (std::is_floating_point_v<Number>) type.are_finite = are_finite<Number>;
  return type;
}
template <typename Number>
inline constexpr NumberType number_type = make_number_type<Number>();

/// A matrix in memory, whose type of numbers and strides are known at run time alone: only reading
/// is compiled for each type.
struct MatrixMemory {
  const void* data;  // element (0, 0)
  const NumberType* type;
  Eigen::Index rows;
  Eigen::Index cols;
  Eigen::Index row_stride;  // in numbers
  Eigen::Index col_stride;
  bool is_row_major;                  // which axis is walked along; sums round accordingly
  std::shared_ptr<const void> owner;  // of the memory; null: it outlives this object

  MatrixMemory transposed() const {
    return {data, type, cols, rows, col_stride, row_stride, !is_row_major, owner};
  }

  /// Whether a number of the matrix, which has some, may lie in [begin, end).
  bool overlaps(const void* begin, const void* end) const {
    const std::ptrdiff_t down = std::ptrdiff_t{rows - 1} * row_stride * type->size;
    const std::ptrdiff_t across = std::ptrdiff_t{cols - 1} * col_stride * type->size;
    const auto [low, high] = std::minmax({std::ptrdiff_t{0}, down, across, down + across});
    const auto* const first = static_cast<const char*>(data);
    const std::less<> before;  // of any two pointers, unlike <
    return before(first + low, end) && !before(first + high, begin);
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
  const auto owner = std::make_shared<const Matrix>(std::move(matrix));
  return {owner->data(),      &number_type<typename Matrix::Scalar>,
          owner->rows(),      owner->cols(),
          owner->rowStride(), owner->colStride(),
          Matrix::IsRowMajor, owner};
}

/// The memory of a dense expression. One that has none (a product, 0.5 * W, random numbers) is
/// evaluated once.
template <typename Expression>
MatrixMemory memory_of(const Expression& x) {
  if constexpr (is_in_memory<Expression>) {
    constexpr bool is_map_with_strides = Expression::InnerStrideAtCompileTime == Eigen::Dynamic &&
                                         Expression::OuterStrideAtCompileTime == Eigen::Dynamic;
    const bool is_row_major = is_map_with_strides
                                  ? are_row_major(x.rows(), x.cols(), x.rowStride(), x.colStride())
                                  : bool(Expression::IsRowMajor);
    return {x.data(),      &number_type<typename Expression::Scalar>,
            x.rows(),      x.cols(),
            x.rowStride(), x.colStride(),
            is_row_major,  nullptr};
  } else {
    return own(typename Expression::PlainObject(x));
  }
}

/// The memory of a row-major buffer, or of one with other strides.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Number>
MatrixMemory memory_of(const Number* data, Eigen::Index rows, Eigen::Index cols,
                       Eigen::Index row_stride, Eigen::Index col_stride, bool is_row_major) {
  if constexpr (require_numbers<Number>()) {
    require_buffer(data, rows, cols);
    return {data, &number_type<Number>, rows, cols, row_stride, col_stride, is_row_major, nullptr};
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
