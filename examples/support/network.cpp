// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace examples {

namespace {

/// The tanh in Gelu(z) = z (1 + tanh(c (z + 0.044715 z^3))) / 2, where c is the root of 2 / pi.
constexpr double gelu_c = 0.7978845608028654, gelu_cubic = 0.044715;

template <typename Scalar, typename Array>
auto gelu_tanh(const Array& z) {
  return (static_cast<Scalar>(gelu_c) * z * (1 + static_cast<Scalar>(gelu_cubic) * z.square()))
      .tanh();
}

}  // namespace

template <typename Scalar>
Network<Scalar>::Network(Task task, Index inputs, Index outputs, std::uint64_t seed,
                         NetworkOptions options)
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
  sums_.resize(layers_.size());
}

template <typename Scalar>
double Network<Scalar>::train_one_epoch(const Matrix& X, const Matrix& Y) {
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

template <typename Scalar>
typename Network<Scalar>::Matrix Network<Scalar>::predict(const Matrix& X) {
  forward(X);
  return outputs_.back();
}

template <typename Scalar>
double Network<Scalar>::loss(const Matrix& X, const Matrix& Y) {
  forward(X);
  return loss_of_outputs(Y);
}

template <typename Scalar>
double Network<Scalar>::accuracy(const Matrix& X, const Matrix& Y) {
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

template <typename Scalar>
const std::vector<typename Network<Scalar>::Layer>& Network<Scalar>::gradients(const Matrix& X,
                                                                               const Matrix& Y) {
  backward(X, Y);
  return gradients_;
}

template <typename Scalar>
typename Network<Scalar>::Matrix Network<Scalar>::input_gradients(const Matrix& X, Index output) {
  forward(X);
  delta_.setZero(X.rows(), outputs_.back().cols());
  delta_.col(output).setOnes();
  for (std::size_t l = layers_.size(); l-- > 0;) backpropagate(l);
  return delta_;
}

template <typename Scalar>
void Network<Scalar>::forward(const Matrix& X) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Matrix& Z = outputs_[l];
    Z.noalias() = (l == 0 ? X : outputs_[l - 1]) * layers_[l].W;
    Z.rowwise() += layers_[l].b;
    activate(l);
  }
  if (task_ == Task::Classification) {  // softmax
    Matrix& Z = outputs_.back();
    Z.colwise() -= Z.rowwise().maxCoeff().eval();
    Z = Z.array().exp();
    Z.array().colwise() /= Z.rowwise().sum().array().eval();
  }
}

template <typename Scalar>
void Network<Scalar>::activate(std::size_t layer) {
  auto z = outputs_[layer].array();
  const Activation activation = activation_of(layer);
  if (activation == Activation::Gelu) sums_[layer] = outputs_[layer];
  if (activation == Activation::Gelu) z *= Scalar(0.5) + Scalar(0.5) * gelu_tanh<Scalar>(z);
  if (activation == Activation::Relu) z = z.max(Scalar(0));
  if (activation == Activation::Tanh) z = z.tanh();
  if (activation == Activation::Sigmoid) z = Scalar(0.5) + Scalar(0.5) * (Scalar(0.5) * z).tanh();
}

template <typename Scalar>
double Network<Scalar>::loss_of_outputs(const Matrix& Y) const {
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

template <typename Scalar>
double Network<Scalar>::backward(const Matrix& X, const Matrix& Y) {
  const double loss = this->loss(X, Y);
  // For softmax and cross-entropy, the gradient by the logits is P - Y; for the squared error, the
  // gradient by the output is 2 (P - Y).
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
    if (l > 0) backpropagate(l);
  }
  return loss;
}

template <typename Scalar>
void Network<Scalar>::backpropagate(std::size_t layer) {
  next_delta_.noalias() = delta_ * layers_[layer].W.transpose();
  if (layer > 0) {  // times the activation's derivative, mostly a function of its output y
    auto delta = next_delta_.array();
    const auto y = outputs_[layer - 1].array(), z = sums_[layer - 1].array();
    const Activation activation = activation_of(layer - 1);
    if (activation == Activation::Relu) delta = (y > Scalar(0)).select(delta, Scalar(0));
    if (activation == Activation::Tanh) delta *= 1 - y.square();
    if (activation == Activation::Sigmoid) delta *= y * (1 - y);
    if (activation == Activation::Gelu) {
      const auto t = gelu_tanh<Scalar>(z).eval();
      const auto inner =
          static_cast<Scalar>(gelu_c) + static_cast<Scalar>(3 * gelu_c * gelu_cubic) * z.square();
      delta *= Scalar(0.5) * (1 + t + z * (1 - t.square()) * inner);
    }
  }
  delta_.swap(next_delta_);
}

template <typename Scalar>
Activation Network<Scalar>::activation_of(std::size_t layer) const {
  const bool is_hidden = layer + 1 < layers_.size() && !(layer == 0 && options_.embeds_inputs);
  return is_hidden ? options_.activation : Activation::Linear;
}

template class Network<NETWORK_SCALAR>;

}  // namespace examples
