// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "viann needs Eigen 3.4 or later."
#include "viann: stopped, see the error above"
#endif

/// What the compiler, or an exception, says of arguments that are no weights.

namespace viann::detail {

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
template <typename Number>
constexpr bool require_numbers() {
  constexpr bool are_numbers = std::is_arithmetic_v<Number> ||
                               std::is_same_v<Number, Eigen::half> ||
                               std::is_same_v<Number, Eigen::bfloat16>;
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
void refuse_container() {
  static_assert(sizeof(Container) == 0,
                "viann: a buffer is handed over by the address of the first weight: write W.data() "
                "for W (of a smart pointer: W.get()).");
}

template <typename Container, typename... Sizes>
using IfContainer = std::enable_if_t<(sizeof...(Sizes) == 2 || sizeof...(Sizes) == 4) &&
                                     !std::is_pointer_v<std::decay_t<Container>>>;

/// \throws std::invalid_argument for a null pointer or a negative size.
inline void require_buffer(const void* data, Eigen::Index rows, Eigen::Index cols) {
  if (rows >= 0 && cols >= 0 && (data != nullptr || rows == 0 || cols == 0)) return;
  throw std::invalid_argument(
      concat("viann: no weights can be read from ", data == nullptr ? "a null pointer" : "a buffer",
             " as ", rows, " x ", cols, "; pass the address of the first weight and two sizes."));
}

}  // namespace viann::detail
