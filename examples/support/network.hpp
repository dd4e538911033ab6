// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// What a network learns: one of several classes, by softmax and cross-entropy, or numbers, by the
/// mean squared error.
enum class Task { Classification, Regression };

enum class Activation { Linear, Relu };

struct NetworkOptions {
  std::vector<Eigen::Index> hidden_units = {16};  // by hidden layer
  Activation activation = Activation::Relu;       // of the hidden layers
  double l2 = 0;  // adds l2 * sum(w^2) of every hidden layer to what is minimised
  double initial_deviation =
      0.05;  // of the weights, normally distributed around 0; biases start at 0
  double learning_rate = 0.05;
  Eigen::Index batch_size = 16;
};

/// A multilayer perceptron that learns by stochastic gradient descent in shuffled mini-batches.
/// One sample is a row of X (samples x inputs) and of Y (samples x outputs; of a class, one-hot).
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

  Network(Task task, Index inputs, Index outputs, std::uint64_t seed, NetworkOptions options = {})
      : task_(task), options_(std::move(options)), random_(seed) {
    std::normal_distribution<double> normal(0.0, options_.initial_deviation);
    std::vector<Index> widths = options_.hidden_units;
    widths.push_back(outputs);
    for (const Index units : widths) {
      const auto draw = [&] { return static_cast<Scalar>(normal(random_)); };
      layers_.push_back({Matrix::NullaryExpr(inputs, units, draw), RowVector::Zero(units)});
      inputs = units;
    }
    gradients_ = layers_;
    outputs_.resize(layers_.size());
  }

  /// From the inputs' layer to the outputs'.
  const std::vector<Layer>& layers() const { return layers_; }
  std::vector<Layer>& layers() { return layers_; }

  /// The weights of the first and the last layer, inputs x units.
  const Matrix& first_layer() const { return layers_.front().W; }
  const Matrix& last_layer() const { return layers_.back().W; }

  /// One pass over all samples. \returns the mean loss over it, without the L2 term.
  double train_one_epoch(const Matrix& X, const Matrix& Y) {
    std::vector<Index> order(static_cast<std::size_t>(X.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    std::shuffle(order.begin(), order.end(), random_);
    double loss = 0;
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = begin + std::min<std::ptrdiff_t>(order.end() - begin, options_.batch_size);
      const std::vector<Index> batch(begin, end);
      loss +=
          static_cast<double>(batch.size()) * backward(X(batch, Eigen::all), Y(batch, Eigen::all));
      const auto step = static_cast<Scalar>(options_.learning_rate);
      for (std::size_t l = 0; l < layers_.size(); ++l) {
        layers_[l].W -= step * gradients_[l].W;
        layers_[l].b -= step * gradients_[l].b;
      }
      begin = end;
    }
    return loss / static_cast<double>(X.rows());
  }

  /// The outputs: probabilities of the classes, or numbers.
  Matrix predict(const Matrix& X) {
    forward(X);
    return outputs_.back();
  }

  /// Mean cross-entropy, or mean squared error over samples and outputs, without the L2 term.
  double loss(const Matrix& X, const Matrix& Y) {
    forward(X);
    return loss_of_outputs(Y);
  }

  /// The share of samples whose most probable class is the right one.
  double accuracy(const Matrix& X, const Matrix& Y) {
    forward(X);
    const Matrix& P = outputs_.back();
    Index right = 0;
    for (Index i = 0; i < X.rows(); ++i) {
      Index most_probable = 0;
      P.row(i).maxCoeff(&most_probable);
      right += Y(i, most_probable) == Scalar(1) ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(X.rows());
  }

  /// The gradient, by layer, of the loss with its L2 term.
  const std::vector<Layer>& gradients(const Matrix& X, const Matrix& Y) {
    backward(X, Y);
    return gradients_;
  }

  /// Saves or loads what training changes, by cereal: the weights, and where the shuffling's random
  /// numbers have got to. To be loaded into a network of the same shape.
  template <class Archive>
  void serialize(Archive& archive) {
    for (Layer& layer : layers_) {
      for (Scalar& w : layer.W.reshaped()) archive(w);
      for (Scalar& b : layer.b) archive(b);
    }
    std::stringstream random;
    random << random_;
    std::string state = random.str();
    archive(state);
    random.str(state);
    random >> random_;
  }

 private:
  // Sets outputs_.
  void forward(const Matrix& X) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const bool is_hidden = l + 1 < layers_.size();
      Matrix& Z = outputs_[l];
      Z.noalias() = (l == 0 ? X : outputs_[l - 1]) * layers_[l].W;
      Z.rowwise() += layers_[l].b;
      if (is_hidden && options_.activation == Activation::Relu) Z = Z.cwiseMax(Scalar(0));
    }
    if (task_ == Task::Classification) {  // softmax
      Matrix& Z = outputs_.back();
      Z.colwise() -= Z.rowwise().maxCoeff().eval();
      Z = Z.array().exp();
      Z.array().colwise() /= Z.rowwise().sum().array().eval();
    }
  }

  double loss_of_outputs(const Matrix& Y) const {
    const Matrix& P = outputs_.back();
    if (task_ == Task::Regression) {
      return static_cast<double>((P - Y).squaredNorm()) / static_cast<double>(Y.size());
    }
    double sum = 0;
    for (Index k = 0; k < Y.cols(); ++k) {
      for (Index i = 0; i < Y.rows(); ++i) {
        if (Y(i, k) == Scalar(1)) sum -= std::log(std::max(static_cast<double>(P(i, k)), 1e-300));
      }
    }
    return sum / static_cast<double>(Y.rows());
  }

  // Sets gradients_. Returns the loss, without the L2 term.
  double backward(const Matrix& X, const Matrix& Y) {
    const double loss = this->loss(X, Y);
    // Of softmax and cross-entropy, the gradient by the logits is P - Y; of the squared error,
    // by the output, 2 (P - Y).
    const double scale = task_ == Task::Classification ? 1.0 / static_cast<double>(Y.rows())
                                                       : 2.0 / static_cast<double>(Y.size());
    delta_ = static_cast<Scalar>(scale) * (outputs_.back() - Y);
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const bool is_hidden = l + 1 < layers_.size();
      const Matrix& input = l == 0 ? X : outputs_[l - 1];
      gradients_[l].W.noalias() = input.transpose() * delta_;
      if (is_hidden && options_.l2 > 0) {
        gradients_[l].W += static_cast<Scalar>(2 * options_.l2) * layers_[l].W;
      }
      gradients_[l].b = delta_.colwise().sum();
      if (l == 0) break;
      next_delta_.noalias() = delta_ * layers_[l].W.transpose();
      if (options_.activation == Activation::Relu) {
        next_delta_ = (outputs_[l - 1].array() > Scalar(0)).select(next_delta_, Scalar(0));
      }
      delta_.swap(next_delta_);
    }
    return loss;
  }

  Task task_;
  NetworkOptions options_;
  std::mt19937_64 random_;
  std::vector<Layer> layers_;
  std::vector<Layer> gradients_;
  // What a pass works with, kept so that it need not allocate.
  std::vector<Matrix> outputs_;  // by layer, after its activation
  Matrix delta_, next_delta_;    // gradient by a layer's output before its activation
};

}  // namespace examples
