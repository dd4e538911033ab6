// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// What a network learns: one of several classes, by softmax and cross-entropy, or numbers, by the
/// mean squared error.
enum class Task { Classification, Regression };

/// Gelu is z times the normal distribution function of z (D. Hendrycks & K. Gimpel, arXiv
/// 1606.08415, 2016), in the authors' approximation by tanh.
enum class Activation { Linear, Relu, Tanh, Gelu, Sigmoid };

struct NetworkOptions {
  std::vector<Eigen::Index> hidden_units = {16};  // by hidden layer
  Activation activation = Activation::Relu;       // of the hidden layers
  bool embeds_inputs = false;                     // the first layer has no activation
  double l2 = 0;  // adds l2 * sum(w^2) of every hidden layer to the loss
  double initial_deviation =
      0.05;  // of the weights, normally distributed around 0; biases start at 0
  double learning_rate = 0.05;
  Eigen::Index batch_size = 16;
};

/// A multilayer perceptron that learns by stochastic gradient descent in shuffled mini-batches. One
/// sample is a row of X (samples x inputs) and of Y (samples x outputs; one-hot for classes).
/// Compiled in network.cpp, for double and float.
template <typename Scalar = double>
class Network {
 public:
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using RowVector = Eigen::Matrix<Scalar, 1, Eigen::Dynamic>;
  using Index = Eigen::Index;

  struct Layer {
    Matrix W;     // inputs x units
    RowVector b;  // by unit
  };

  Network(Task task, Index inputs, Index outputs, std::uint64_t seed, NetworkOptions options = {});

  /// From the first layer to the last.
  const std::vector<Layer>& layers() const { return layers_; }
  std::vector<Layer>& layers() { return layers_; }

  /// The weights of the first and the last layer, inputs x units.
  const Matrix& first_layer() const { return layers_.front().W; }
  const Matrix& last_layer() const { return layers_.back().W; }

  /// One pass over all samples. \returns the mean loss over it, without the L2 term.
  double train_one_epoch(const Matrix& X, const Matrix& Y);

  /// The outputs: probabilities of the classes, or numbers.
  Matrix predict(const Matrix& X);

  /// Mean cross-entropy, or mean squared error over samples and outputs, without the L2 term.
  double loss(const Matrix& X, const Matrix& Y);

  /// The share of samples whose most probable class is correct.
  double accuracy(const Matrix& X, const Matrix& Y);

  /// The gradient of the loss with its L2 term, by layer.
  const std::vector<Layer>& gradients(const Matrix& X, const Matrix& Y);

  /// By the weights of the first layer, as the last call that trained or asked for it left it.
  const Matrix& first_layer_gradient() const { return gradients_.front().W; }

  /// The gradient of one output by the inputs, for every sample: samples x inputs. A class's output
  /// is the number before softmax.
  Matrix input_gradients(const Matrix& X, Index output);

  /// Saves or loads, by viann::save() and load(), what training changes: the weights and the state
  /// of the shuffling's random numbers. Load it into a network of the same shape.
  template <class Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    for (Layer& layer : layers_) {
      for (Scalar& w : layer.W.reshaped()) archive& w;
      for (Scalar& b : layer.b) archive& b;
    }
    std::stringstream before, after;
    before << random_;
    for (std::uint64_t number = 0; before >> number;) {
      archive& number;
      after << number << ' ';
    }
    after >> random_;
  }

 private:
  void forward(const Matrix& X);     // sets outputs_
  void activate(std::size_t layer);  // from sums to outputs, in place
  double loss_of_outputs(const Matrix& Y) const;
  double backward(const Matrix& X, const Matrix& Y);  // sets gradients_; the loss without L2
  void backpropagate(std::size_t layer);              // takes delta_ from a layer to its inputs
  Activation activation_of(std::size_t layer) const;

  Task task_;
  NetworkOptions options_;
  std::mt19937_64 random_;
  std::vector<Layer> layers_;
  std::vector<Layer> gradients_;
  // A pass's working memory, kept so that it need not allocate.
  std::vector<Matrix> outputs_;  // by layer, after its activation
  std::vector<Matrix> sums_;     // by layer, before its activation; of Gelu alone
  Matrix delta_, next_delta_;    // gradient by a layer's output before its activation
};

}  // namespace examples
