// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <type_traits>
#include <utility>

#include "viann/detail/weights/expressions.hpp"
#include "viann/detail/weights/mdspan.hpp"
#include "viann/fwd.hpp"

namespace viann {

/// The weights of a layer, as a matrix whose rows are known to be the features and whose columns
/// are known to be the units (neurons, filters, embedding dimensions) that they feed.
///
/// A matrix does not show whether W(i, j) belongs to feature i or to feature j, and a hook that
/// guesses wrong silently returns one score per unit. So no hook of this library takes a bare
/// matrix: the caller says which axis is the feature, once, in the call.
///
/// Use a view within the call, like an Eigen expression: it refers to the matrices inside and must
/// not outlive them. Only a Matrix or Array that is itself passed as a temporary lives on in it.
///
/// Make a view with features_by_units() or units_by_features(), not by hand.
///
/// \tparam Stored  `const Matrix&`, `Matrix` or a lightweight Eigen expression, or a type derived
///                 from one, of shape features x units.
template <typename Stored>
class WeightView {
 public:
  using Expression = typename detail::RequireDense<Stored>::Type;  ///< Eigen's type of the weights
  using Scalar = typename Expression::Scalar;                      ///< of a weight
  using Index = Eigen::Index;                                      ///< of counts and indices

  /// Takes weights of shape features x units.
  explicit WeightView(Stored weights) : weights_(std::forward<Stored>(weights)) {}

  /// Number of features.
  Index features() const noexcept { return weights_.rows(); }

  /// Number of units.
  Index units() const noexcept { return weights_.cols(); }

  /// The weights as an Eigen expression of shape features x units, in the storage order of the
  /// weights that were passed.
  const Expression& expression() const noexcept { return weights_; }

 private:
  Stored weights_;
};

/// Makes a view of weights whose rows are the features: W(feature, unit).
///
/// This is the layout of Keras kernels and of loops that compute X * W with one sample per row.
/// Takes any dense Eigen expression of real numbers. Weights in memory are not copied. A matrix
/// product, random numbers, and any other expression that must not be read twice are evaluated
/// once. A temporary matrix moves into the view.
///
/// Takes an mdspan of rank 2, too, std::mdspan or Kokkos', with strides and the default accessor.
/// Its memory is not copied.
template <typename Weights>
auto features_by_units(Weights&& weights) {
  if constexpr (detail::is_mdspan<std::decay_t<Weights>>) {
    return features_by_units(detail::mdspan_map(weights));
  } else {
    using Dense = typename detail::RequireDense<Weights>::Type;
    if constexpr (!detail::RequireDense<Weights>::value) {
      return WeightView<Dense>(Dense());
    } else if constexpr (detail::is_temporary_matrix<Weights, Dense>) {
      return WeightView<Dense>(std::forward<Weights>(weights));
    } else {
      return WeightView<detail::Evaluated<Dense>>(
          static_cast<const Eigen::DenseBase<Dense>&>(weights).derived());
    }
  }
}

/// Makes a view of weights whose columns are the features: W(unit, feature).
///
/// This is the layout of torch::nn::Linear, of mlpack's Linear and of loops that compute W * x
/// with one sample per column. Takes what features_by_units() takes; a temporary matrix is copied.
template <typename Weights>
auto units_by_features(Weights&& weights) {
  if constexpr (detail::is_mdspan<std::decay_t<Weights>>) {
    return units_by_features(detail::mdspan_map(weights));
  } else {
    using Dense = typename detail::RequireDense<Weights>::Type;
    if constexpr (!detail::RequireDense<Weights>::value) {
      return WeightView<Dense>(Dense());
    } else {
      const Dense& matrix = static_cast<const Eigen::DenseBase<Dense>&>(weights).derived();
      if constexpr (detail::is_temporary_matrix<Weights, Dense>) {
        return features_by_units(matrix.transpose().eval());  // a mere view of it would dangle
      } else {
        return features_by_units(matrix.transpose());
      }
    }
  }
}

/// Makes a view of a row-major buffer of features * units weights: data[feature * units + unit].
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto features_by_units(const Scalar* data, Eigen::Index features, Eigen::Index units) {
  if constexpr (detail::require_numbers<Scalar>()) {
    return features_by_units(detail::row_major_map(data, features, units));
  } else {
    return WeightView<Eigen::MatrixXd>(Eigen::MatrixXd());
  }
}

/// Makes a view of a row-major buffer of units * features weights: data[unit * features + feature].
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto units_by_features(const Scalar* data, Eigen::Index units, Eigen::Index features) {
  if constexpr (detail::require_numbers<Scalar>()) {
    return units_by_features(detail::row_major_map(data, units, features));
  } else {
    return WeightView<Eigen::MatrixXd>(Eigen::MatrixXd());
  }
}

/// Makes a view of a buffer with strides, counted in elements: the weight from a feature to a unit
/// is data[feature * feature_stride + unit * unit_stride]. So `data` is the address of the weight
/// (0, 0), also in a larger table or with negative strides. With a stride of 0, all weights along
/// that axis are one number in memory. Strides may overlap, because weights are only read.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto features_by_units(const Scalar* data, Eigen::Index features, Eigen::Index units,
                       Eigen::Index feature_stride, Eigen::Index unit_stride) {
  if constexpr (detail::require_numbers<Scalar>()) {
    return features_by_units(
        detail::strided_map(data, features, units, feature_stride, unit_stride));
  } else {
    return WeightView<Eigen::MatrixXd>(Eigen::MatrixXd());
  }
}

/// Makes a view of a buffer with strides, with the units first in the call:
/// data[unit * unit_stride + feature * feature_stride].
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Scalar>
auto units_by_features(const Scalar* data, Eigen::Index units, Eigen::Index features,
                       Eigen::Index unit_stride, Eigen::Index feature_stride) {
  if constexpr (detail::require_numbers<Scalar>()) {
    return units_by_features(
        detail::strided_map(data, units, features, unit_stride, feature_stride));
  } else {
    return WeightView<Eigen::MatrixXd>(Eigen::MatrixXd());
  }
}

/// A container in place of an address does not compile; the message says what to write.
template <typename Container, typename... Sizes,
          typename = detail::IfContainer<Container, Sizes...>>
auto features_by_units(const Container& /*data*/, const Sizes&... /*sizes and strides*/) {
  return WeightView<Eigen::MatrixXd>(detail::refuse_container<Container>());
}

/// As above.
template <typename Container, typename... Sizes,
          typename = detail::IfContainer<Container, Sizes...>>
auto units_by_features(const Container& /*data*/, const Sizes&... /*sizes and strides*/) {
  return WeightView<Eigen::MatrixXd>(detail::refuse_container<Container>());
}

namespace detail {

/// Whether a view refers to a Matrix or Array that it does not own.
template <typename View>
struct RefersToMatrix : std::false_type {};
template <typename Stored>
struct RefersToMatrix<WeightView<Stored>> : std::bool_constant<refers_to_matrix<Stored>()> {};

}  // namespace detail

}  // namespace viann
