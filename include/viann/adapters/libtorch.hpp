// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn.h>

#include <Eigen/Core>
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "viann/detail/checks.hpp"
#include "viann/detail/owning_map.hpp"
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
///     Linear, RNN, LSTM, GRU    (out, in)                 input                     output
///     Conv1d, 2d, 3d            (out, in / groups, k...)  (channel, k...)           filter
///     ConvTranspose1d, 2d, 3d   (in, out / groups, k...)  (channel, k...)           filter
///     Embedding, EmbeddingBag   (num, dim)                token                     dimension
///     others                    (out, in...)              (in...)                   output
///
/// A convolution's features are every position of its kernel in every input channel, in row-major
/// order; kernel_scores() gives their scores back in the kernel's shape. With groups, a channel's
/// units are the filters of its group.
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
  throw std::invalid_argument(sentence("viann::libtorch_weights: ", reason...));
}

/// The weight itself if it is contiguous, of type Scalar and on the CPU, else a copy that is.
template <typename Scalar>
std::shared_ptr<const torch::Tensor> torch_weight(const torch::Tensor& weight) {
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

/// A module's own weight: its first parameter of two or more dimensions; undefined if it has none.
inline torch::Tensor torch_own_weight(const torch::nn::Module& module) {
  if (module.as<torch::nn::LayerNorm>() != nullptr) return {};  // one weight per feature, no units
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) {
    if (parameter.value().dim() >= 2) return parameter.value();
  }
  return {};
}

/// The module's weight with the units first, whatever the module's own order.
inline torch::Tensor torch_units_first(const torch::nn::Module& module, torch::Tensor weight) {
  namespace nn = torch::nn;
  const auto is_table = [&](const auto* table) { return table != nullptr; };
  const auto is_convolution = [&](const auto* convolution) {
    if (convolution == nullptr) return false;
    const std::int64_t groups = convolution->options.groups();
    if (convolution->options.transposed()) {
      weight = weight.transpose(0, 1);
    } else if (groups > 1) {  // the filters of a group read the channels of that group alone
      weight = weight.unflatten(0, {groups, weight.size(0) / groups}).transpose(0, 1);
      weight = weight.flatten(1, 2);
    }
    return true;
  };
  if (is_table(module.as<nn::Embedding>()) || is_table(module.as<nn::EmbeddingBag>())) {
    return weight.transpose(0, 1);
  }
  (void)(is_convolution(module.as<nn::Conv1d>()) || is_convolution(module.as<nn::Conv2d>()) ||
         is_convolution(module.as<nn::Conv3d>()) ||
         is_convolution(module.as<nn::ConvTranspose1d>()) ||
         is_convolution(module.as<nn::ConvTranspose2d>()) ||
         is_convolution(module.as<nn::ConvTranspose3d>()));
  return weight;
}

template <typename Scalar>
RowMajorView<Scalar> torch_table(const torch::Tensor& table) {
  const auto weight = torch_weight<Scalar>(table);
  return RowMajorView<Scalar>(
      {weight->template data_ptr<Scalar>(), weight->size(0), weight->size(1), weight});
}

}  // namespace detail

/// Of a tensor of shape (units, features...), as Linear and ungrouped convolutions have it.
template <typename Scalar = float>
auto libtorch_weights(const torch::Tensor& tensor) {
  const auto weight = detail::torch_weight<Scalar>(tensor);
  const std::int64_t units = weight->size(0);
  const std::int64_t features = weight->numel() / std::max<std::int64_t>(units, 1);
  using Map = detail::OwningMap<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;
  return WeightView<Map>({weight->template data_ptr<Scalar>(), features, units, weight});
}

/// Of a layer, or of the first trainable layer of a model in the order of registration: one with a
/// parameter of two or more dimensions that requires a gradient.
template <typename Scalar = float>
auto libtorch_weights(const torch::nn::Module& module) {
  const torch::Tensor own = detail::torch_own_weight(module);
  if (own.defined()) return libtorch_weights<Scalar>(detail::torch_units_first(module, own));
  for (const auto& layer : module.modules(/*include_self=*/false)) {
    const torch::Tensor weight = detail::torch_own_weight(*layer);
    if (!weight.defined() || !weight.requires_grad()) continue;
    return libtorch_weights<Scalar>(detail::torch_units_first(*layer, weight));
  }
  detail::refuse_torch_weights(module.name(), " has no trainable weights of two or more ",
                               "dimensions; build its layers with register_module(), or name the ",
                               "one you mean: libtorch_weights(net->fc1).");
}

/// Of the layer of that name in a model: "fc1", "encoder.0", ..., as in named_modules().
template <typename Scalar = float>
auto libtorch_weights(const torch::nn::Module& model, const std::string& layer) {
  std::string names;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    if (module.key() == layer) return libtorch_weights<Scalar>(*module.value());
    names += (names.empty() ? "" : ", ") + module.key();
  }
  detail::refuse_torch_weights(model.name(), " has no layer \"", layer, "\"; it has: ", names, ".");
}

/// Of an embedding: every token is a feature. The table is not copied.
template <typename Scalar = float>
auto libtorch_weights(const torch::nn::EmbeddingImpl& embedding) {
  return detail::torch_table<Scalar>(embedding.weight);
}
template <typename Scalar = float>
auto libtorch_weights(const torch::nn::EmbeddingBagImpl& embedding) {
  return detail::torch_table<Scalar>(embedding.weight);
}

/// The same for what holds a layer or a model, as torch::nn::Linear does.
template <typename Scalar = float, typename Module, typename... Name>
auto libtorch_weights(const torch::nn::ModuleHolder<Module>& holder, const Name&... layer) {
  if (holder.is_empty()) {
    detail::refuse_torch_weights("the layer is empty (nullptr); build it, as in ",
                                 "net->fc1 = register_module(\"fc1\", torch::nn::Linear(4, 8)).");
  }
  return libtorch_weights<Scalar>(*holder, layer...);
}

}  // namespace viann
