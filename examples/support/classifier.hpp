// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace examples {

struct ClassifierOptions {
  Eigen::Index hidden_units = 16;
  Eigen::Index batch_size = 16;
  double learning_rate = 0.05;
  double initial_deviation = 0.05;  // of the weights, normally distributed around 0
};

/// A network of one hidden layer, relu(X W1 + b1) W2 + b2, that learns to tell classes by
/// softmax, cross-entropy and stochastic gradient descent in shuffled mini-batches.
class Classifier {
 public:
  Classifier(Eigen::Index features, Eigen::Index classes, std::uint64_t seed,
             ClassifierOptions options = {})
      : options_(options),
        random_(seed),
        W1_(features, options.hidden_units),
        W2_(options.hidden_units, classes),
        b1_(Eigen::RowVectorXd::Zero(options.hidden_units)),
        b2_(Eigen::RowVectorXd::Zero(classes)) {
    std::normal_distribution<double> normal(0.0, options.initial_deviation);
    for (Eigen::MatrixXd* W : {&W1_, &W2_}) {
      std::generate(W->data(), W->data() + W->size(), [&] { return normal(random_); });
    }
  }

  /// The first layer's weights, features x units.
  const Eigen::MatrixXd& first_layer() const { return W1_; }

  /// One pass over all samples. \returns the mean cross-entropy over it.
  double train_one_epoch(const Eigen::MatrixXd& X, const Eigen::VectorXi& classes) {
    std::vector<Eigen::Index> order(static_cast<std::size_t>(X.rows()));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    std::shuffle(order.begin(), order.end(), random_);
    double loss = 0;
    for (auto begin = order.begin(); begin != order.end();) {
      const auto left = order.end() - begin;
      const auto end = begin + std::min<std::ptrdiff_t>(left, options_.batch_size);
      const std::vector<Eigen::Index> batch(begin, end);
      loss += train_batch(X(batch, Eigen::all), classes(batch));
      begin = end;
    }
    return loss / static_cast<double>(X.rows());
  }

  /// The most probable class of every sample.
  Eigen::VectorXi predict(const Eigen::MatrixXd& X) const {
    const Eigen::MatrixXd scores = output(hidden(X));
    Eigen::VectorXi classes(X.rows());
    for (Eigen::Index i = 0; i < X.rows(); ++i) scores.row(i).maxCoeff(&classes[i]);
    return classes;
  }

 private:
  Eigen::MatrixXd hidden(const Eigen::MatrixXd& X) const {
    return ((X * W1_).rowwise() + b1_).cwiseMax(0.0);
  }
  Eigen::MatrixXd output(const Eigen::MatrixXd& H) const { return (H * W2_).rowwise() + b2_; }

  // One step of gradient descent. Returns the summed cross-entropy before it.
  double train_batch(const Eigen::MatrixXd& X, const Eigen::VectorXi& classes) {
    const Eigen::MatrixXd H = hidden(X);
    const Eigen::MatrixXd logits = output(H);
    Eigen::MatrixXd P = (logits.colwise() - logits.rowwise().maxCoeff()).array().exp();
    P.array().colwise() /= P.rowwise().sum().array();

    // The gradient of the cross-entropy by the logits is softmax minus the one-hot class.
    double loss = 0;
    for (Eigen::Index i = 0; i < X.rows(); ++i) {
      loss -= std::log(std::max(P(i, classes[i]), 1e-300));
      P(i, classes[i]) -= 1.0;
    }
    const double step = options_.learning_rate / static_cast<double>(X.rows());
    const Eigen::MatrixXd dH =
        (P * W2_.transpose()).cwiseProduct((H.array() > 0.0).cast<double>().matrix());
    W2_ -= step * H.transpose() * P;
    b2_ -= step * P.colwise().sum();
    W1_ -= step * X.transpose() * dH;
    b1_ -= step * dH.colwise().sum();
    return loss;
  }

  ClassifierOptions options_;
  std::mt19937_64 random_;
  Eigen::MatrixXd W1_, W2_;
  Eigen::RowVectorXd b1_, b2_;
};

}  // namespace examples
