// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <stdexcept>
#include <type_traits>

#include "viann/detail/checks.hpp"

namespace viann::detail {

/// Whether a coefficient of the expression can be read again and again at the cost of a few
/// instructions. Anything not known to be so, above all a matrix product, which Eigen computes
/// anew for every block that is read, has to be evaluated before it is used.
template <typename Expression>
struct IsCoefficientWise
    : std::bool_constant<(int(Expression::Flags) & int(Eigen::DirectAccessBit)) != 0> {};

template <typename Expression>
struct IsCoefficientWise<const Expression> : IsCoefficientWise<Expression> {};

template <typename Op, typename Plain>
struct IsCoefficientWise<Eigen::CwiseNullaryOp<Op, Plain>> : std::true_type {};

template <typename Op, typename X>
struct IsCoefficientWise<Eigen::CwiseUnaryOp<Op, X>> : IsCoefficientWise<X> {};

template <typename Op, typename X, typename Y>
struct IsCoefficientWise<Eigen::CwiseBinaryOp<Op, X, Y>>
    : std::conjunction<IsCoefficientWise<X>, IsCoefficientWise<Y>> {};

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

template <typename Weights>
using RemoveCvRef = std::remove_cv_t<std::remove_reference_t<Weights>>;

/// The type of a function's argument, known to be a dense Eigen expression of real numbers.
template <typename Weights, typename Dense = RemoveCvRef<Weights>>
struct RequireDense {
  static_assert(std::is_base_of_v<Eigen::DenseBase<Dense>, Dense>,
                "viann: the weights must be a dense Eigen expression (Matrix, Array, Map, Block, "
                "...); hand a raw row-major buffer over as (data, rows, columns).");
  static_assert(!Eigen::NumTraits<typename Dense::Scalar>::IsComplex,
                "viann: the weights must be real numbers; observe the real and the imaginary parts "
                "as two layers.");
  using Type = Dense;
};

/// Whether an argument bound to Weights&& is a Matrix or Array that dies with the call.
template <typename Weights>
inline constexpr bool is_temporary_matrix =
    !std::is_reference_v<Weights> &&
    std::is_base_of_v<Eigen::PlainObjectBase<RemoveCvRef<Weights>>, RemoveCvRef<Weights>>;

/// A row-major matrix over memory that somebody else owns.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto row_major_map(const Scalar* data, Eigen::Index rows, Eigen::Index cols) {
  if (rows < 0 || cols < 0 || (data == nullptr && rows > 0 && cols > 0)) {
    throw std::invalid_argument(sentence(
        "viann: no weights can be read from ", data == nullptr ? "a null pointer" : "a buffer",
        " as ", rows, " x ", cols, "; pass the address of the first weight and two sizes."));
  }
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Matrix>(data, rows, cols);
}

}  // namespace viann::detail
