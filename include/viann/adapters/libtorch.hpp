// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn.h>

#include <Eigen/Core>
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/owning_map.hpp"
#include "viann/weight_view.hpp"

/// libtorch: libtorch_weights() gives the weights of a layer as a view that any hook takes.
///
/// ```cpp
/// for (int epoch = 0; epoch < epochs; ++epoch) {
///   train_one_epoch(*net, optimizer);
///   importance.on_epoch_end(viann::libtorch_weights(net->fc1));
/// }
/// ```
///
///     layer                     weight                    feature                   unit
///     Linear                    (out, in)                 input                     output
///     RNN, LSTM, GRU            (gates * out, in)         input                     gate of an
///     output Conv1d, 2d, 3d            (out, in / groups, k...)  (channel, k...)           filter
///     ConvTranspose1d, 2d, 3d   (in, out / groups, k...)  (channel, k...)           filter
///     Embedding, EmbeddingBag   (num, dim)                token                     dimension
///     others                    (out, in...)              (in...)                   output
///
/// A convolution's features are every position of its kernel in every input channel, in row-major
/// order; kernel_scores() gives their scores back in the kernel's shape. With groups, a channel's
/// units are the filters of its group. A recurrent layer gives the weights that read the
/// inputs of its first layer, forward.
///
/// Weights of type Scalar that lie contiguous and in this order on the CPU are viewed where they
/// are; others are copied: float16, bfloat16, another device, groups, transposed convolutions. A
/// network in double takes `libtorch_weights<double>(...)`. All functions throw
/// std::invalid_argument if the weights do not exist, or Scalar cannot hold them exactly. Views are
/// to be used within the call that takes them.

namespace viann {

namespace detail {

template <typename... Reason>
[[noreturn]] void refuse_torch_weights(const Reason&... reason) {
  throw std::invalid_argument(concat("viann::libtorch_weights: ", reason...));
}

/// The weight itself if it is contiguous, of type Scalar and on the CPU, else a copy that is.
template <typename Scalar>
std::shared_ptr<const torch::Tensor> torch_weight(const torch::Tensor& weight) {
  static_assert(std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>,
                "viann: write libtorch_weights<float>(...) or libtorch_weights<double>(...); float "
                "takes networks in half precision, too.");
  constexpr torch::ScalarType wanted = c10::CppTypeToScalarType<Scalar>::value;
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
  const char* type = torch::toString(weight.scalar_type());
  if (!weight.is_floating_point()) {
    refuse_torch_weights("the weights are of type ", type,
                         "; observe real numbers, of a quantised layer those it was made from.");
  }
  if (torch::promote_types(weight.scalar_type(), wanted) != wanted) {
    refuse_torch_weights("the weights are of type ", type, ", which ", torch::toString(wanted),
                         " cannot hold exactly; write libtorch_weights<double>(...).");
  }
  return std::make_shared<const torch::Tensor>(
      weight.detach().to(torch::kCPU, wanted).contiguous());
}

/// A module's own weight: its first trainable parameter of two or more dimensions, or the first
/// such if all are frozen; undefined if it has none.
inline torch::Tensor torch_own_weight(const torch::nn::Module& module) {
  if (module.as<torch::nn::LayerNorm>() != nullptr) return {};  // one weight per feature, no units
  torch::Tensor frozen;
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) {
    const torch::Tensor& weight = parameter.value();
    if (weight.dim() < 2) continue;
    if (weight.requires_grad()) return weight;
    if (!frozen.defined()) frozen = weight;
  }
  return frozen;
}

/// Calls visit(layer) if the module is of one of these types.
template <typename... Layer, typename Visitor>
void visit_torch_layer(const torch::nn::Module& module, const Visitor& visit) {
  const auto visit_if = [&](const auto* layer) {
    if (layer != nullptr) visit(*layer);
  };
  (visit_if(module.as<Layer>()), ...);
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

/// The weight of a layer, or that of a model's first trainable layer, units first.
inline torch::Tensor first_torch_weight(const torch::nn::Module& model) {
  const torch::Tensor own = torch_own_weight(model);
  if (own.defined() && is_torch_layer(model)) return torch_units_first(model, own);
  // What a module made of layers has of its own (position codes, class tokens) comes last.
  for (const bool layers : {true, false}) {
    for (const auto& module : model.modules(/*include_self=*/false)) {
      if (is_torch_layer(*module) != layers) continue;
      const torch::Tensor weight = torch_own_weight(*module);
      if (weight.defined() && weight.requires_grad()) return torch_units_first(*module, weight);
    }
  }
  if (own.defined() && own.requires_grad()) return own;
  refuse_torch_weights(model.name(), " has no trainable weights of two or more dimensions; build ",
                       "its layers with register_module(), or name the one you mean: ",
                       "libtorch_weights(net->fc1).");
}

template <typename Module>
constexpr bool is_torch_embedding = std::is_base_of_v<torch::nn::EmbeddingImpl, Module> ||
                                    std::is_base_of_v<torch::nn::EmbeddingBagImpl, Module>;

}  // namespace detail

/// The weights in a tensor of shape (units, features...), as Linear has it. For other layers pass
/// the layer: an Embedding's tensor has its features first, and that of a convolution does not tell
/// its groups.
template <typename Scalar = float>
auto libtorch_weights(const torch::Tensor& tensor) {
  const auto weight = detail::torch_weight<Scalar>(tensor);
  const std::int64_t units = weight->size(0);
  const std::int64_t features = weight->numel() / std::max<std::int64_t>(units, 1);
  using Map = detail::OwningMap<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;
  return WeightView<Map>({weight->template data_ptr<Scalar>(), features, units, weight});
}

/// The weights of an embedding of that type: every token is a feature. Not copied, while
/// one that is looked for in a model is.
template <typename Scalar = float, typename Embedding,
          std::enable_if_t<detail::is_torch_embedding<Embedding>, int> = 0>
auto libtorch_weights(const Embedding& embedding) {
  const auto weight = detail::torch_weight<Scalar>(embedding.weight);
  return detail::RowMajorView<Scalar>(
      {weight->template data_ptr<Scalar>(), weight->size(0), weight->size(1), weight});
}

/// The weights of a layer, frozen or not; or of a model's first trainable layer, in the order of
/// registration.
template <typename Scalar = float>
auto libtorch_weights(const torch::nn::Module& module) {
  return libtorch_weights<Scalar>(detail::first_torch_weight(module));
}

/// The weights of the layer of that name in a model: "fc1", "encoder.0", ..., as in
/// named_modules().
template <typename Scalar = float>
auto libtorch_weights(const torch::nn::Module& model, const std::string& layer) {
  std::string names;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    if (module.key() == layer) return libtorch_weights<Scalar>(*module.value());
    names += (names.empty() ? "" : ", ") + module.key();
  }
  detail::refuse_torch_weights(model.name(), " has no layer \"", layer, "\"; it has: ", names, ".");
}

/// The same for what holds a layer or a model: std::shared_ptr, torch::nn::Linear and its like, and
/// torch::nn::AnyModule.
template <typename Scalar = float, typename Module, typename... Name>
auto libtorch_weights(const std::shared_ptr<Module>& module, const Name&... layer) {
  if (module == nullptr) {
    detail::refuse_torch_weights("the layer is empty (nullptr); build it, as in ",
                                 "net->fc1 = register_module(\"fc1\", torch::nn::Linear(4, 8)).");
  }
  return libtorch_weights<Scalar>(*module, layer...);
}
template <typename Scalar = float, typename Module, typename... Name>
auto libtorch_weights(const torch::nn::ModuleHolder<Module>& holder, const Name&... layer) {
  return libtorch_weights<Scalar>(holder.is_empty() ? nullptr : holder.ptr(), layer...);
}
template <typename Scalar = float, typename... Name>
auto libtorch_weights(const torch::nn::AnyModule& module, const Name&... layer) {
  return libtorch_weights<Scalar>(module.is_empty() ? nullptr : module.ptr(), layer...);
}

}  // namespace viann
