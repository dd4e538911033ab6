// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <type_traits>
#include <utility>

#include "viann/detail/weights/matrix_memory.hpp"
#include "viann/detail/weights/mdspan.hpp"
#include "viann/detail/weights/require_weights.hpp"
#include "viann/fwd.hpp"

namespace viann {

/// The weights of a layer, as a matrix whose rows are known to be the features and whose columns
/// are known to be the units (neurons, filters, embedding dimensions) that they feed.
///
/// A matrix does not show whether W(i, j) belongs to feature i or to feature j, and a hook that
/// guesses wrong silently returns one score per unit. So no hook of this library takes a bare
/// matrix: the caller says which axis is the feature, once, in the call.
///
/// Make a view with features_by_units() or units_by_features(), and use it within the call: it
/// refers to the memory of the weights and must not outlive it. Weights that have no memory of
/// their own, and a temporary matrix, live on in it.
class WeightView {
 public:
  using Index = Eigen::Index;  ///< of counts and indices

  /// Takes weights of shape features x units.
  explicit WeightView(detail::MatrixMemory weights) : weights_(std::move(weights)) {}

  /// Number of features.
  Index features() const noexcept { return weights_.rows; }

  /// Number of units.
  Index units() const noexcept { return weights_.cols; }

  /// A copy of the weights, features x units.
  Eigen::MatrixXd values() const {
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> copy(features(),
                                                                                units());
    for (Index unit = 0; features() > 0 && unit < units(); ++unit) {
      weights_.type->to_double(weights_.data, unit * weights_.col_stride, weights_.row_stride,
                               features(), copy.data() + unit * features());
    }
    return copy;
  }

  /// Where the weights are, for hooks.
  const detail::MatrixMemory& memory() const noexcept { return weights_; }

 private:
  detail::MatrixMemory weights_;
};

namespace detail {

/// The memory of whatever a user may hand over as weights.
template <typename Weights>
MatrixMemory memory_of_weights(Weights&& weights) {
  using Given = std::decay_t<Weights>;
  if constexpr (std::is_same_v<Given, MatrixMemory>) {
    return std::forward<Weights>(weights);
  } else if constexpr (is_mdspan<Given>) {
    return memory_of_mdspan(weights);
  } else {
    using Dense = typename RequireDense<Weights>::Type;
    if constexpr (!RequireDense<Weights>::value) {
      return {};
    } else if constexpr (!std::is_reference_v<Weights> &&
                         std::is_base_of_v<Eigen::PlainObjectBase<Dense>, Dense>) {
      return own(Dense(std::forward<Weights>(weights)));
    } else {
      return memory_of(static_cast<const Eigen::DenseBase<Dense>&>(weights).derived());
    }
  }
}

}  // namespace detail

/// Makes a view of weights whose rows are the features: W(feature, unit).
///
/// This is the layout of Keras kernels and of loops that compute X * W with one sample per row.
/// Takes any dense Eigen expression of real numbers, and an mdspan of rank 2, std::mdspan or
/// Kokkos', with strides and the default accessor. Weights in memory are not copied; any other
/// expression, such as a matrix product, is evaluated once. A temporary matrix moves into the view.
template <typename Weights>
WeightView features_by_units(Weights&& weights) {
  return WeightView(detail::memory_of_weights(std::forward<Weights>(weights)));
}

/// Makes a view of weights whose columns are the features: W(unit, feature).
///
/// This is the layout of torch::nn::Linear, of mlpack's Linear and of loops that compute W * x
/// with one sample per column. Takes what features_by_units() takes.
template <typename Weights>
WeightView units_by_features(Weights&& weights) {
  return WeightView(detail::memory_of_weights(std::forward<Weights>(weights)).transposed());
}

/// Makes a view of a buffer with strides, counted in elements: the weight from a feature to a unit
/// is data[feature * feature_stride + unit * unit_stride]. So `data` is the address of the weight
/// (0, 0), also in a larger table or with negative strides. With a stride of 0, all weights along
/// that axis are one number in memory. Strides may overlap, because weights are only read.
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Number>
WeightView features_by_units(const Number* data, Eigen::Index features, Eigen::Index units,
                             Eigen::Index feature_stride, Eigen::Index unit_stride) {
  return WeightView(detail::memory_of(data, features, units, feature_stride, unit_stride));
}

/// Makes a view of a buffer with strides, with the units first in the call:
/// data[unit * unit_stride + feature * feature_stride].
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Number>
WeightView units_by_features(const Number* data, Eigen::Index units, Eigen::Index features,
                             Eigen::Index unit_stride, Eigen::Index feature_stride) {
  return WeightView(
      detail::memory_of(data, units, features, unit_stride, feature_stride).transposed());
}

/// Makes a view of a row-major buffer of features * units weights: data[feature * units + unit].
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Number>
WeightView features_by_units(const Number* data, Eigen::Index features, Eigen::Index units) {
  return WeightView(detail::memory_of(data, features, units));
}

/// Makes a view of a row-major buffer of units * features weights: data[unit * features + feature].
/// \throws std::invalid_argument for a null pointer or a negative size.
template <typename Number>
WeightView units_by_features(const Number* data, Eigen::Index units, Eigen::Index features) {
  return WeightView(detail::memory_of(data, units, features).transposed());
}

/// A container in place of an address does not compile; the message says what to write.
template <typename Container, typename... Sizes,
          typename = detail::IfContainer<Container, Sizes...>>
WeightView features_by_units(const Container& /*data*/, const Sizes&... /*sizes and strides*/) {
  detail::refuse_container<Container>();
  return WeightView({});
}

/// As above.
template <typename Container, typename... Sizes,
          typename = detail::IfContainer<Container, Sizes...>>
WeightView units_by_features(const Container& /*data*/, const Sizes&... /*sizes and strides*/) {
  detail::refuse_container<Container>();
  return WeightView({});
}

}  // namespace viann
