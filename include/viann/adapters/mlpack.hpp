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
#include "viann/detail/weights/owning_map.hpp"
#include "viann/weight_view.hpp"

/// mlpack: mlpack_callback() makes training itself call a hook, and mlpack_weights() gives a
/// layer's weights as a view that any hook takes.
///
/// ```cpp
/// network.Train(X, Y, optimizer, viann::mlpack_callback(importance, network));
/// std::cout << importance.scores();
/// ```
///
/// mlpack allocates a network's weights when Train() or Reset(dimensions) is called. Until then,
/// and for a copied network until it is used, mlpack_weights() throws std::invalid_argument. Views
/// refer to mlpack's memory and are to be used within the call that takes them.

namespace viann {

namespace detail {

template <typename Weights>
void require_mlpack_weights(const Weights& weights) {
  if (weights.n_elem > 0) return;
  throw std::invalid_argument(
      "viann::mlpack_weights: the layer has no weights yet; mlpack allocates those of a new "
      "network "
      "in Train() or Reset(dimensions). One that was copied or loaded has them after Predict().");
}

}  // namespace detail

/// The weights in a matrix W(unit, feature), which is how mlpack's layers keep their weights. For
/// layers that are not known here, as in `mlpack_weights(lstm.BlockInputWeight())`.
template <typename Scalar>
auto mlpack_weights(const arma::Mat<Scalar>& weights) {
  detail::require_mlpack_weights(weights);
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  return units_by_features(Eigen::Map<const Matrix>(weights.memptr(),
                                                    static_cast<Eigen::Index>(weights.n_rows),
                                                    static_cast<Eigen::Index>(weights.n_cols)));
}

/// The weights of a fully connected layer, without the biases.
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::LinearType<Matrix, Regularizer>& layer) {
  return mlpack_weights(layer.Weight());
}
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::LinearNoBiasType<Matrix, Regularizer>& layer) {
  return mlpack_weights(layer.Parameters());
}
template <typename Matrix, typename Regularizer>
auto mlpack_weights(const mlpack::Linear3DType<Matrix, Regularizer>& layer) {
  return mlpack_weights(layer.Weight());
}

/// The weights of a convolution: every (channel, y, x) of a filter is a feature, in this order,
/// with x along the first dimension of the images, and every filter a unit. kernel_scores() gives
/// the scores back in the filter's shape.
template <typename Forward, typename Backward, typename Gradient, typename Matrix>
auto mlpack_weights(const mlpack::ConvolutionType<Forward, Backward, Gradient, Matrix>& layer) {
  const auto& weights = layer.Weight();
  detail::require_mlpack_weights(weights);
  const auto filters = static_cast<Eigen::Index>(layer.Maps());
  return units_by_features(weights.memptr(), filters,
                           static_cast<Eigen::Index>(weights.n_elem) / filters);
}

/// The weights of a convolution in groups, features as above. These weights are copied, because a
/// channel's units are the filters of its group alone.
template <typename Forward, typename Backward, typename Gradient, typename Matrix>
auto mlpack_weights(
    const mlpack::GroupedConvolutionType<Forward, Backward, Gradient, Matrix>& layer) {
  using Scalar = typename Matrix::elem_type;
  detail::require_mlpack_weights(layer.Weight());
  const auto groups = static_cast<Eigen::Index>(layer.Groups());
  const auto filters = static_cast<Eigen::Index>(layer.Maps()) / groups;
  const auto features = static_cast<Eigen::Index>(layer.Weight().n_elem) / (groups * filters);
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> weights(groups * features, filters);
  for (Eigen::Index group = 0; group < groups; ++group) {
    using Group = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;
    weights.middleRows(group * features, features) =
        Group(layer.Weight().memptr() + group * features * filters, features, filters);
  }
  return features_by_units(std::move(weights));
}

namespace detail {

/// The layer's weights if it is one of these types, else none.
template <typename... Known, typename Matrix>
auto view_mlpack_layer(const mlpack::Layer<Matrix>& layer) {
  std::optional<RowMajorView<typename Matrix::elem_type>> view;
  const auto view_if = [&](const auto* known) {
    if (known != nullptr) view.emplace(row_major_view(mlpack_weights(*known)));
  };
  (view_if(dynamic_cast<const Known*>(&layer)), ...);
  return view;
}

template <typename Matrix>
auto mlpack_layer_weights(const mlpack::Layer<Matrix>& layer, std::size_t index) {
  using namespace mlpack;
  using Valid = NaiveConvolution<ValidConvolution>;
  using Full = NaiveConvolution<FullConvolution>;
  auto view = view_mlpack_layer<
      LinearType<Matrix, NoRegularizer>, LinearType<Matrix, L1Regularizer>,
      LinearType<Matrix, L2Regularizer>, LinearNoBiasType<Matrix, NoRegularizer>,
      LinearNoBiasType<Matrix, L1Regularizer>, LinearNoBiasType<Matrix, L2Regularizer>,
      Linear3DType<Matrix, NoRegularizer>, ConvolutionType<Valid, Full, Valid, Matrix>,
      GroupedConvolutionType<Valid, Full, Valid, Matrix>>(layer);
  if (view) return *std::move(view);
  throw std::invalid_argument(
      concat("viann::mlpack_weights: layer ", index,
             " has no weights that viann knows; observe the layer "
             "itself, mlpack_weights(linear), or its matrix of weights, W(unit, feature)."));
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

/// Of layer number `index` of a network (FFN, RNN), counted from 0 as in network.Network(). A
/// convolution's weights are copied.
/// \throws std::invalid_argument also if there is no such layer, or it is not of a type above.
template <typename Network, typename = decltype(std::declval<const Network&>().Network())>
auto mlpack_weights(const Network& network, std::size_t index) {
  const auto& layers = network.Network();
  if (index < layers.size()) return detail::mlpack_layer_weights(*layers[index], index);
  throw std::invalid_argument(detail::concat("viann::mlpack_weights: there is no layer ", index,
                                             "; the network has ", layers.size(),
                                             ", counted from 0."));
}

/// The weights of a network's first layer with weights of two or more dimensions.
template <typename Network, typename = decltype(std::declval<const Network&>().Network())>
auto mlpack_weights(const Network& network) {
  const auto& layers = network.Network();
  std::size_t first = 0;
  while (first < layers.size() &&
         (layers[first]->WeightSize() == 0 || detail::is_mlpack_scaling(*layers[first]))) {
    ++first;
  }
  if (first < layers.size()) return mlpack_weights(network, first);
  throw std::invalid_argument(
      "viann::mlpack_weights: the network has no layer with weights, or does not know its inputs "
      "yet; add a layer, or call Reset(dimensions) of the inputs before its weights are observed.");
}

struct MlpackCallbackOptions {
  /// Which layer to observe, counted from 0 as in network.Network(); the first with weights if
  /// none is named.
  std::optional<std::size_t> layer;

  /// Observe after so many steps each, instead of after every epoch: for optimizers without epochs.
  std::size_t steps = 0;
};

/// A callback for Train() that observes a layer of the network: see EnsmallenCallback. Refers to
/// both hook and network.
template <typename Hook, typename Network>
auto mlpack_callback(Hook& hook, const Network& network, MlpackCallbackOptions options = {}) {
  const auto weights = [&network, layer = options.layer](const auto& /*coordinates*/) {
    return layer ? mlpack_weights(network, *layer) : mlpack_weights(network);
  };
  return EnsmallenCallback(hook, weights, options.steps);
}

}  // namespace viann
