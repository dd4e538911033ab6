// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn.h>

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/foreign_matrix.hpp"
#include "viann/weight_view.hpp"

/// libtorch: libtorch_weights() returns the weights of a layer as a view that any hook takes.
///
/// ```cpp
/// for (int epoch = 0; epoch < epochs; ++epoch) {
///   train_one_epoch(*net, optimizer);
///   importance.on_epoch_end(viann::libtorch_weights(net->fc1));
/// }
/// ```
///
///     layer                     weight                    feature          unit
///     Linear                    (out, in)                 input            output
///     RNN, LSTM, GRU            (gates * out, in)         input            gate of an output
///     Conv1d, 2d, 3d            (out, in / groups, k...)  (channel, k...)  filter
///     ConvTranspose1d, 2d, 3d   (in, out / groups, k...)  (channel, k...)  filter
///     Embedding, EmbeddingBag   (num, dim)                token            dimension
///     others                    (out, in...)              (in...)          output
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

namespace detail {

template <typename... Reason>
[[noreturn]] void refuse_torch_weights(const Reason&... reason) {
  throw std::invalid_argument(concat("viann::libtorch_weights: ", reason...));
}

/// A view of a tensor of shape (units, features...).
inline ForeignView torch_view(const torch::Tensor& weight) {
  if (!weight.defined()) {
    refuse_torch_weights("the tensor is undefined; build the layer before it is observed.");
  }
  if (weight.is_meta() || weight.layout() != torch::kStrided) {
    refuse_torch_weights("the tensor is ", weight.is_meta() ? "on the meta device" : "not dense",
                         "; hand over the tensor that holds the values of the weights.");
  }
  if (weight.dim() < 2) {
    refuse_torch_weights("the tensor has ", weight.dim(), " dimension(s); weights have two or ",
                         "more, the units first and then the features.");
  }
  const auto matrix = std::make_shared<const torch::Tensor>(
      weight.detach().to(torch::kCPU).flatten(1));  // copies only what must be copied
  const auto view = [&](const auto* data) {
    return foreign_view(data, matrix->size(1), matrix->size(0), matrix->stride(1),
                        matrix->stride(0), matrix);
  };
  // libtorch's own types of 16 bits have the same bits as Eigen's.
  switch (weight.scalar_type()) {
    case torch::kFloat16:
      return view(static_cast<const Eigen::half*>(matrix->data_ptr()));
    case torch::kBFloat16:
      return view(static_cast<const Eigen::bfloat16*>(matrix->data_ptr()));
    case torch::kFloat32:
      return view(static_cast<const float*>(matrix->data_ptr()));
    case torch::kFloat64:
      return view(static_cast<const double*>(matrix->data_ptr()));
    default:
      refuse_torch_weights(
          "the weights are of type ", torch::toString(weight.scalar_type()),
          "; observe real numbers; for a quantised layer, those it was made from.");
  }
}

/// Calls visit(layer) if the module is of one of these types.
template <typename... Layer, typename Visitor>
void visit_torch_layer(const torch::nn::Module& module, const Visitor& visit) {
  const auto visit_if = [&](const auto* layer) {
    if (layer != nullptr) visit(*layer);
  };
  (visit_if(module.as<Layer>()), ...);
}

/// The weight of a module itself: for libtorch's layers the member that they compute with, for any
/// other module the parameter of two or more dimensions that is called weight, or else the first.
/// Undefined if there is none. It does not depend on what is frozen, which may change in a run.
inline torch::Tensor torch_own_weight(const torch::nn::Module& module) {
  namespace nn = torch::nn;
  torch::Tensor weight;
  visit_torch_layer<nn::Linear, nn::Bilinear, nn::Embedding, nn::EmbeddingBag, nn::Conv1d,
                    nn::Conv2d, nn::Conv3d, nn::ConvTranspose1d, nn::ConvTranspose2d,
                    nn::ConvTranspose3d>(module, [&](const auto& layer) { weight = layer.weight; });
  visit_torch_layer<nn::MultiheadAttention>(module, [&](const auto& layer) {
    weight = layer.in_proj_weight.defined() ? layer.in_proj_weight : layer.q_proj_weight;
  });
  visit_torch_layer<nn::RNNCell, nn::LSTMCell, nn::GRUCell>(
      module, [&](const auto& layer) { weight = layer.weight_ih; });
  if (weight.defined() || module.as<nn::LayerNorm>() != nullptr) {
    return weight;  // a LayerNorm has one weight per feature, and no units
  }
  torch::Tensor reverse;
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) {
    if (parameter.value().dim() < 2) continue;
    if (!weight.defined() || parameter.key() == "weight") weight = parameter.value();
    if (parameter.key() == "weight_ih_l0_reverse") reverse = parameter.value();
  }
  if (!reverse.defined()) return weight;
  const torch::AutoGradMode tells_what_is_frozen(true);
  return torch::cat({weight, reverse});
}

/// The module's weight with the units first, whatever the module's own order.
inline torch::Tensor torch_units_first(const torch::nn::Module& module,
                                       const torch::Tensor& weight) {
  namespace nn = torch::nn;
  torch::Tensor ordered = weight;
  visit_torch_layer<nn::Embedding, nn::EmbeddingBag, nn::ConvTranspose1d, nn::ConvTranspose2d,
                    nn::ConvTranspose3d>(
      module, [&](const auto& /*layer*/) { ordered = weight.transpose(0, 1); });
  visit_torch_layer<nn::Conv1d, nn::Conv2d, nn::Conv3d>(module, [&](const auto& convolution) {
    const std::int64_t groups = convolution.options.groups();
    if (groups == 1) return;
    // The filters of a group read the channels of that group alone.
    ordered = weight.unflatten(0, {groups, weight.size(0) / groups}).transpose(0, 1).flatten(1, 2);
  });
  return ordered;
}

/// Whether the module is a layer, not a model made of layers.
inline bool is_torch_layer(const torch::nn::Module& module) {
  return module.children().empty() || module.as<torch::nn::MultiheadAttention>() != nullptr;
}

struct TorchLayer {
  std::string name;      // in its model; empty for the module itself
  torch::Tensor weight;  // units first
};

/// The layer itself, or a model's first layer with weights.
inline TorchLayer choose_torch_layer(const torch::nn::Module& model) {
  const torch::Tensor own = torch_own_weight(model);
  if (own.defined() && is_torch_layer(model)) return {"", torch_units_first(model, own)};
  const auto chosen = [&](const std::string& name, const torch::nn::Module& module,
                          const torch::Tensor& weight) {
    // Frozen in the middle of a run, it must not make way for another in silence.
    if (weight.requires_grad()) return TorchLayer{name, torch_units_first(module, weight)};
    refuse_torch_weights("the first layer of ", model.name(), " with weights, \"", name,
                         "\", is frozen (requires_grad is false); name the layer that you mean, ",
                         "frozen or not: libtorch_weights(net, \"", name, "\").");
  };
  // The own parameters of a module made of layers (position codes, class tokens) come last.
  for (const bool layers : {true, false}) {
    for (const auto& module : model.named_modules("", /*include_self=*/false)) {
      if (is_torch_layer(*module.value()) != layers) continue;
      const torch::Tensor weight = torch_own_weight(*module.value());
      if (weight.defined()) return chosen(module.key(), *module.value(), weight);
    }
  }
  if (own.defined()) return {"", own};
  refuse_torch_weights(
      model.name(), " has no weights of two or more dimensions; build its layers ",
      "with register_module(), or name the one you mean: ", "libtorch_weights(net->fc1).");
}

/// The module in a holder of a layer or a model: torch::nn::Linear and its like, std::shared_ptr,
/// torch::nn::AnyModule, or the module itself.
inline const torch::nn::Module& torch_module(const torch::nn::Module& module) { return module; }
template <typename Module>
const torch::nn::Module& torch_module(const std::shared_ptr<Module>& module) {
  if (module != nullptr) return *module;
  refuse_torch_weights("the layer is empty (nullptr); build it, as in ",
                       "net->fc1 = register_module(\"fc1\", torch::nn::Linear(4, 8)).");
}
template <typename Module>
const torch::nn::Module& torch_module(const torch::nn::ModuleHolder<Module>& holder) {
  return torch_module(holder.is_empty() ? std::shared_ptr<Module>() : holder.ptr());
}
inline const torch::nn::Module& torch_module(const torch::nn::AnyModule& module) {
  return torch_module(module.is_empty() ? std::shared_ptr<torch::nn::Module>() : module.ptr());
}

}  // namespace detail

/// The weights in a tensor of shape (units, features...), as in Linear. For other layers pass the
/// layer: an Embedding's tensor has its features first, and a convolution's tensor does not show
/// its groups.
/// \tparam Scalar  without effect: earlier versions needed the type here and below
template <typename Scalar = void>
auto libtorch_weights(const torch::Tensor& tensor) {
  return detail::torch_view(tensor);
}

/// The weights of a layer, frozen or not; or of a model's first layer with weights, in the order of
/// registration: libtorch_layer_name() returns its name. A model does not know which of its layers
/// reads the inputs. If it makes a layer in forward(), or registers the last one first, its first
/// layer is not the one that it seems to be: name the layer, or look at the name.
/// \param model  a module, or a holder of one: std::shared_ptr, torch::nn::Linear and its like,
///               torch::nn::AnyModule
/// \throws std::invalid_argument also if a model's first layer is frozen.
template <typename Scalar = void, typename Model,
          typename = decltype(detail::torch_module(std::declval<const Model&>()))>
auto libtorch_weights(const Model& model) {
  return detail::torch_view(detail::choose_torch_layer(detail::torch_module(model)).weight);
}

/// The weights of the layer of that name in a model: "fc1", "encoder.0", ..., as in
/// named_modules(); frozen or not.
template <typename Scalar = void, typename Model,
          typename = decltype(detail::torch_module(std::declval<const Model&>()))>
auto libtorch_weights(const Model& model, const std::string& layer) {
  const torch::nn::Module& module = detail::torch_module(model);
  std::string names;
  for (const auto& named : module.named_modules("", /*include_self=*/false)) {
    if (named.key() == layer) return libtorch_weights(*named.value());
    names += (names.empty() ? "" : ", ") + named.key();
  }
  detail::refuse_torch_weights(module.name(), " has no layer \"", layer, "\"; it has: ", names,
                               ".");
}

/// The name of the layer whose weights libtorch_weights(model) returns; empty if they are the
/// module's own.
/// \throws std::invalid_argument as libtorch_weights(model).
template <typename Model>
std::string libtorch_layer_name(const Model& model) {
  return detail::choose_torch_layer(detail::torch_module(model)).name;
}

}  // namespace viann
