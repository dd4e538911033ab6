// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn.h>

#include <string>
#include <utility>

#include "viann/adapters/detail/torch_layer.hpp"

/// \file
/// libtorch: libtorch_weights() returns the weights of a layer as a view that any hook takes, and
/// libtorch_gradient() the gradient of the loss by these weights, for hooks that take it.
///
/// ```cpp
/// for (int epoch = 0; epoch < epochs; ++epoch) {
///   train_one_epoch(*net, optimizer);  // ends with backward() and step(), not with zero_grad()
///   importance.on_epoch_end(viann::libtorch_weights(net->fc1),
///                           viann::libtorch_gradient(net->fc1));
/// }
/// ```
///
///     layer                     weight                    feature          unit
///     Linear                    (out, in)                 input            output
///     RNN, LSTM, GRU            (gates * out, in)         input            gate of an output
///     Conv1d, 2d, 3d            (out, in / groups, k...)  (channel, k...)  filter
///     ConvTranspose1d, 2d, 3d   (in, out / groups, k...)  (channel, k...)  filter
///     Embedding, EmbeddingBag   (num, dim)                token            dimension
///     Bilinear                  (out, in1, in2)           (in1, in2)       output
///     MultiheadAttention        (3 out, in)               input            query, key or value
///
/// Parameters of a module of your own may have any axes: hand over the tensor.
///
/// A convolution's features are the positions of its kernel in every input channel, in row-major
/// order; kernel_scores() returns their scores in the kernel's shape. With groups, a channel's
/// units are the filters of its group. The weights of a recurrent layer are those that read the
/// inputs of its first layer; if it is bidirectional, the units are those of both directions.
///
/// The weights are those that forward() multiplies by: the member `weight` of libtorch's own
/// layers, not the registered parameter, which is another tensor once weights have been tied.
///
/// Weights of float, double, float16 and bfloat16 on the CPU are viewed in place, with any strides.
/// They are copied from another device, and if features and units are not two axes of the memory:
/// groups, transposed convolutions, both directions, channels last. All functions throw
/// std::invalid_argument if there are no such weights. Use views only within the call that takes
/// them.

namespace viann {

/// The weights in a tensor of shape (units, features...), as in Linear. For other layers pass the
/// layer: an Embedding's tensor has its features first, and a convolution's tensor does not show
/// its groups.
inline auto libtorch_weights(const torch::Tensor& tensor) { return detail::torch_view(tensor); }

/// The weights of a layer, frozen or not; or of a model's first layer with weights, in the order of
/// registration: libtorch_layer_name() returns its name. A model does not know which of its layers
/// reads the inputs. If it makes a layer in forward(), or registers the last one first, its first
/// layer is not the one that it seems to be: name the layer, or look at the name.
/// \param model  a module, or a holder of one: std::shared_ptr, torch::nn::Linear and its like,
///               torch::nn::AnyModule
/// \throws std::invalid_argument also if a model's first layer is frozen, or if a module of your
///         own is first, or is the model, and has matrices: their axes are not known.
template <typename Model, typename = decltype(detail::torch_module(std::declval<const Model&>()))>
auto libtorch_weights(const Model& model) {
  return detail::torch_layer_view(detail::torch_module(model), detail::torch_values);
}

/// The weights of the layer of that name in a model: "fc1", "encoder.0", ..., as in
/// named_modules(); frozen or not.
template <typename Model, typename = decltype(detail::torch_module(std::declval<const Model&>()))>
auto libtorch_weights(const Model& model, const std::string& layer) {
  return detail::torch_layer_view(detail::torch_module(model), layer, detail::torch_values);
}

/// The gradient of the loss by the weights that libtorch_weights() returns for the same arguments:
/// what backward() has added up since zero_grad(). libtorch's optimizers leave it without weight
/// decay. A sparse one (of an Embedding) is made dense.
/// \throws std::invalid_argument also if there is none: before backward(), after zero_grad() (which
///         removes it since libtorch 2.0), or because the weights are frozen.
inline auto libtorch_gradient(const torch::Tensor& weights) {
  return detail::torch_view(detail::torch_gradient(weights));
}

/// The same for a layer, a model, or a model and the name of a layer.
template <typename Model, typename... Name>
auto libtorch_gradient(const Model& model, const Name&... layer) {
  return detail::torch_layer_view(detail::torch_module(model), layer..., detail::torch_gradient);
}

/// The name of the layer whose weights libtorch_weights(model) returns; empty if they are the
/// module's own.
/// \throws std::invalid_argument as libtorch_weights(model).
template <typename Model>
std::string libtorch_layer_name(const Model& model) {
  return detail::choose_torch_layer(detail::torch_module(model)).name;
}

}  // namespace viann
