// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <mlpack/core.hpp>
#include <mlpack/methods/ann/ann.hpp>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "viann/adapters/ensmallen.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/weight_view.hpp"

/// \file
/// mlpack: mlpack_callback() makes Train() call a hook, with the gradient if it takes that.
/// mlpack_weights() returns a layer's weights as a view that any hook takes.
///
/// ```cpp
/// network.Train(X, Y, optimizer, viann::mlpack_callback(importance, network));
/// std::cout << importance.scores();
/// ```
///
/// mlpack allocates a network's weights when Train() or Reset(dimensions) is called. Until then,
/// and for a copied network until it is used, mlpack_weights() throws std::invalid_argument. Views
/// refer to mlpack's memory, but for weights that are copied. Use them only within the call that
/// takes them.

namespace viann {

namespace detail {

/// The address of a layer's first weight, or another one where its parameters begin.
template <typename Weights, typename Number>
const Number* mlpack_data(const Weights& weights, const Number* other) {
  if (other != nullptr) return other;
  if (weights.n_elem > 0) return weights.memptr();
  throw std::invalid_argument(
      "viann::mlpack_weights: the layer has no weights yet; mlpack allocates those of a new "
      "network in Train() or Reset(dimensions). One that was copied or loaded has them after "
      "Predict().");
}

}  // namespace detail

/// The weights in a matrix W(unit, feature), the layout of mlpack's layers. Use it for layers that
/// have no overload here.
/// \param other  here and below, where the layer's parameters begin in another matrix: a gradient
template <typename Scalar>
auto mlpack_weights(const arma::Mat<Scalar>& weights, const Scalar* other = nullptr) {
  const auto units = static_cast<Eigen::Index>(weights.n_rows);
  return features_by_units(detail::mlpack_data(weights, other),
                           static_cast<Eigen::Index>(weights.n_cols), units, units, 1);
}

/// The weights of a fully connected layer, without the biases.
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::LinearType<Matrix, Regularizer>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  return mlpack_weights(layer.Weight(), other);
}

/// The weights of a fully connected layer that has no biases.
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::LinearNoBiasType<Matrix, Regularizer>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  return mlpack_weights(layer.Parameters(), other);
}

/// The weights of a fully connected layer that is applied at every position, without the biases.
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::Linear3DType<Matrix, Regularizer>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  return mlpack_weights(layer.Weight(), other);
}

/// The weights of a recurrent layer that read its inputs.
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::LinearRecurrentType<Matrix, Regularizer>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  return mlpack_weights(layer.Weights(), other);
}

/// The weights of an LSTM that read its inputs: those of its four gates, which are copied (block
/// input, input gate, forget gate, output gate).
template <typename Matrix>
auto mlpack_weights(const mlpack::LSTMType<Matrix>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  using Weights =
      Eigen::Matrix<typename Matrix::elem_type, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  const Matrix& gate = layer.BlockInputWeight();  // the other three lie behind it
  const auto* const data = detail::mlpack_data(gate, other);
  const auto units = static_cast<Eigen::Index>(gate.n_rows);
  const auto features = static_cast<Eigen::Index>(gate.n_cols);
  Weights weights(features, 4 * units);
  for (Eigen::Index i = 0; i < 4; ++i) {
    weights.middleCols(i * units, units) =
        Eigen::Map<const Weights>(data + i * units * features, units, features).transpose();
  }
  return features_by_units(std::move(weights));
}

/// The weights of a noisy linear layer without the noise: their means.
template <typename Matrix>
auto mlpack_weights(const mlpack::NoisyLinearType<Matrix>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  const Matrix& parameters = layer.Parameters();  // means of weights and biases, then deviations
  const auto* const data = detail::mlpack_data(parameters, other);
  Eigen::Index features = 1;
  for (const std::size_t size : layer.InputDimensions()) {
    features *= static_cast<Eigen::Index>(size);
  }
  const Eigen::Index units = static_cast<Eigen::Index>(parameters.n_elem) / (2 * (features + 1));
  return features_by_units(data, features, units, units, 1);
}

/// The weights of a convolution: every (channel, y, x) of a filter is a feature, in this order,
/// with x along the first dimension of the images, and every filter is a unit. kernel_scores()
/// returns the scores in the filter's shape.
template <typename Forward, typename Backward, typename Gradient, typename Matrix>
auto mlpack_weights(const mlpack::ConvolutionType<Forward, Backward, Gradient, Matrix>& layer,
                    const typename Matrix::elem_type* other = nullptr) {
  const auto& weights = layer.Weight();
  const auto* const data = detail::mlpack_data(weights, other);
  const auto filters = static_cast<Eigen::Index>(layer.Maps());
  const auto size = static_cast<Eigen::Index>(weights.n_elem) / filters;
  return features_by_units(data, size, filters, 1, size);
}

/// The weights of a grouped convolution, features as above. These weights are copied, because a
/// channel's units are the filters of its group alone.
template <typename Forward, typename Backward, typename Gradient, typename Matrix>
auto mlpack_weights(
    const mlpack::GroupedConvolutionType<Forward, Backward, Gradient, Matrix>& layer,
    const typename Matrix::elem_type* other = nullptr) {
  using Scalar = typename Matrix::elem_type;
  const auto* const data = detail::mlpack_data(layer.Weight(), other);
  const auto groups = static_cast<Eigen::Index>(layer.Groups());
  const auto filters = static_cast<Eigen::Index>(layer.Maps()) / groups;
  const auto features = static_cast<Eigen::Index>(layer.Weight().n_elem) / (groups * filters);
  using Weights = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  Weights weights(groups * features, filters);
  for (Eigen::Index group = 0; group < groups; ++group) {
    weights.middleRows(group * features, features) =
        Eigen::Map<const Weights>(data + group * features * filters, features, filters);
  }
  return features_by_units(std::move(weights));
}

namespace detail {

/// The layer's weights if it is one of these types, else none.
template <typename... Known, typename Matrix>
auto view_mlpack_layer(const mlpack::Layer<Matrix>& layer,
                       const typename Matrix::elem_type* other) {
  std::optional<WeightView> view;
  const auto view_if = [&](const auto* known) {
    if (known != nullptr) view.emplace(mlpack_weights(*known, other));
  };
  (view_if(dynamic_cast<const Known*>(&layer)), ...);
  return view;
}

template <typename Matrix>
auto mlpack_layer_weights(const mlpack::Layer<Matrix>& layer, std::size_t index,
                          const typename Matrix::elem_type* other) {
  using namespace mlpack;
  using Valid = NaiveConvolution<ValidConvolution>;
  using Full = NaiveConvolution<FullConvolution>;
  auto view = view_mlpack_layer<
      LinearType<Matrix, NoRegularizer>, LinearType<Matrix, L1Regularizer>,
      LinearType<Matrix, L2Regularizer>, LinearNoBiasType<Matrix, NoRegularizer>,
      LinearNoBiasType<Matrix, L1Regularizer>, LinearNoBiasType<Matrix, L2Regularizer>,
      Linear3DType<Matrix, NoRegularizer>, LinearRecurrentType<Matrix, NoRegularizer>,
      LSTMType<Matrix>, NoisyLinearType<Matrix>, ConvolutionType<Valid, Full, Valid, Matrix>,
      GroupedConvolutionType<Valid, Full, Valid, Matrix>>(layer, other);
  if (view) return *std::move(view);
  throw std::invalid_argument(concat(
      "viann::mlpack_weights: layer ", index,
      layer.WeightSize() == 0
          ? " has no weights; name one that has."
          : " is of a type that viann does not know; if it has its weights W(unit, feature) at an "
            "offset in network.Parameters(), observe units_by_features(Eigen::Map<const "
            "Eigen::MatrixXd>(network.Parameters().memptr() + offset, units, features))."));
}

/// Whether the layer has weights, but one per feature at most: nothing to sum over.
template <typename Matrix>
bool is_mlpack_scaling(const mlpack::Layer<Matrix>& layer) {
  using namespace mlpack;
  const auto is_one = [](const auto* known) { return known != nullptr; };
  return is_one(dynamic_cast<const BatchNormType<Matrix>*>(&layer)) ||
         is_one(dynamic_cast<const LayerNormType<Matrix>*>(&layer)) ||
         is_one(dynamic_cast<const PReLUType<Matrix>*>(&layer)) ||
         is_one(dynamic_cast<const FlexibleReLUType<Matrix>*>(&layer)) ||
         is_one(dynamic_cast<const AddType<Matrix>*>(&layer));
}

}  // namespace detail

/// The weights of layer number `index` of a network (FFN, RNN), counted from 0 as in
/// network.Network().
/// \throws std::invalid_argument also if there is no such layer, or it is not of a type above.
template <typename Network, typename = decltype(std::declval<const Network&>().Network())>
auto mlpack_weights(const Network& network, std::size_t index) {
  const auto& layers = network.Network();
  if (index < layers.size()) return detail::mlpack_layer_weights(*layers[index], index, nullptr);
  throw std::invalid_argument(detail::concat("viann::mlpack_weights: there is no layer ", index,
                                             "; the network has ", layers.size(),
                                             ", counted from 0."));
}

/// The index of a network's first layer with weights of two or more dimensions.
/// \throws std::invalid_argument if there is none.
template <typename Network, typename = decltype(std::declval<const Network&>().Network())>
std::size_t mlpack_layer_index(const Network& network) {
  const auto& layers = network.Network();
  std::size_t first = 0;
  while (first < layers.size() &&
         (layers[first]->WeightSize() == 0 || detail::is_mlpack_scaling(*layers[first]))) {
    ++first;
  }
  if (first < layers.size()) return first;
  throw std::invalid_argument(
      "viann::mlpack_weights: the network has no layer with weights, or does not know its inputs "
      "yet; add a layer, or call Reset(dimensions) of the inputs before its weights are observed.");
}

/// The weights of that layer.
template <typename Network, typename = decltype(std::declval<const Network&>().Network())>
auto mlpack_weights(const Network& network) {
  return mlpack_weights(network, mlpack_layer_index(network));
}

/// The part of a gradient by all of network.Parameters() that belongs to the weights which
/// mlpack_weights() returns: of layer number `index`, or of the first layer with weights.
template <typename Network, typename Gradient>
auto mlpack_gradient(const Network& network, const Gradient& gradient,
                     std::optional<std::size_t> index = {}) {
  const std::size_t layer = index ? *index : mlpack_layer_index(network);
  if (gradient.n_elem == 0 || gradient.n_elem != network.Parameters().n_elem) {
    throw std::invalid_argument(detail::concat("viann::mlpack_gradient: the gradient has ",
                                               gradient.n_elem, " numbers, but the network has ",
                                               network.Parameters().n_elem,
                                               " parameters; pass the gradient by all of them."));
  }
  const auto* begin = gradient.memptr();
  for (std::size_t i = 0; i < layer; ++i) begin += network.Network()[i]->WeightSize();
  return detail::mlpack_layer_weights(*network.Network()[layer], layer, begin);
}

/// The options of mlpack_callback().
struct MlpackCallbackOptions {
  /// Which layer to observe, counted from 0 as in network.Network(); the first with weights if
  /// none is named.
  std::optional<std::size_t> layer;

  /// Observe each time after this many steps, not after every epoch: for optimizers without epochs.
  std::size_t steps = 0;
};

/// Returns a callback for Train() that observes a layer of the network: see EnsmallenCallback. The
/// callback refers to both hook and network.
template <typename Hook, typename Network>
auto mlpack_callback(Hook& hook, const Network& network, MlpackCallbackOptions options = {}) {
  const auto weights = [&network, layer = options.layer](const auto& parameters) {
    return mlpack_gradient(network, parameters, layer);  // or the weights, which lie likewise
  };
  return EnsmallenCallback(hook, weights, options.steps);
}

}  // namespace viann
