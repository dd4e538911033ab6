// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "viann needs Eigen 3.4 or later."
#endif

namespace viann::detail {

/// Whether a function object gives the same for the same arguments. Eigen says so of its own; of
/// random numbers, and of a lambda that somebody brought, it does not.
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

/// Whether a coefficient of the expression can be read again and again, with the same result and
/// at the cost of a few instructions. Anything not known to be so has to be evaluated before it is
/// used: above all a matrix product, which Eigen computes anew for every block that is read.
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

/// What to bind an expression to that is read more than once: a reference to a matrix, the
/// expression itself if it is coefficient-wise, else its value.
template <typename Expression>
using Evaluated = std::conditional_t<IsCoefficientWise<Expression>::value,
                                     typename Expression::Nested, typename Expression::PlainObject>;

/// The Eigen expression that a type is or derives from; void if it is none.
template <typename Derived>
Derived dense_expression(const Eigen::DenseBase<Derived>&);
void dense_expression(...);

/// The type of a function's argument, known to be a dense Eigen expression of real numbers.
template <typename Weights>
struct RequireDense {
  using Type = decltype(dense_expression(std::declval<const std::decay_t<Weights>&>()));
  static_assert(!std::is_void_v<Type>,
                "viann: the weights must be a dense Eigen expression (Matrix, Array, Map, Block, "
                "...); hand a raw row-major buffer over as (data, rows, columns).");
  static_assert(!Eigen::NumTraits<typename Type::Scalar>::IsComplex,
                "viann: the weights must be real numbers; observe the real and the imaginary parts "
                "as two layers.");
};

/// Whether an argument bound to Weights&& is a Matrix or Array that dies with the call.
template <typename Weights, typename Dense>
inline constexpr bool is_temporary_matrix =
    !std::is_reference_v<Weights> && std::is_base_of_v<Eigen::PlainObjectBase<Dense>, Dense>;

/// A row-major matrix over memory that somebody else owns.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto row_major_map(const Scalar* data, Eigen::Index rows, Eigen::Index cols) {
  if (rows < 0 || cols < 0 || (data == nullptr && rows > 0 && cols > 0)) {
    throw std::invalid_argument(concat(
        "viann: no weights can be read from ", data == nullptr ? "a null pointer" : "a buffer",
        " as ", rows, " x ", cols, "; pass the address of the first weight and two sizes."));
  }
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Matrix>(data, rows, cols);
}

}  // namespace viann::detail
