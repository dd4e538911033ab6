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
#include "viann/detail/weights/foreign_matrix.hpp"
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
const dlib::tensor& dlib_parameters(const Layer& layer) {
  const dlib::tensor& parameters = layer.get_layer_params();
  if (parameters.size() > 0) return parameters;
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

/// A view of a layer's parameters, or of the gradient by them, which has the same order.
template <unsigned long outputs, dlib::fc_bias_mode mode>
ForeignView dlib_view(const dlib::fc_<outputs, mode>& layer, const dlib::tensor& parameters) {
  const auto inputs = static_cast<Eigen::Index>(layer.get_weights().get().num_samples());
  const auto units = static_cast<Eigen::Index>(layer.get_num_outputs());
  return foreign_view(parameters.host(), inputs, units, units, 1);
}

template <long filters, long rows, long cols, int... strides_and_padding>
ForeignView dlib_view(const dlib::con_<filters, rows, cols, strides_and_padding...>& layer,
                      const dlib::tensor& parameters) {
  const Eigen::Index size = dlib_filter_size(layer, parameters);
  return foreign_view(parameters.host(), size, static_cast<Eigen::Index>(layer.num_filters()), 1,
                      size);
}

template <long filters, long rows, long cols, int... strides_and_padding>
ForeignView dlib_view(const dlib::cont_<filters, rows, cols, strides_and_padding...>& layer,
                      const dlib::tensor& parameters) {
  const Eigen::Index positions = rows * cols;
  const Eigen::Index units = layer.num_filters();
  const Eigen::Index channels = dlib_filter_size(layer, parameters) / positions;
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  Matrix weights(channels * positions, units);
  for (Eigen::Index channel = 0; channel < channels; ++channel) {
    weights.middleRows(channel * positions, positions) =
        Eigen::Map<const Matrix>(parameters.host() + channel * units * positions, positions, units);
  }
  return owning_view(std::move(weights));
}

}  // namespace detail

/// The weights of a layer, without the biases:
/// - fully connected: inputs x outputs.
/// - convolution: every (channel, row, column) of a filter is a feature, in this order, and every
///   filter is a unit. kernel_scores() returns the scores in the filter's shape.
/// - transposed convolution: as a convolution. These weights are copied: dlib keeps them as
/// channels
///   x filters x rows x columns. Disable its biases only while it has no weights: later, the biases
///   of 1 x 1 filters cannot be told from weights.
template <typename Layer>
auto dlib_weights(const Layer& layer)
    -> decltype(detail::dlib_view(layer, layer.get_layer_params())) {
  return detail::dlib_view(layer, detail::dlib_parameters(layer));
}

namespace detail {

/// The gradient by the weights of an add_layer.
template <typename Layer>
ForeignView dlib_layer_gradient(const Layer& layer) {
  const dlib::tensor& gradient = layer.get_parameter_gradient();
  const auto& details = layer.layer_details();
  if (details.get_learning_rate_multiplier() == 0) {  // the numbers in the tensor are arbitrary
    throw std::invalid_argument(
        "viann::dlib_gradient: the layer is frozen (learning rate multiplier 0), so dlib does not "
        "compute its gradient; observe the weights alone.");
  }
  if (gradient.size() > 0) return dlib_view(details, gradient);
  throw std::invalid_argument(
      "viann::dlib_gradient: the layer has no gradient; train a step before. net.clean() and "
      "writing a trainer's synchronisation file remove it.");
}

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

/// Finds the first layer with weights of a network, from the inputs on.
template <typename Visitor>
struct FirstDlibLayer {
  std::size_t& index;
  const Visitor& visit;
  bool& is_found;
  bool& is_frozen;

  template <typename Layer, typename Subnet, typename Enabled>
  void operator()(std::size_t i, const dlib::add_layer<Layer, Subnet, Enabled>& layer) const {
    if constexpr (HasDlibWeights<Layer>::value) {
      if (std::exchange(is_found, true)) return;
      index = i;
      is_frozen = layer.layer_details().get_learning_rate_multiplier() == 0;
      if (!is_frozen) visit(layer);
    }
  }
  template <typename Other>
  void operator()(std::size_t /*i*/, const Other& /*layer*/) const {}
};

/// Calls visit(layer) with that layer.
/// \returns its index
template <typename Network, typename Visitor>
std::size_t choose_dlib_layer(const Network& network, const Visitor& visit) {
  std::size_t index = 0;
  bool is_found = false;
  bool is_frozen = false;
  dlib::visit_layers_backwards(network, FirstDlibLayer<Visitor>{index, visit, is_found, is_frozen});
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

/// Returns visit(layer) of the layer of that index.
template <std::size_t index, typename Network, typename Visitor>
auto visit_dlib_layer(const Network& network, const Visitor& visit) {
  static_assert(index < Network::num_layers,
                "viann::dlib_weights: the network has no layer of that index.");
  if constexpr (index < Network::num_layers) {
    using Layer = std::decay_t<decltype(dlib::layer<index>(network))>;
    constexpr bool has_weights = HasDlibWeights<typename DlibDetails<Layer>::Type>::value;
    static_assert(has_weights,
                  "viann::dlib_weights: the layer of that index is neither fully connected nor a "
                  "convolution; count as dlib::layer<index>(network) does, from the output.");
    if constexpr (has_weights) return visit(dlib::layer<index>(network));
  }
}

/// The network of a trainer that keeps its gradients, after its threads have finished their step.
template <typename Network, typename Solver>
const Network& dlib_trained(dlib::dnn_trainer<Network, Solver>& trainer) {
  if (trainer.get_synchronization_file().empty()) {
    return trainer.get_net(dlib::force_flush_to_disk::no);
  }
  throw std::invalid_argument(
      "viann::dlib_gradient: this trainer removes the gradients whenever it writes its "
      "synchronisation file; train by train_one_step(), wait for it by trainer.get_average_loss(), "
      "and hand over the network: dlib_weights(net), dlib_gradient(net).");
}

}  // namespace detail

/// The weights of a network's fully connected or convolutional layer that is last in dlib's order,
/// and so nearest to the inputs; dlib_layer_index() returns its index. Name the layer if several
/// read the inputs, as in an inception block.
/// \throws std::invalid_argument if there is no such layer, it is frozen by a learning rate
///         multiplier of 0, or its weights are not allocated yet.
template <typename Network, typename = typename Network::subnet_type>
detail::ForeignView dlib_weights(const Network& network) {
  std::optional<detail::ForeignView> view;
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
  return detail::visit_dlib_layer<index>(
      network, [](const auto& layer) { return dlib_weights(layer.layer_details()); });
}

/// The weights of a trainer's network, after the trainer's threads have finished their step.
template <typename Network, typename Solver>
auto dlib_weights(dlib::dnn_trainer<Network, Solver>& trainer) {
  return dlib_weights(std::as_const(trainer.get_net(dlib::force_flush_to_disk::no)));
}

/// The same for the layer of that index, counted as dlib::layer<index>(network) does.
template <std::size_t index, typename Network, typename Solver>
auto dlib_weights(dlib::dnn_trainer<Network, Solver>& trainer) {
  return dlib_weights<index>(std::as_const(trainer.get_net(dlib::force_flush_to_disk::no)));
}

/// The gradient of the loss by the weights that dlib_weights() returns for the same arguments, in
/// the same order: that of the last step's batch, without weight decay. dlib keeps it until the
/// next step; of several devices, it is the mean. \throws std::invalid_argument also if there is
/// none: before the first step, for a frozen layer,
///         or if the trainer removes it when it writes its synchronisation file.
template <typename Network, typename = typename Network::subnet_type>
detail::ForeignView dlib_gradient(const Network& network) {
  std::optional<detail::ForeignView> view;
  detail::choose_dlib_layer(
      network, [&](const auto& layer) { view.emplace(detail::dlib_layer_gradient(layer)); });
  return *std::move(view);
}
template <std::size_t index, typename Network, typename = typename Network::subnet_type>
auto dlib_gradient(const Network& network) {
  return detail::visit_dlib_layer<index>(
      network, [](const auto& layer) { return detail::dlib_layer_gradient(layer); });
}
template <typename Network, typename Solver>
auto dlib_gradient(dlib::dnn_trainer<Network, Solver>& trainer) {
  return dlib_gradient(detail::dlib_trained(trainer));
}
template <std::size_t index, typename Network, typename Solver>
auto dlib_gradient(dlib::dnn_trainer<Network, Solver>& trainer) {
  return dlib_gradient<index>(detail::dlib_trained(trainer));
}

}  // namespace viann
