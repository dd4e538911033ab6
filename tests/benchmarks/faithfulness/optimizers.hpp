// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>

#include "../../../examples/support/network.hpp"
#include "regimes.hpp"

/// The optimizers under which scores are compared, over the gradients of the examples' network.

namespace faithfulness {

using Network = examples::Network<float>;

/// A first step, and how it decays the weights (never the biases).
struct OptimizerSettings {
  std::string name;
  bool adam;
  float learning_rate;
  float coupled_decay;    // this times w is added to the gradient, as in L2
  float decoupled_decay;  // this times learning_rate * w is subtracted, as in AdamW
};

inline const std::vector<OptimizerSettings>& all_optimizers() {
  static const std::vector<OptimizerSettings> all = {{"sgd", false, 0.02F, 0, 0},
                                                     {"sgd_l2", false, 0.02F, 0.02F, 0},
                                                     {"adam", true, 0.002F, 0, 0},
                                                     {"adam_l2", true, 0.002F, 0.02F, 0},
                                                     {"adamw", true, 0.002F, 0, 0.2F}};
  return all;
}

/// Stochastic gradient descent, or Adam (D. P. Kingma & J. Ba, ICLR 2015) with its usual constants;
/// decoupled decay as in AdamW (I. Loshchilov & F. Hutter, ICLR 2019).
class Optimizer {
 public:
  Optimizer(OptimizerSettings settings, const Network& net)
      : settings_(std::move(settings)), first_(net.layers()) {
    for (auto& layer : first_) {
      layer.W.setZero();
      layer.b.setZero();
    }
    second_ = first_;
  }

  void step(Network& net, const std::vector<Network::Layer>& gradients) {
    ++steps_;
    for (std::size_t l = 0; l < gradients.size(); ++l) {
      auto& layer = net.layers()[l];
      gradient_ = gradients[l].W + settings_.coupled_decay * layer.W;
      layer.W *= 1 - settings_.learning_rate * settings_.decoupled_decay;
      move(layer.W, gradient_, first_[l].W, second_[l].W);
      move(layer.b, gradients[l].b, first_[l].b, second_[l].b);
    }
  }

 private:
  template <typename Weights>
  void move(Weights& w, const Weights& gradient, Weights& first, Weights& second) const {
    if (!settings_.adam) {
      w -= settings_.learning_rate * gradient;
      return;
    }
    constexpr float beta1 = 0.9F;
    constexpr float beta2 = 0.999F;
    first = beta1 * first + (1 - beta1) * gradient;
    second = beta2 * second + (1 - beta2) * gradient.cwiseAbs2();
    const float step = settings_.learning_rate / (1 - std::pow(beta1, static_cast<float>(steps_)));
    const float unbias = 1 / (1 - std::pow(beta2, static_cast<float>(steps_)));
    w.array() -= step * first.array() / ((unbias * second.array()).sqrt() + 1e-8F);
  }

  OptimizerSettings settings_;
  std::vector<Network::Layer> first_, second_;  // running moments of the gradient
  Network::Matrix gradient_;
  int steps_ = 0;
};

inline Network make_network(examples::Task task, Eigen::Index inputs, Eigen::Index outputs,
                            const Regime& regime, std::uint64_t seed) {
  examples::NetworkOptions options;
  options.hidden_units = regime.hidden_units;
  options.activation = regime.activation;
  options.initial_deviation = 1;
  Network net(task, inputs, outputs, seed, options);
  for (auto& layer : net.layers()) {
    const Eigen::Index widths =
        layer.W.rows() + (regime.initial == InitialWeights::Glorot ? layer.W.cols() : 0);
    layer.W *= std::sqrt(2.0F / static_cast<float>(widths));
  }
  return net;
}

/// One pass over all samples in shuffled mini-batches; calls after_batch() after each.
template <typename AfterBatch>
void train_one_epoch(Network& net, Optimizer& optimizer, const Network::Matrix& X,
                     const Network::Matrix& Y, std::ptrdiff_t batch_size,
                     std::vector<Eigen::Index>& order, std::mt19937_64& random,
                     const AfterBatch& after_batch) {
  viann::detail::shuffle(order.begin(), order.end(), random);
  for (auto begin = order.begin(); begin != order.end();) {
    const auto end = begin + std::min(order.end() - begin, batch_size);
    const std::vector<Eigen::Index> batch(begin, end);
    optimizer.step(net, net.gradients(X(batch, Eigen::all), Y(batch, Eigen::all)));
    after_batch();
    begin = end;
  }
}

}  // namespace faithfulness
