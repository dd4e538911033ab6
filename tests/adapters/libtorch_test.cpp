// SPDX-License-Identifier: MIT
#include "viann/adapters/libtorch.hpp"

#include <ATen/DLConvertor.h>
#include <torch/torch.h>

#include <functional>
#include <memory>
#include <vector>

#include "viann/adapters/dlpack.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/variance_importance.hpp"

#undef CHECK  // libtorch's logging defines it
#include "support/catch.hpp"

using Eigen::Index;
using torch::Tensor;
using viann::libtorch_gradient;
using viann::libtorch_layer_name;
using viann::libtorch_weights;
namespace nn = torch::nn;

namespace {

/// For every feature, the units' outputs for an input of that feature alone, by the layer's own
/// forward(): the weights themselves, because all other products are 0.
/// \param answers  called with an input; returns the outputs of the feature's units, in order
template <typename View>
void check_answers(const View& view, const std::vector<Tensor>& inputs,
                   const std::function<Tensor(Index feature, const Tensor& input)>& answers) {
  const torch::NoGradGuard no_grad;
  REQUIRE(view.features() == static_cast<Index>(inputs.size()));
  for (Index feature = 0; feature < view.features(); ++feature) {
    const Tensor answer = answers(feature, inputs[static_cast<std::size_t>(feature)]).flatten();
    REQUIRE(view.units() == answer.size(0));
    for (Index unit = 0; unit < view.units(); ++unit) {
      CHECK(view.values()(feature, unit) == answer[unit].template item<float>());
    }
  }
}

/// Inputs of the shape, each 1 at one place and 0 elsewhere, in row-major order of the places.
std::vector<Tensor> impulses(const std::vector<std::int64_t>& shape) {
  const Tensor places = torch::ones(shape);
  std::vector<Tensor> inputs;
  for (std::int64_t place = 0; place < places.numel(); ++place) {
    Tensor input = torch::zeros(places.numel());
    input[place] = 1;
    inputs.push_back(input.reshape(shape).unsqueeze(0));  // a batch of one
  }
  return inputs;
}

template <typename Layer>
void check_convolution(Layer layer, const std::vector<std::int64_t>& kernel, Index groups) {
  const std::int64_t channels = layer->options.in_channels();
  std::vector<std::int64_t> image = {channels};
  image.insert(image.end(), kernel.begin(), kernel.end());
  const Index positions = torch::ones(kernel).numel();
  // On an image of the kernel's size there is one output per filter.
  check_answers(libtorch_weights(layer), impulses(image), [&](Index feature, const Tensor& input) {
    const Index group = feature / positions / (channels / groups);
    return layer->forward(input).flatten().chunk(groups)[static_cast<std::size_t>(group)];
  });
}

/// The output for an input of one position of one channel is the kernel itself.
template <typename Layer>
void check_transposed(Layer layer, const std::vector<std::int64_t>& kernel, Index groups) {
  const torch::NoGradGuard no_grad;
  const auto view = libtorch_weights(layer);
  const Index channels = layer->options.in_channels();
  const Index filters = layer->options.out_channels() / groups;
  const Index positions = torch::ones(kernel).numel();
  REQUIRE(view.features() == channels * positions);
  REQUIRE(view.units() == filters);
  std::vector<std::int64_t> shape(kernel.size() + 1, 1);
  shape[0] = channels;
  const auto inputs = impulses(shape);
  for (Index channel = 0; channel < channels; ++channel) {
    const Tensor output = layer->forward(inputs[static_cast<std::size_t>(channel)])[0].flatten(1);
    const Index group = channel / (channels / groups);
    for (Index position = 0; position < positions; ++position) {
      for (Index unit = 0; unit < filters; ++unit) {
        CHECK(view.values()(channel * positions + position, unit) ==
              output[group * filters + unit][position].template item<float>());
      }
    }
  }
}

struct Net : nn::Module {
  nn::BatchNorm1d norm = register_module("norm", nn::BatchNorm1d(4));
  nn::Linear fc1 = register_module("fc1", nn::Linear(4, 8));
  nn::Linear fc2 = register_module("fc2", nn::Linear(8, 1));

  Tensor forward(const Tensor& x) { return fc2(torch::relu(fc1(norm(x)))); }
};

const float* address(const Tensor& tensor) { return tensor.data_ptr<float>(); }

}  // namespace

TEST_CASE("the view has each weight where the layer itself uses it") {
  torch::manual_seed(1);
  const auto check_linear = [](nn::Linear layer, std::int64_t inputs) {
    check_answers(libtorch_weights(layer), impulses({inputs}),
                  [&](Index, const Tensor& input) { return layer(input); });
  };
  check_linear(nn::Linear(nn::LinearOptions(3, 5).bias(false)), 3);
  check_linear(nn::Linear(nn::LinearOptions(4, 4).bias(false)), 4);
  const auto check_tokens = [](auto layer, const std::vector<std::int64_t>& shape) {
    std::vector<Tensor> tokens;
    for (int token = 0; token < 6; ++token)
      tokens.push_back(torch::full(shape, token, torch::kLong));
    const auto answers = [&](Index, const Tensor& token) { return layer(token); };
    check_answers(libtorch_weights(layer), tokens, answers);
    check_answers(libtorch_weights(static_cast<const nn::Module&>(*layer)), tokens, answers);
  };
  check_tokens(nn::Embedding(6, 3), {});
  check_tokens(nn::EmbeddingBag(6, 3), {1, 1});
  nn::Bilinear bilinear(nn::BilinearOptions(2, 3, 4).bias(false));
  check_answers(libtorch_weights(bilinear), impulses({2, 3}), [&](Index, const Tensor& pair) {
    return bilinear(pair[0].sum(1).unsqueeze(0), pair[0].sum(0).unsqueeze(0));
  });
  check_convolution(nn::Conv1d(nn::Conv1dOptions(2, 5, 3).bias(false)), {3}, 1);
  check_convolution(nn::Conv1d(nn::Conv1dOptions(3, 6, 2).groups(3).bias(false)), {2}, 3);
  check_convolution(nn::Conv2d(nn::Conv2dOptions(2, 5, {3, 2}).bias(false)), {3, 2}, 1);
  check_convolution(nn::Conv2d(nn::Conv2dOptions(4, 6, {2, 3}).groups(2).bias(false)), {2, 3}, 2);
  check_convolution(nn::Conv3d(nn::Conv3dOptions(2, 3, {2, 1, 3}).bias(false)), {2, 1, 3}, 1);
  check_convolution(nn::Conv3d(nn::Conv3dOptions(4, 2, {2, 1, 2}).groups(2).bias(false)), {2, 1, 2},
                    2);
  check_transposed(nn::ConvTranspose1d(nn::ConvTranspose1dOptions(3, 2, 4).bias(false)), {4}, 1);
  const auto two_axes = nn::ConvTranspose2dOptions(4, 6, {2, 3}).bias(false);
  check_transposed(nn::ConvTranspose2d(two_axes), {2, 3}, 1);
  check_transposed(nn::ConvTranspose2d(nn::ConvTranspose2dOptions(two_axes).groups(2)), {2, 3}, 2);
  check_transposed(nn::ConvTranspose3d(nn::ConvTranspose3dOptions(2, 3, {2, 1, 2}).bias(false)),
                   {2, 1, 2}, 1);
  nn::LSTM lstm(3, 4);  // the weights that read the inputs, not those that read the state
  const auto view = libtorch_weights(lstm);
  REQUIRE(view.features() == 3);
  REQUIRE(view.units() == 16);
  CHECK(view.values()(2, 5) == lstm->named_parameters()["weight_ih_l0"][5][2].item<float>());
}

TEST_CASE("weights on the CPU are not copied, where their axes are those of the memory") {
  nn::Linear linear(3, 5);
  CHECK(libtorch_weights(linear).memory().data == address(linear->weight));
  nn::Conv2d convolution(2, 5, 3);
  CHECK(libtorch_weights(convolution).memory().data == address(convolution->weight));
  nn::Embedding embedding(6, 3);
  CHECK(libtorch_weights(embedding).memory().data == address(embedding->weight));
  CHECK(libtorch_weights(linear->weight).memory().data == address(linear->weight));

  linear->to(torch::kFloat64);
  CHECK(libtorch_weights(linear).memory().data == linear->weight.data_ptr());
  linear->to(torch::kBFloat16);
  CHECK(libtorch_weights(linear).memory().data == linear->weight.data_ptr());
  const Tensor strided = torch::randn({6, 8}).slice(0, 0, 6, 2).slice(1, 1, 8, 3);
  CHECK(libtorch_weights(strided).memory().data == strided.data_ptr());
}

TEST_CASE("weights of all types and orders are read, and what is copied lives with its view") {
  const Tensor exact = torch::randint(-64, 64, {5, 3}).to(torch::kFloat32) / 8;
  const auto check_same = [&](const auto& view) {
    REQUIRE(view.features() == 3);
    REQUIRE(view.units() == 5);
    for (Index unit = 0; unit < 5; ++unit) {
      for (Index feature = 0; feature < 3; ++feature) {
        CHECK(view.values()(feature, unit) == exact[unit][feature].item<float>());
      }
    }
  };
  check_same(libtorch_weights(exact.to(torch::kFloat16)));
  check_same(libtorch_weights(exact.to(torch::kBFloat16)));
  check_same(libtorch_weights(exact.t().contiguous().t()));
  check_same(libtorch_weights(torch::cat({exact, exact}, 1).slice(1, 3, 6)));
  check_same(libtorch_weights(exact.to(torch::kFloat64)));
  check_same(libtorch_weights(exact));

  nn::Embedding embedding(3, 5);
  embedding->weight = exact.t().to(torch::kBFloat16).requires_grad_();
  check_same(libtorch_weights(embedding));
}

TEST_CASE("in training, observing the view is observing a copy") {
  torch::manual_seed(2);
  const Tensor X = torch::randn({64, 4});
  const Tensor y = X.select(1, 0) - 2 * X.select(1, 2);
  Net net;
  torch::optim::Adam adam(net.parameters(), torch::optim::AdamOptions(0.02));
  const auto step = [&] {
    adam.zero_grad();
    torch::mse_loss(net.forward(X).squeeze(1), y).backward();
    adam.step();
  };

  using Copy = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto copy = [&] {
    Copy weights(8, 4);
    const auto values = net.fc1->weight.accessor<float, 2>();
    for (Index unit = 0; unit < 8; ++unit) {
      for (Index feature = 0; feature < 4; ++feature)
        weights(unit, feature) = values[unit][feature];
    }
    return weights;
  };

  viann::VarianceImportance<> of_layer, of_model, of_name, of_copies;
  viann::DisplacementImportance<> moved, moved_copies;
  of_layer.on_train_begin(libtorch_weights(net.fc1));
  moved.on_train_begin(libtorch_weights(net.fc1));
  moved_copies.on_train_begin(viann::units_by_features(copy()));
  for (int epoch = 0; epoch < 20; ++epoch) {
    step();
    of_layer.on_epoch_end(libtorch_weights(net.fc1));
    of_model.on_epoch_end(libtorch_weights(net));
    of_name.on_epoch_end(libtorch_weights(net, "fc1"));
    of_copies.on_epoch_end(viann::units_by_features(copy()));
    moved.on_epoch_end(libtorch_weights(net.fc1));
    moved_copies.on_epoch_end(viann::units_by_features(copy()));
  }
  CHECK(of_layer.epochs() == 20);
  CHECK(of_layer == of_copies);
  CHECK(of_model == of_copies);
  CHECK(of_name == of_copies);
  CHECK(moved == moved_copies);
  CHECK(moved.raw_scores().minCoeff() > 0);

  const Eigen::VectorXd before = of_layer.scores();
  step();
  CHECK(of_layer.scores() == before);
}

TEST_CASE("in training, the gradient is what back-propagation by hand gives") {
  torch::manual_seed(3);
  const torch::TensorOptions in_double(torch::kFloat64);
  const Tensor X = torch::randn({64, 4}, in_double);
  const Tensor y = X.select(1, 0) - 2 * X.select(1, 2);
  nn::Sequential net(nn::Linear(4, 16), nn::ReLU(), nn::Linear(16, 1));
  net->to(torch::kFloat64);
  auto& first = *net[0]->as<nn::Linear>();
  auto& last = *net[2]->as<nn::Linear>();
  torch::optim::SGD sgd(net->parameters(), torch::optim::SGDOptions(0.02).weight_decay(0.1));

  const auto matrix = [](const Tensor& tensor) {
    return Eigen::MatrixXd(Eigen::Map<const Eigen::MatrixXd>(
        tensor.t().contiguous().data_ptr<double>(), tensor.size(0), tensor.size(1)));
  };
  viann::DisplacementImportance<> of_model, of_layer, of_name, of_tensor, by_hand, of_weights;
  for (auto* hook : {&of_model, &of_layer, &of_name, &of_tensor, &by_hand, &of_weights}) {
    hook->on_train_begin(libtorch_weights(net));
  }
  for (int epoch = 0; epoch < 20; ++epoch) {
    const Eigen::MatrixXd inputs = matrix(X);
    const Eigen::MatrixXd W = matrix(first.weight.detach());
    const Eigen::MatrixXd last_W = matrix(last.weight.detach());
    const Eigen::RowVectorXd bias = matrix(first.bias.detach().unsqueeze(0));
    const Eigen::MatrixXd hidden = (inputs * W.transpose()).rowwise() + bias;
    const Eigen::MatrixXd output =
        (hidden.cwiseMax(0) * last_W.transpose()).array() + last.bias.item<double>();
    const Eigen::MatrixXd error = (output - matrix(y.unsqueeze(1))) / 32;
    const Eigen::MatrixXd delta = (hidden.array() > 0).cast<double>() * (error * last_W).array();

    sgd.zero_grad();
    torch::mse_loss(net->forward(X).squeeze(1), y).backward();
    sgd.step();
    of_model.on_epoch_end(libtorch_weights(net), libtorch_gradient(net));
    of_layer.on_epoch_end(libtorch_weights(first), libtorch_gradient(first));
    of_name.on_epoch_end(libtorch_weights(net, "0"), libtorch_gradient(net, "0"));
    of_tensor.on_epoch_end(libtorch_weights(first.weight), libtorch_gradient(first.weight));
    of_weights.on_epoch_end(libtorch_weights(net));
    by_hand.on_epoch_end(viann::features_by_units(matrix(first.weight.detach().t())),
                         viann::features_by_units(inputs.transpose() * delta));
  }
  CHECK(of_model.uses_gradient());
  CHECK(of_layer == of_model);
  CHECK(of_name == of_model);
  CHECK(of_tensor == of_model);
  CHECK(of_model.raw_scores().isApprox(by_hand.raw_scores(), 1e-9));
  CHECK_FALSE(of_model.raw_scores().isApprox(of_weights.raw_scores(), 1e-3));
}

TEST_CASE("each number of a gradient stands where its weight stands") {
  torch::manual_seed(4);
  const auto check = [](const auto& layer, const std::vector<Tensor>& weights) {
    Tensor loss = torch::zeros({});
    for (const Tensor& weight : weights) loss = loss + (weight * weight).sum();
    loss.backward();  // twice the weights
    const auto view = libtorch_gradient(layer);
    CHECK(view.values() == 2 * libtorch_weights(layer).values());
    CHECK(view.values().cwiseAbs().minCoeff() > 0);
  };
  const auto check_own = [&](const auto& layer) { check(layer, {layer->weight}); };
  check_own(nn::Linear(3, 5));
  check_own(nn::Linear(4, 4));
  check_own(nn::Bilinear(2, 3, 4));
  check_own(nn::Embedding(6, 3));
  check_own(nn::EmbeddingBag(6, 3));
  check_own(nn::Conv1d(nn::Conv1dOptions(3, 6, 2).groups(3)));
  check_own(nn::Conv2d(nn::Conv2dOptions(4, 6, {2, 3})));
  check_own(nn::Conv2d(nn::Conv2dOptions(4, 6, {2, 3}).groups(2)));
  check_own(nn::ConvTranspose2d(nn::ConvTranspose2dOptions(4, 6, {2, 3}).groups(2)));
  const nn::MultiheadAttention attention(nn::MultiheadAttentionOptions(4, 2));
  check(attention, {attention->in_proj_weight});
  const nn::GRU both(nn::GRUOptions(3, 4).bidirectional(true));
  const auto parameters = both->named_parameters();
  check(both, {parameters["weight_ih_l0"], parameters["weight_ih_l0_reverse"]});
  CHECK(libtorch_gradient(nn::Sequential(both)).units() == 24);
  nn::Linear tied(nn::LinearOptions(3, 5));
  tied->weight = nn::Linear(3, 5)->weight;
  check_own(tied);
}

TEST_CASE("a sparse gradient is read as a dense one") {
  torch::manual_seed(5);
  nn::Embedding embedding(nn::EmbeddingOptions(6, 3).sparse(true));
  const Tensor factors = torch::randn({3, 3});
  (embedding(torch::tensor({4, 1, 4})) * factors).sum().backward();
  REQUIRE(embedding->weight.grad().is_sparse());
  const auto gradient = libtorch_gradient(embedding);
  REQUIRE(gradient.features() == 6);
  REQUIRE(gradient.units() == 3);
  for (Index unit = 0; unit < 3; ++unit) {
    const auto factor = [&](Index row) { return factors[row][unit].item<float>(); };
    CHECK(gradient.values()(4, unit) == factor(0) + factor(2));
    CHECK(gradient.values()(1, unit) == factor(1));
    CHECK(gradient.values()(0, unit) == 0);
  }
}

TEST_CASE("where there is no gradient, the message says when there is one") {
  const auto net = std::make_shared<Net>();
  const std::string none =
      "viann::libtorch_gradient: the weights have no gradient; hand it over after backward() and "
      "before zero_grad()";
  check_refusals({{[&] { libtorch_gradient(net); }, none},
                  {[&] { libtorch_gradient(net->fc1->weight); }, none}});
  net->forward(torch::randn({8, 4})).sum().backward();
  CHECK(libtorch_gradient(net).units() == 8);
  CHECK(libtorch_gradient(net).memory().data == net->fc1->weight.grad().data_ptr());
  net->zero_grad(/*set_to_none=*/true);
  net->fc1->weight.set_requires_grad(false);
  check_refusals({{[&] { libtorch_gradient(net->fc1); }, none},
                  {[&] { libtorch_gradient(net->fc1); }, "Frozen weights"},
                  {[&] { libtorch_gradient(net); }, "\"fc1\", is frozen"},
                  {[&] { libtorch_gradient(net, "fc3"); }, "has no layer \"fc3\""}});
}

TEST_CASE("what is observed is what forward() multiplies by, also of tied weights") {
  nn::Linear encoder(3, 5);
  nn::Sequential net(nn::Linear(nn::LinearOptions(3, 5).bias(false)));
  const auto decoder = std::dynamic_pointer_cast<nn::LinearImpl>(net[0]);
  decoder->weight = encoder->weight;
  CHECK(libtorch_weights(*decoder).memory().data == encoder->weight.data_ptr());
  CHECK(libtorch_weights(net).memory().data == encoder->weight.data_ptr());
  check_answers(libtorch_weights(net), impulses({3}),
                [&](Index, const Tensor& input) { return net->forward(input); });
}

TEST_CASE("attention, too, is observed by the tensor that forward() multiplies by") {
  nn::MultiheadAttention first(nn::MultiheadAttentionOptions(4, 2));
  nn::MultiheadAttention tied(nn::MultiheadAttentionOptions(4, 2));
  tied->in_proj_weight = first->in_proj_weight;
  CHECK(libtorch_weights(tied).memory().data == first->in_proj_weight.data_ptr());
}

TEST_CASE("weights that were put in place of a layer's own are frozen if they are") {
  nn::Sequential net(nn::Embedding(5, 3), nn::Linear(3, 2));
  net[0]->as<nn::Embedding>()->weight = torch::randn({5, 3});
  CHECK(contains(message_of<std::invalid_argument>([&] { libtorch_weights(net); }), "is frozen"));
}

TEST_CASE("the units of a bidirectional layer are those of both directions") {
  nn::GRU layer(nn::GRUOptions(3, 4).bidirectional(true));
  const auto parameters = layer->named_parameters();
  const auto view = libtorch_weights(layer);
  REQUIRE(view.features() == 3);
  REQUIRE(view.units() == 24);
  CHECK(view.values()(2, 5) == parameters["weight_ih_l0"][5][2].item<float>());
  CHECK(view.values()(1, 17) == parameters["weight_ih_l0_reverse"][5][1].item<float>());
  const torch::NoGradGuard no_grad;
  CHECK(libtorch_weights(nn::Sequential(layer)).units() == 24);
}

TEST_CASE("libtorch's own DLManagedTensors are the same weights in the same memory") {
  const auto hand_out = [](const Tensor& tensor) {
    const auto give_back = [](DLManagedTensor* managed) { managed->deleter(managed); };
    return std::unique_ptr<DLManagedTensor, decltype(give_back)>(at::toDLPack(tensor), give_back);
  };
  const auto check_same = [&](const Tensor& tensor) {
    const auto managed = hand_out(tensor);
    const auto weights = viann::dlpack_weights(managed->dl_tensor);
    const auto view = libtorch_weights(tensor);
    CHECK(viann::units_by_features(weights).memory().data == view.memory().data);
    CHECK(viann::units_by_features(weights).values() == view.values());
    CHECK(viann::features_by_units(weights).values().transpose() == view.values());
  };
  const Tensor exact = torch::randint(-64, 64, {5, 3}).to(torch::kFloat32) / 8;
  for (const auto type : {torch::kFloat16, torch::kBFloat16, torch::kFloat32, torch::kFloat64}) {
    check_same(exact.to(type));
    check_same(exact.to(type).t());
    check_same(torch::randn({6, 8}).to(type).slice(0, 1, 6, 2).slice(1, 1, 8, 3));
    check_same(exact[0].to(type).expand({4, 3}));  // strides of 0
  }
  check_same(nn::Linear(3, 5)->weight);
  const auto integers = hand_out(torch::ones({2, 3}, torch::kInt64));
  CHECK(contains(
      message_of<std::invalid_argument>([&] { viann::dlpack_weights(integers->dl_tensor); }),
      "type is code 0 with 64 bits"));
}

TEST_CASE("a model's first layer is looked for in the order of registration") {
  nn::Sequential model(nn::LayerNorm(nn::LayerNormOptions({2, 3})), nn::Flatten(), nn::Linear(6, 5),
                       nn::Linear(5, 4));
  nn::ModuleList outer(nn::Dropout(0.5), model);
  CHECK(libtorch_weights(model).features() == 6);
  CHECK(libtorch_layer_name(model) == "2");
  CHECK(libtorch_weights(*outer).features() == 6);
  CHECK(libtorch_layer_name(*outer) == "1.2");
  CHECK(libtorch_layer_name(model[2]).empty());
  // A layer frozen in the middle of a run does not make way for the next.
  model[2]->as<nn::Linear>()->weight.set_requires_grad(false);
  check_refusals({{[&] { libtorch_weights(outer); },
                   "the first layer of torch::nn::ModuleListImpl with weights, \"1.2\", is frozen"},
                  {[&] { libtorch_layer_name(outer); }, "libtorch_weights(net, \"1.2\")"}});
  CHECK(libtorch_weights(model, "2").features() == 6);  // a named layer may be frozen
  CHECK(libtorch_weights(model[2]).features() == 6);
  CHECK(libtorch_weights(outer, "1.2").features() == 6);
}

TEST_CASE("whose axes viann does not know is refused with the line to write") {
  struct Own : nn::Module {  // of the first page of libtorch's tutorial
    Own(std::int64_t units, std::int64_t features) {
      register_parameter("b", torch::randn(units));
      W = register_parameter("W", torch::randn({features, units}), false);
    }
    Tensor W;
  };
  struct WithCodes : nn::Module {
    WithCodes() {
      register_parameter("codes", torch::randn({16, 5}));
      register_module("fc1", nn::Linear(5, 7));
    }
  };
  const auto own = std::make_shared<Own>(5, 4);
  const nn::ModuleList before(nn::ReLU(), own, nn::Linear(5, 2));
  const nn::ModuleList after(nn::Linear(3, 4), own);
  const std::string line =
      "libtorch_weights(net->W) if it is (units, features), libtorch_weights(net->W.t()) if it is "
      "(features, units).";
  check_refusals({{[&] { libtorch_weights(own); }, "Own has parameters of its own (W)"},
                  {[&] { libtorch_weights(own); }, line},
                  {[&] { libtorch_gradient(own); }, line},
                  {[&] { libtorch_weights(before); }, "Own (\"1\") has parameters of its own (W)"},
                  {[&] { libtorch_layer_name(before); }, line},
                  {[&] { libtorch_weights(before, "1"); }, line},
                  {[] { libtorch_weights(WithCodes()); }, "of its own (codes)"},
                  {[] { libtorch_weights(nn::ModuleList(std::make_shared<WithCodes>())); },
                   "WithCodes (\"0\") has parameters of its own (codes)"}});
  CHECK(libtorch_weights(after).features() == 3);
  CHECK(libtorch_weights(WithCodes(), "fc1").units() == 7);
  CHECK(libtorch_weights(own->W.t()).features() == 4);
  CHECK(libtorch_weights(nn::MultiheadAttention(nn::MultiheadAttentionOptions(4, 2))).units() ==
        12);
}

TEST_CASE("a frozen layer in which other matrices are trained is refused") {
  struct LowRank : nn::LinearImpl {
    LowRank() : LinearImpl(4, 3) {
      weight.set_requires_grad(false);
      A = register_parameter("A", torch::randn({2, 4}));
    }
    Tensor A;
  };
  const auto layer = std::make_shared<LowRank>();
  const nn::Sequential net(layer);
  check_refusals({{[&] { libtorch_weights(layer); }, "are frozen, but A of it are trained"},
                  {[&] { libtorch_weights(net, "0"); }, "are frozen, but A of it are trained"}});
  layer->A.set_requires_grad(false);
  CHECK(libtorch_weights(layer).features() == 4);
  layer->weight.set_requires_grad(true);
  layer->A.set_requires_grad(true);
  CHECK(libtorch_weights(net).features() == 4);
}

TEST_CASE("a model may be held by whatever libtorch holds one by") {
  const auto net = std::make_shared<Net>();
  const float* weight = address(net->fc1->weight);
  CHECK(libtorch_weights(net).memory().data == weight);
  CHECK(libtorch_weights(net, "fc1").memory().data == weight);
  CHECK(libtorch_weights(*net).memory().data == weight);
  CHECK(libtorch_weights(std::shared_ptr<nn::Module>(net)).memory().data == weight);
  CHECK(libtorch_weights(nn::AnyModule(net->fc1)).memory().data == weight);
  nn::Sequential sequential(net->fc1);
  CHECK(libtorch_weights(sequential[0]).memory().data == weight);
  CHECK_THROWS_AS(libtorch_weights(std::shared_ptr<Net>()), std::invalid_argument);
  CHECK_THROWS_AS(libtorch_weights(nn::AnyModule()), std::invalid_argument);
}

TEST_CASE("what has no weights to view is refused with what to do") {
  const auto tensor = [](const torch::TensorOptions& options) {
    return torch::empty({2, 3}, options);
  };
  check_refusals(
      {{[] { libtorch_weights(nn::Linear(nullptr)); }, "build it, as in"},
       {[] { libtorch_weights(Tensor()); }, "the tensor is undefined"},
       {[] { libtorch_weights(torch::ones(3)); }, "has 1 dimension(s)"},
       {[&] { libtorch_weights(tensor(torch::kInt8)); }, "of type Char; observe real numbers"},
       {[&] { libtorch_weights(tensor(torch::kComplexFloat)); }, "of type ComplexFloat"},
       {[] { libtorch_weights(torch::eye(3).to_sparse()); }, "is not dense"},
       {[&] { libtorch_weights(tensor(torch::kMeta)); }, "on the meta device"},
       {[] { libtorch_weights(nn::Sequential(nn::ReLU())); },
        "no weights of two or more dimensions"},
       {[] { libtorch_weights(Net(), "fc3"); },
        "Net has no layer \"fc3\"; it has: norm, fc1, fc2."}});
  CHECK(libtorch_weights(torch::empty({0, 3})).units() == 0);
}
