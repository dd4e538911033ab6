// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <functional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "viann needs Eigen 3.4 or later."
#include "viann: stopped, see the error above"
#endif

namespace viann::detail {

/// Whether a function object gives the same result for the same arguments. Eigen declares this for
/// its own, but not for random numbers or a user's lambda.
template <typename Op, typename = void>
struct IsRepeatable : std::true_type {};
template <typename Op>
struct IsRepeatable<Op, std::void_t<decltype(Eigen::internal::functor_traits<Op>::IsRepeatable)>>
    : std::bool_constant<static_cast<bool>(Eigen::internal::functor_traits<Op>::IsRepeatable)> {};

/// Whether the coefficients of an expression lie in memory.
template <typename Expression, typename = void>
struct IsInMemory : std::false_type {};
template <typename Expression>
struct IsInMemory<Expression, std::void_t<decltype(std::declval<const Expression&>().data())>>
    : std::bool_constant<(int(Expression::Flags) & int(Eigen::DirectAccessBit)) != 0> {};

/// Whether a coefficient of the expression can be read again and again, with the same result and at
/// the cost of a few instructions. Anything not known to be so must be evaluated before it is used:
/// above all a matrix product, which Eigen computes anew for every block that is read.
template <typename Expression>
struct IsCoefficientWise : IsInMemory<Expression> {};

template <typename Expression>
struct IsCoefficientWise<const Expression> : IsCoefficientWise<Expression> {};

template <typename Op, typename Plain>
struct IsCoefficientWise<Eigen::CwiseNullaryOp<Op, Plain>> : IsRepeatable<Op> {};

template <typename Op, typename X>
struct IsCoefficientWise<Eigen::CwiseUnaryOp<Op, X>>
    : std::conjunction<IsRepeatable<Op>, IsCoefficientWise<X>> {};

template <typename Op, typename X, typename Y>
struct IsCoefficientWise<Eigen::CwiseBinaryOp<Op, X, Y>>
    : std::conjunction<IsRepeatable<Op>, IsCoefficientWise<X>, IsCoefficientWise<Y>> {};

template <typename X>
struct IsCoefficientWise<Eigen::Transpose<X>> : IsCoefficientWise<X> {};

template <typename X, int rows, int cols, bool inner_panel>
struct IsCoefficientWise<Eigen::Block<X, rows, cols, inner_panel>> : IsCoefficientWise<X> {};

template <typename X>
struct IsCoefficientWise<Eigen::ArrayWrapper<X>> : IsCoefficientWise<X> {};

template <typename X>
struct IsCoefficientWise<Eigen::MatrixWrapper<X>> : IsCoefficientWise<X> {};

/// Whether an expression is made of two others, or of one.
template <typename Expression, typename = void>
struct HasOperands : std::false_type {};
template <typename Expression>
struct HasOperands<Expression, std::void_t<decltype(std::declval<const Expression&>().lhs())>>
    : std::true_type {};
template <typename Expression, typename = void>
struct HasOperand : std::false_type {};
template <typename Expression>
struct HasOperand<Expression,
                  std::void_t<decltype(std::declval<const Expression&>().nestedExpression())>>
    : std::true_type {};

/// Whether an expression refers to a Matrix or Array that somebody else owns.
template <typename Expression>
constexpr bool refers_to_matrix() {
  if constexpr (std::is_reference_v<Expression>) {
    using Referred = std::decay_t<Expression>;
    return std::is_base_of_v<Eigen::PlainObjectBase<Referred>, Referred> ||
           refers_to_matrix<Referred>();
  } else if constexpr (HasOperands<Expression>::value) {
    return refers_to_matrix<decltype(std::declval<const Expression&>().lhs())>() ||
           refers_to_matrix<decltype(std::declval<const Expression&>().rhs())>();
  } else if constexpr (HasOperand<Expression>::value) {
    return refers_to_matrix<decltype(std::declval<const Expression&>().nestedExpression())>();
  } else {
    return false;
  }
}

/// The type to bind an expression to that is read more than once: a reference to a matrix, the
/// expression itself if it is coefficient-wise, else its value.
template <typename Expression>
using Evaluated = std::conditional_t<IsCoefficientWise<Expression>::value,
                                     typename Expression::Nested, typename Expression::PlainObject>;

/// Whether an expression reads a matrix's memory. (For an expression that must be evaluated before
/// it is read, this is not known: evaluate it first.)
template <typename Expression, typename Matrix>
bool shares_memory(const Expression& x, const Matrix& matrix) {
  if constexpr (IsInMemory<Expression>::value) {
    if (x.size() == 0 || matrix.size() == 0) return false;  // there may be no memory at all
    const Eigen::Index rows = (x.rows() - 1) * x.rowStride();
    const Eigen::Index cols = (x.cols() - 1) * x.colStride();
    const void* const first =
        x.data() + (std::min)(rows, Eigen::Index{0}) + (std::min)(cols, Eigen::Index{0});
    const void* const last =
        x.data() + (std::max)(rows, Eigen::Index{0}) + (std::max)(cols, Eigen::Index{0});
    const void* const begin = matrix.data();
    const void* const end = matrix.data() + matrix.size();
    const std::less<> before;  // of any two pointers, unlike <
    return before(first, end) && !before(last, begin);
  } else if constexpr (HasOperands<Expression>::value) {
    return shares_memory(x.lhs(), matrix) || shares_memory(x.rhs(), matrix);
  } else if constexpr (HasOperand<Expression>::value) {
    return shares_memory(x.nestedExpression(), matrix);
  } else {
    return false;
  }
}

/// The Eigen expression that a type is or derives from; void if it is none.
template <typename Derived>
Derived dense_expression(const Eigen::DenseBase<Derived>&);
void dense_expression(...);

/// The type of a function's argument, known to be a dense Eigen expression of real numbers. For any
/// other argument it is MatrixXd, so that the compiler adds no errors to the assertion's.
template <typename Weights>
struct RequireDense {
  using Given = decltype(dense_expression(std::declval<const std::decay_t<Weights>&>()));
  static constexpr bool value = !std::is_void_v<Given>;
  using Type = std::conditional_t<value, Given, Eigen::MatrixXd>;
  static_assert(
      value,
      "viann: the weights must be a dense Eigen expression (Matrix, Array, Map, Block, "
      "...) or an mdspan. Hand a row-major buffer over as (data, rows, columns), and a vector of "
      "vectors as Eigen::MatrixXd::NullaryExpr(rows, columns, [&](Eigen::Index i, "
      "Eigen::Index j) { return W[i][j]; }).");
  static_assert(!Eigen::NumTraits<typename Type::Scalar>::IsComplex,
                "viann: the weights must be real numbers; observe the real and the imaginary parts "
                "as two layers.");
};

/// The body of a hook's overload for anything that is not a WeightView.
template <typename Weights>
void refuse_weights_without_axis() {
  static_assert(sizeof(Weights) == 0,
                "viann: these weights do not say which axis is the feature. Write "
                "features_by_units(W) where W(feature, unit), as in X * W, or "
                "units_by_features(W) where W(unit, feature), as in W * x.");
}

/// Whether the elements of a buffer are numbers.
template <typename Scalar>
constexpr bool require_numbers() {
  constexpr bool are_numbers = std::is_arithmetic_v<Scalar> ||
                               std::is_same_v<Scalar, Eigen::half> ||
                               std::is_same_v<Scalar, Eigen::bfloat16>;
  static_assert(
      are_numbers,
      "viann: this is no address of a number. Pass that of the first weight, &W[0][0], if "
      "the rows lie one after the other in memory. Rows of their own, as of a float**, "
      "are Eigen::MatrixXf::NullaryExpr(rows, columns, [&](Eigen::Index i, Eigen::Index "
      "j) { return W[i][j]; }). Cast the address of other 16-bit numbers (__half, _Float16, "
      "__bf16) to const Eigen::half* or const Eigen::bfloat16*.");
  return are_numbers;
}

/// The body of the overloads for a container of weights in place of their address.
template <typename Container>
Eigen::MatrixXd refuse_container() {
  static_assert(sizeof(Container) == 0,
                "viann: a buffer is handed over by the address of the first weight: write W.data() "
                "for W (of a smart pointer: W.get()).");
  return {};
}

template <typename Container, typename... Sizes>
using IfContainer = std::enable_if_t<(sizeof...(Sizes) == 2 || sizeof...(Sizes) == 4) &&
                                     !std::is_pointer_v<std::decay_t<Container>>>;

/// Whether an argument bound to Weights&& is a Matrix or Array that dies with the call.
template <typename Weights, typename Dense>
inline constexpr bool is_temporary_matrix =
    !std::is_reference_v<Weights> && std::is_base_of_v<Eigen::PlainObjectBase<Dense>, Dense>;

/// \throws std::invalid_argument for a null pointer or a negative size.
inline void require_buffer(const void* data, Eigen::Index rows, Eigen::Index cols) {
  if (rows >= 0 && cols >= 0 && (data != nullptr || rows == 0 || cols == 0)) return;
  throw std::invalid_argument(
      concat("viann: no weights can be read from ", data == nullptr ? "a null pointer" : "a buffer",
             " as ", rows, " x ", cols, "; pass the address of the first weight and two sizes."));
}

/// A row-major matrix over memory that somebody else owns.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto row_major_map(const Scalar* data, Eigen::Index rows, Eigen::Index cols) {
  require_buffer(data, rows, cols);
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Matrix>(data, rows, cols);
}

/// The same with any strides, counted in elements. WeightSource finds the memory order in them.
template <typename Scalar>
auto strided_map(const Scalar* data, Eigen::Index rows, Eigen::Index cols, Eigen::Index row_stride,
                 Eigen::Index col_stride) {
  require_buffer(data, rows, cols);
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<const Matrix, Eigen::Unaligned, Strides>(data, rows, cols,
                                                             Strides(row_stride, col_stride));
}

}  // namespace viann::detail
