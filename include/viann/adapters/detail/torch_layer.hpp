// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn.h>

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/matrix_memory.hpp"
#include "viann/weight_view.hpp"

/// How viann/adapters/libtorch.hpp finds a layer in a model, the tensor that the layer computes
/// with, and a view of that tensor or of its gradient.

namespace viann::detail {

template <typename... Reason>
[[noreturn]] void refuse_torch_weights(const Reason&... reason) {
  throw std::invalid_argument(concat("viann::libtorch_weights: ", reason...));
}

/// A view of a tensor of shape (units, features...).
inline WeightView torch_view(const torch::Tensor& weight) {
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
    MatrixMemory memory =
        memory_of(data, matrix->size(1), matrix->size(0), matrix->stride(1), matrix->stride(0));
    memory.owner = matrix;
    return WeightView(std::move(memory));
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

/// What to view of the tensor that a layer computes with: itself, or its gradient.
using TorchPart = torch::Tensor (*)(const torch::Tensor&);
inline torch::Tensor torch_values(const torch::Tensor& weight) { return weight; }
inline torch::Tensor torch_gradient(const torch::Tensor& weight) {
  const torch::Tensor gradient = weight.grad();
  if (gradient.defined()) return gradient.is_sparse() ? gradient.to_dense() : gradient;
  throw std::invalid_argument(
      "viann::libtorch_gradient: the weights have no gradient; hand it over after backward() and "
      "before zero_grad(), which removes it. Frozen weights (requires_grad is false) have none.");
}

/// Calls visit(layer) if the module is of one of these types.
template <typename... Layer, typename Visitor>
void visit_torch_layer(const torch::nn::Module& module, const Visitor& visit) {
  const auto visit_if = [&](const auto* layer) {
    if (layer != nullptr) visit(*layer);
  };
  (visit_if(module.as<Layer>()), ...);
}

/// The weight that a layer of libtorch's own computes with: its member, not the registered
/// parameter. Undefined for every other module. It does not depend on what is frozen, which may
/// change in a run.
inline torch::Tensor torch_own_weight(const torch::nn::Module& module,
                                      TorchPart part = torch_values) {
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
  if (weight.defined()) return part(weight);
  visit_torch_layer<nn::RNN, nn::LSTM, nn::GRU>(module, [&](const auto& layer) {
    const auto parameters = layer.named_parameters();
    weight = part(parameters["weight_ih_l0"]);
    if (!layer.options_base.bidirectional()) return;
    const torch::AutoGradMode tells_what_is_frozen(true);
    weight = torch::cat({weight, part(parameters["weight_ih_l0_reverse"])});
  });
  return weight;
}

/// The names of a module's own parameters of two or more dimensions; with recurse, of those of its
/// layers, too, but only of those that are trained.
inline std::string torch_matrices(const torch::nn::Module& module, bool recurse) {
  std::string names;
  if (module.as<torch::nn::LayerNorm>() != nullptr) return names;  // a weight for each feature
  for (const auto& parameter : module.named_parameters(recurse)) {
    if (parameter.value().dim() < 2) continue;
    if (recurse && !parameter.value().requires_grad()) continue;
    names += (names.empty() ? "" : ", ") + parameter.key();
  }
  return names;
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

struct TorchLayer {
  std::string name;  // in its model; empty for the module itself
  const torch::nn::Module& module;
};

/// Whether the module is a layer with weights. Refuses one with matrices of its own: which axis has
/// the features is known for libtorch's layers alone.
inline bool is_torch_layer(const torch::nn::Module& module, const std::string& name) {
  if (torch_own_weight(module).defined()) return true;
  const std::string matrices = torch_matrices(module, /*recurse=*/false);
  if (matrices.empty()) return false;
  const std::string first = matrices.substr(0, matrices.find(','));
  refuse_torch_weights(
      module.name(), name.empty() ? "" : " (\"" + name + "\")", " has parameters of its own (",
      matrices, "), and viann does not know their axes; name the layer that reads the inputs, or ",
      "hand over the matrix that multiplies them: libtorch_weights(net->", first,
      ") if it is (units, features), libtorch_weights(net->", first,
      ".t()) if it is (features, units).");
}

/// The layer itself, or a model's first layer with weights.
inline TorchLayer choose_torch_layer(const torch::nn::Module& model) {
  if (is_torch_layer(model, "")) {
    const std::string trained = torch_matrices(model, /*recurse=*/true);
    if (trained.empty() || torch_own_weight(model).requires_grad()) return {"", model};
    refuse_torch_weights("the weights of ", model.name(), " are frozen, but ", trained,
                         " of it are trained; hand over the matrix that multiplies the inputs, ",
                         "as (units, features).");
  }
  for (const auto& named : model.named_modules("", /*include_self=*/false)) {
    const std::string& name = named.key();
    if (!is_torch_layer(*named.value(), name)) continue;
    if (torch_own_weight(*named.value()).requires_grad()) return {name, *named.value()};
    // Frozen in the middle of a run, it must not make way for another in silence.
    refuse_torch_weights("the first layer of ", model.name(), " with weights, \"", name,
                         "\", is frozen (requires_grad is false); name the layer that you mean, ",
                         "frozen or not: libtorch_weights(net, \"", name, "\").");
  }
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
template <typename Other, typename = std::enable_if_t<
                              !std::is_base_of_v<torch::nn::Module, Other> &&
                              !std::is_base_of_v<torch::detail::ModuleHolderIndicator, Other> &&
                              !std::is_convertible_v<const Other&, torch::Tensor>>>
const torch::nn::Module& torch_module(const Other& /*other*/) {
  static_assert(!sizeof(Other),
                "viann: pass a tensor, a layer of torch::nn or a model made of such; of a "
                "TorchScript module m its tensor, as in "
                "m.attr(\"fc1\").toModule().attr(\"weight\").toTensor().");
  return torch_module(torch::nn::AnyModule());  // never: for compilers that want a value
}

/// A view of that part of the weights of a layer, or of a model's first layer with weights.
inline WeightView torch_layer_view(const torch::nn::Module& model, TorchPart part) {
  const torch::nn::Module& module = choose_torch_layer(model).module;
  return torch_view(torch_units_first(module, torch_own_weight(module, part)));
}
inline WeightView torch_layer_view(const torch::nn::Module& model, const std::string& layer,
                                   TorchPart part) {
  std::string names;
  for (const auto& named : model.named_modules("", /*include_self=*/false)) {
    if (named.key() == layer) return torch_layer_view(*named.value(), part);
    names += (names.empty() ? "" : ", ") + named.key();
  }
  refuse_torch_weights(model.name(), " has no layer \"", layer, "\"; it has: ", names, ".");
}

}  // namespace viann::detail
