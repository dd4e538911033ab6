// SPDX-License-Identifier: MIT
#pragma once

#include <dlib/dnn.h>

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"
#include "viann/weight_view.hpp"

/// \file
/// dlib: dlib_weights() returns the weights of a layer as a view that any hook takes, and
/// dlib_gradient() the gradient of the loss by these weights, for hooks that take it.
///
/// ```cpp
/// for (int epoch = 0; epoch < epochs; ++epoch) {
///   for (const auto& batch : batches) trainer.train_one_step(batch.samples, batch.labels);
///   importance.on_epoch_end(viann::dlib_weights(trainer), viann::dlib_gradient(trainer));
/// }
/// ```
///
/// dlib allocates a layer's weights when it sees the first samples. Until then dlib_weights()
/// throws std::invalid_argument: to observe the weights before training, call the network once.
/// Views refer to dlib's memory or, for weights on a GPU, to its copy on the host. Use them only
/// within the call that takes them.

namespace viann {

namespace detail {

template <typename Layer>
const dlib::tensor& dlib_parameters(const Layer& layer, const dlib::tensor* other) {
  const dlib::tensor& parameters = layer.get_layer_params();
  if (other != nullptr && other->size() != parameters.size()) {
    throw std::invalid_argument(
        "viann::dlib_weights: this tensor has another size than the layer's parameters.");
  }
  if (parameters.size() > 0) return other != nullptr ? *other : parameters;
  throw std::invalid_argument(
      "viann::dlib_weights: the layer has no weights yet; dlib allocates them with the first "
      "samples: train a step, or call the network once, before its weights are observed.");
}

/// Number of weights per filter of a convolution. Its parameters are all filters, then all biases.
template <typename Convolution>
Eigen::Index dlib_filter_size(const Convolution& layer, const dlib::tensor& parameters) {
  const Eigen::Index filters = layer.num_filters();
  const Eigen::Index biases = layer.bias_is_disabled() ? 0 : filters;
  return (static_cast<Eigen::Index>(parameters.size()) - biases) / filters;
}

}  // namespace detail

/// The weights of a fully connected layer: inputs x outputs, without the biases.
/// \param other  here and below, a tensor of the shape of the layer's parameters to read instead
template <unsigned long outputs, dlib::fc_bias_mode mode>
auto dlib_weights(const dlib::fc_<outputs, mode>& layer, const dlib::tensor* other = nullptr) {
  const auto inputs = static_cast<Eigen::Index>(layer.get_weights().get().num_samples());
  const auto units = static_cast<Eigen::Index>(layer.get_num_outputs());
  const dlib::tensor& parameters = detail::dlib_parameters(layer, other);
  return features_by_units(parameters.host(), inputs, units, units, 1);
}

/// The weights of a convolution: every (channel, row, column) of a filter is a feature, in this
/// order, and every filter is a unit. kernel_scores() returns the scores in the filter's shape.
template <long filters, long rows, long cols, int... strides_and_padding>
auto dlib_weights(const dlib::con_<filters, rows, cols, strides_and_padding...>& layer,
                  const dlib::tensor* other = nullptr) {
  const dlib::tensor& parameters = detail::dlib_parameters(layer, other);
  const Eigen::Index size = detail::dlib_filter_size(layer, parameters);
  return features_by_units(parameters.host(), size, static_cast<Eigen::Index>(layer.num_filters()),
                           1, size);
}

/// The weights of a transposed convolution, features and units as above. These weights are copied:
/// dlib keeps them as channels x filters x rows x columns. Disable its biases only while it has no
/// weights: later, the biases of 1 x 1 filters cannot be told from weights.
template <long filters, long rows, long cols, int... strides_and_padding>
auto dlib_weights(const dlib::cont_<filters, rows, cols, strides_and_padding...>& layer,
                  const dlib::tensor* other = nullptr) {
  const dlib::tensor& parameters = detail::dlib_parameters(layer, other);
  const Eigen::Index positions = rows * cols;
  const Eigen::Index units = layer.num_filters();
  const Eigen::Index channels = detail::dlib_filter_size(layer, parameters) / positions;
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  Matrix weights(channels * positions, units);
  for (Eigen::Index channel = 0; channel < channels; ++channel) {
    weights.middleRows(channel * positions, positions) =
        Eigen::Map<const Matrix>(parameters.host() + channel * units * positions, positions, units);
  }
  return features_by_units(std::move(weights));
}

namespace detail {

template <typename Layer, typename = void>
struct HasDlibWeights : std::false_type {};
template <typename Layer>
struct HasDlibWeights<Layer, std::void_t<decltype(dlib_weights(std::declval<const Layer&>()))>>
    : std::true_type {};

/// The details of a layer that computes; void for a loss, a tag or an input.
template <typename Layer>
struct DlibDetails {
  using Type = void;
};
template <typename Details, typename Subnet, typename Enabled>
struct DlibDetails<dlib::add_layer<Details, Subnet, Enabled>> {
  using Type = Details;
};

template <>
struct HasDlibWeights<void> : std::false_type {};

/// Whether these details have parameters, but no weights that multiply several inputs.
template <typename Details>
struct IsDlibScaling : std::false_type {};
template <dlib::layer_mode mode>
struct IsDlibScaling<dlib::bn_<mode>> : std::true_type {};
template <>
struct IsDlibScaling<dlib::affine_> : std::true_type {};
template <>
struct IsDlibScaling<dlib::prelu_> : std::true_type {};
template <>
struct IsDlibScaling<dlib::layer_norm_> : std::true_type {};

/// Calls visit(layer) with a network's first layer with weights, from the inputs on.
/// \returns its index
template <typename Network, typename Visitor>
std::size_t choose_dlib_layer(const Network& network, const Visitor& visit) {
  std::size_t index = 0;
  bool is_found = false;
  bool is_frozen = false;
  dlib::visit_layers_backwards(network, [&](std::size_t i, const auto& layer) {
    using Details = typename DlibDetails<std::decay_t<decltype(layer)>>::Type;
    if constexpr (HasDlibWeights<Details>::value) {
      if (std::exchange(is_found, true)) return;
      index = i;
      is_frozen = layer.layer_details().get_learning_rate_multiplier() == 0;
      if (!is_frozen) visit(layer);
    } else if constexpr (!std::is_void_v<Details> && !IsDlibScaling<Details>::value) {
      const dlib::tensor& parameters = layer.layer_details().get_layer_params();
      if (is_found || parameters.size() == 0) return;
      throw std::invalid_argument(concat(
          "viann::dlib_weights: layer ", i, ", which is nearest to the inputs, is of a type that ",
          "viann does not know, with ", parameters.size(),
          " parameters; name the layer that reads ",
          "the inputs, or observe units_by_features(dlib::layer<", i, ">(net).layer_details()",
          ".get_layer_params().host(), units, features), or features_by_units(..., features, ",
          "units), whichever is its order."));
    }
  });
  if (!is_found) {
    throw std::invalid_argument(
        "viann::dlib_weights: the network has no fully connected or convolutional layer.");
  }
  if (is_frozen) {  // in the middle of a run, another layer must not silently replace it
    throw std::invalid_argument(
        concat("viann::dlib_weights: layer ", index, ", which is nearest to the inputs, is frozen ",
               "(learning rate multiplier 0); name the layer that you mean, frozen or not: ",
               "dlib_weights<", index, ">(net)."));
  }
  return index;
}

/// The gradient by the weights of a dlib::add_layer.
template <typename Layer>
WeightView dlib_layer_gradient(const Layer& layer) {
  const dlib::tensor& gradient = layer.get_parameter_gradient();
  // dlib does not compute that of a frozen layer: the numbers in the tensor are arbitrary.
  const bool is_frozen = layer.layer_details().get_learning_rate_multiplier() == 0;
  if (!is_frozen && gradient.size() > 0) return dlib_weights(layer.layer_details(), &gradient);
  throw std::invalid_argument(
      "viann::dlib_gradient: the layer has no gradient; train a step first, and do not clean() the "
      "network. A frozen layer (learning rate multiplier 0) has none.");
}

}  // namespace detail

/// The weights of a network's fully connected or convolutional layer that is last in dlib's order,
/// and so nearest to the inputs; dlib_layer_index() returns its index. Name the layer if several
/// read the inputs, as in an inception block.
/// \throws std::invalid_argument if there is no such layer, it is frozen by a learning rate
///         multiplier of 0, its weights are not allocated yet, or a layer of a type of your own has
///         parameters and is nearer to the inputs.
template <typename Network, typename = typename Network::subnet_type>
WeightView dlib_weights(const Network& network) {
  std::optional<WeightView> view;
  detail::choose_dlib_layer(
      network, [&](const auto& layer) { view.emplace(dlib_weights(layer.layer_details())); });
  return *std::move(view);
}

/// The index of that layer: dlib::layer<index>(network), counted from the output.
/// \throws std::invalid_argument as above, but weights need not be allocated.
template <typename Network, typename = typename Network::subnet_type>
std::size_t dlib_layer_index(const Network& network) {
  return detail::choose_dlib_layer(network, [](const auto& /*layer*/) {});
}

/// The weights of the layer dlib::layer<index>(network), counted from the output.
template <std::size_t index, typename Network, typename = typename Network::subnet_type>
auto dlib_weights(const Network& network) {
  static_assert(index < Network::num_layers,
                "viann::dlib_weights: the network has no layer of that index.");
  if constexpr (index < Network::num_layers) {
    using Layer = std::decay_t<decltype(dlib::layer<index>(network))>;
    constexpr bool has_weights =
        detail::HasDlibWeights<typename detail::DlibDetails<Layer>::Type>::value;
    static_assert(has_weights,
                  "viann::dlib_weights: the layer of that index is neither fully connected nor a "
                  "convolution; count as dlib::layer<index>(network) does, from the output.");
    if constexpr (has_weights) return dlib_weights(dlib::layer<index>(network).layer_details());
  }
}

/// The weights of a trainer's network, or of its layer of that index, after the trainer's threads
/// have finished their step.
template <std::size_t... index, typename Network, typename Solver>
auto dlib_weights(dlib::dnn_trainer<Network, Solver>& trainer) {
  return dlib_weights<index...>(std::as_const(trainer.get_net(dlib::force_flush_to_disk::no)));
}

/// The gradient of the loss by the weights that dlib_weights() returns for the same network and
/// index: that of the last step's batch, without weight decay. dlib keeps it until the next step.
/// \throws std::invalid_argument also before the first step and for a frozen layer.
template <std::size_t... index, typename Network, typename = typename Network::subnet_type>
WeightView dlib_gradient(const Network& network) {
  if constexpr (sizeof...(index) > 0) {
    return detail::dlib_layer_gradient(dlib::layer<index...>(network));
  } else {
    std::optional<WeightView> view;
    detail::choose_dlib_layer(
        network, [&](const auto& layer) { view.emplace(detail::dlib_layer_gradient(layer)); });
    return *std::move(view);
  }
}

/// The same for a trainer's network. If it has several devices, it is their mean.
/// \throws std::invalid_argument also if the trainer has a synchronisation file.
template <std::size_t... index, typename Network, typename Solver>
auto dlib_gradient(dlib::dnn_trainer<Network, Solver>& trainer) {
  if (trainer.get_synchronization_file().empty()) {
    return dlib_gradient<index...>(std::as_const(trainer.get_net(dlib::force_flush_to_disk::no)));
  }
  throw std::invalid_argument(
      "viann::dlib_gradient: this trainer removes gradients when it writes its synchronisation "
      "file; train by train_one_step(), wait by trainer.get_average_loss(), and hand over "
      "dlib_weights(net) and dlib_gradient(net).");
}

}  // namespace viann
