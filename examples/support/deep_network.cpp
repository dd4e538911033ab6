// SPDX-License-Identifier: MIT
#include "deep_network.hpp"

#include <torch/torch.h>

#include <utility>
#include <vector>

namespace examples {

namespace {

namespace nn = torch::nn;

// Shares the memory of a column-major matrix, which libtorch sees as its transpose.
torch::Tensor tensor_of(const Eigen::MatrixXf& matrix) {
  auto* data = const_cast<float*>(matrix.data());  // libtorch has no constant tensors
  return torch::from_blob(data, {matrix.cols(), matrix.rows()}).t();
}

// A layer's weights are (units, inputs) in row-major order: inputs x units in column-major order.
Eigen::MatrixXf inputs_by_units(const nn::Linear& layer) {
  const torch::Tensor weight = layer->weight.detach().contiguous();
  return Eigen::Map<const Eigen::MatrixXf>(weight.data_ptr<float>(), weight.size(1),
                                           weight.size(0));
}

enum class Initial { Normal, Uniform };

}  // namespace

struct DeepNetwork::Torch {
  Task task;
  std::int64_t batch_size;
  nn::Sequential net;
  std::vector<nn::Linear> dense;
  std::unique_ptr<torch::optim::Adam> adam;

  torch::Tensor loss(const torch::Tensor& X, const torch::Tensor& Y) {
    const torch::Tensor output = net->forward(X);
    if (task == Task::Regression) return torch::mse_loss(output, Y);
    return torch::cross_entropy_loss(output, Y.argmax(1));
  }
};

DeepNetwork::DeepNetwork(const Problem& problem, std::uint64_t seed)
    : torch_(std::make_unique<Torch>()) {
  torch::manual_seed(seed);
  Torch& t = *torch_;
  t.task = problem.task;
  t.batch_size = problem.batch_size();

  // Adam's "weight decay" d adds d * w to the gradient, as l2 * sum(w^2) in the loss does with
  // d = 2 * l2.
  std::vector<torch::Tensor> plain, decayed;
  std::int64_t inputs = problem.X.cols();
  const auto add_dense = [&](std::int64_t units, Initial initial, bool decays) {
    nn::Linear layer(inputs, units);
    const torch::NoGradGuard no_grad;
    if (initial == Initial::Normal) {
      layer->weight.normal_(0, 0.05);
    } else {
      layer->weight.uniform_(-0.05, 0.05);
    }
    layer->bias.zero_();
    t.net->push_back(layer);
    t.dense.push_back(layer);
    (decays ? decayed : plain).push_back(layer->weight);
    plain.push_back(layer->bias);
    inputs = units;
  };
  const auto normalize_and_drop = [&](double share) {
    // Keras counts momentum from the other end: its .99 is 1 - .01.
    nn::BatchNorm1d normalize(nn::BatchNorm1dOptions(inputs).eps(1e-3).momentum(0.01));
    t.net->push_back(normalize);
    t.net->push_back(nn::Dropout(share));
    for (const torch::Tensor& parameter : normalize->parameters()) plain.push_back(parameter);
  };
  add_dense(500, Initial::Normal, false);
  t.net->push_back(nn::ReLU());
  normalize_and_drop(0.5);
  add_dense(1024, Initial::Normal, false);
  normalize_and_drop(0.5);
  add_dense(2048, Initial::Normal, true);
  normalize_and_drop(0.5);
  add_dense(4096, Initial::Uniform, true);
  normalize_and_drop(0.5);
  add_dense(2048, Initial::Uniform, true);
  normalize_and_drop(0.5);
  add_dense(1024, Initial::Normal, true);
  normalize_and_drop(0.5);
  add_dense(500, Initial::Normal, false);
  normalize_and_drop(0.2);
  nn::PReLU prelu(nn::PReLUOptions().num_parameters(inputs).init(0));
  t.net->push_back(prelu);
  plain.push_back(prelu->weight);
  add_dense(problem.Y.cols(), Initial::Normal, false);

  const auto options = [](double decay) {
    return std::make_unique<torch::optim::AdamOptions>(
        torch::optim::AdamOptions(0.001).eps(1e-7).weight_decay(decay));
  };
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(plain, options(0));
  groups.emplace_back(decayed, options(2 * 0.1));
  t.adam = std::make_unique<torch::optim::Adam>(groups, torch::optim::AdamOptions(0.001));
}

DeepNetwork::~DeepNetwork() = default;

void DeepNetwork::train_one_epoch(const Eigen::MatrixXf& X, const Eigen::MatrixXf& Y) {
  torch_->net->train();
  const torch::Tensor inputs = tensor_of(X);
  const torch::Tensor targets = tensor_of(Y);
  for (const torch::Tensor& batch : torch::randperm(X.rows()).split(torch_->batch_size)) {
    torch_->adam->zero_grad();
    torch_->loss(inputs.index_select(0, batch), targets.index_select(0, batch)).backward();
    torch_->adam->step();
  }
}

double DeepNetwork::loss(const Eigen::MatrixXf& X, const Eigen::MatrixXf& Y) {
  const torch::NoGradGuard no_grad;
  torch_->net->eval();
  return torch_->loss(tensor_of(X), tensor_of(Y)).item<double>();
}

double DeepNetwork::accuracy(const Eigen::MatrixXf& X, const Eigen::MatrixXf& Y) {
  const torch::NoGradGuard no_grad;
  torch_->net->eval();
  const torch::Tensor classes = torch_->net->forward(tensor_of(X)).argmax(1);
  return classes.eq(tensor_of(Y).argmax(1)).to(torch::kDouble).mean().item<double>();
}

Eigen::MatrixXf DeepNetwork::first_layer() const { return inputs_by_units(torch_->dense.front()); }

Eigen::MatrixXf DeepNetwork::last_layer() const { return inputs_by_units(torch_->dense.back()); }

}  // namespace examples
