// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using examples::Activation;
using examples::Network;
using examples::NetworkOptions;
using examples::Task;

namespace {

const std::vector<Activation> activations = {Activation::Linear, Activation::Relu, Activation::Tanh,
                                             Activation::Gelu, Activation::Sigmoid};

NetworkOptions three_layers(Activation activation) {
  NetworkOptions options;
  options.hidden_units = {7, 5, 6};
  options.activation = activation;
  options.initial_deviation = 0.5;
  options.l2 = 0.01;
  return options;
}

double l2_term(const Network<>& net, double l2) {
  double sum = 0;
  for (std::size_t l = 0; l + 1 < net.layers().size(); ++l) {
    sum += l2 * net.layers()[l].W.squaredNorm();
  }
  return sum;
}

struct Data {
  MatrixXd X, Y;
};

Data data_for(Task task) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  const auto draw = [&] { return normal(random); };
  const MatrixXd X = MatrixXd::NullaryExpr(12, 4, draw);
  if (task == Task::Regression) return {X, MatrixXd::NullaryExpr(12, 2, draw)};
  MatrixXd Y = MatrixXd::Zero(12, 3);
  for (Index i = 0; i < 12; ++i) Y(i, i % 3) = 1;
  return {X, Y};
}

}  // namespace

TEST_CASE("the examples' trainer: gradients agree with finite differences") {
  std::vector<NetworkOptions> all = {three_layers(Activation::Relu)};
  all[0].embeds_inputs = true;
  for (const Activation activation : activations) all.push_back(three_layers(activation));
  for (const Task task : {Task::Classification, Task::Regression}) {
    for (const NetworkOptions& options : all) {
      const Data data = data_for(task);
      const MatrixXd& X = data.X;
      const MatrixXd& Y = data.Y;
      Network<> net(task, X.cols(), Y.cols(), 1, options);
      for (auto& layer : net.layers()) layer.b.setConstant(0.1);
      const auto gradients = net.gradients(X, Y);

      const auto objective = [&] { return net.loss(X, Y) + l2_term(net, options.l2); };
      const auto difference = [&](double& parameter) {
        const double kept = parameter;
        const double h = 1e-6;
        parameter = kept + h;
        const double above = objective();
        parameter = kept - h;
        const double below = objective();
        parameter = kept;
        return (above - below) / (2 * h);
      };
      for (std::size_t l = 0; l < net.layers().size(); ++l) {
        auto& layer = net.layers()[l];
        MatrixXd dW = layer.W;
        for (Index j = 0; j < layer.W.cols(); ++j) {
          for (Index i = 0; i < layer.W.rows(); ++i) dW(i, j) = difference(layer.W(i, j));
        }
        Eigen::RowVectorXd db = layer.b;
        for (Index j = 0; j < layer.b.size(); ++j) db[j] = difference(layer.b[j]);
        CHECK((dW - gradients[l].W).norm() <= 1e-6 * gradients[l].W.norm());
        CHECK((db - gradients[l].b).norm() <= 1e-6 * gradients[l].b.norm());
        CHECK(gradients[l].W.norm() > 0);
      }
    }
  }
}

TEST_CASE("the examples' trainer: gradients by the inputs agree with finite differences") {
  const auto check = [](Task task, Activation activation) {
    const Data data = data_for(task);
    Network<> net(task, data.X.cols(), data.Y.cols(), 1, three_layers(activation));
    for (auto& layer : net.layers()) layer.b.setConstant(0.1);
    // Before softmax: differences of logarithms of probabilities are differences of outputs.
    const auto outputs = [&](const MatrixXd& X) -> MatrixXd {
      if (task == Task::Regression) return net.predict(X);
      const MatrixXd logs = net.predict(X).array().log();
      return logs.colwise() - logs.col(0);
    };
    const auto gradients = [&](Index output) -> MatrixXd {
      const MatrixXd of_output = net.input_gradients(data.X, output);
      if (task == Task::Regression) return of_output;
      return of_output - net.input_gradients(data.X, 0);
    };
    for (Index output = 0; output < data.Y.cols(); ++output) {
      MatrixXd differences(data.X.rows(), data.X.cols());
      for (Index input = 0; input < data.X.cols(); ++input) {
        const double h = 1e-6;
        MatrixXd above = data.X, below = data.X;
        above.col(input).array() += h;
        below.col(input).array() -= h;
        differences.col(input) =
            (outputs(above).col(output) - outputs(below).col(output)) / (2 * h);
      }
      CHECK(gradients(output).isApprox(differences, 1e-6));
    }
    CHECK(net.input_gradients(data.X, 1).norm() > 0);
  };
  for (const Activation activation : activations) {
    check(Task::Classification, activation);
    check(Task::Regression, activation);
  }
}

TEST_CASE("the examples' trainer: activations of -1 and 2") {
  const auto gelu = [](double z) {  // the exact one, by erf, which is within 0.0005
    return z * 0.5 * (1 + std::erf(z / std::sqrt(2)));
  };
  MatrixXd expected(5, 2);
  expected << -1, 2, 0, 2, std::tanh(-1), std::tanh(2), gelu(-1), gelu(2), 1 / (1 + std::exp(1)),
      1 / (1 + std::exp(-2));
  for (std::size_t a = 0; a < activations.size(); ++a) {
    NetworkOptions options;
    options.hidden_units = {1};
    options.activation = activations[a];
    Network<> net(Task::Regression, 1, 1, 1, options);
    for (auto& layer : net.layers()) layer.W.setOnes();
    const MatrixXd outputs = net.predict(Eigen::Vector2d(-1, 2));
    const double tolerance = activations[a] == Activation::Gelu ? 5e-4 : 1e-12;
    CHECK((outputs.transpose() - expected.row(static_cast<Index>(a))).norm() < tolerance);
  }
}

TEST_CASE("the examples' trainer: one batch is one step down the gradient") {
  const auto [X, Y] = data_for(Task::Classification);
  NetworkOptions options = three_layers(Activation::Relu);
  options.batch_size = X.rows();
  options.learning_rate = 0.25;
  Network<> net(Task::Classification, X.cols(), Y.cols(), 1, options);
  const auto before = net.layers();
  const auto gradients = net.gradients(X, Y);
  const double loss_before = net.loss(X, Y);
  CHECK(net.train_one_epoch(X, Y) == Approx(loss_before).epsilon(1e-12));
  for (std::size_t l = 0; l < before.size(); ++l) {
    CHECK(net.layers()[l].W.isApprox(before[l].W - 0.25 * gradients[l].W, 1e-12));
    CHECK(net.layers()[l].b.isApprox(before[l].b - 0.25 * gradients[l].b, 1e-12));
  }
}

TEST_CASE("the examples' trainer: probabilities, loss and accuracy of a known network") {
  NetworkOptions options;
  options.hidden_units = {2};
  Network<> net(Task::Classification, 2, 2, 1, options);
  net.layers()[0].W.setIdentity();
  net.layers()[1].W.setIdentity();
  MatrixXd X(2, 2), Y(2, 2);
  X << 1, 0, 3, 0;
  Y << 1, 0, 0, 1;
  const MatrixXd P = net.predict(X);
  CHECK(P(0, 0) == Approx(1 / (1 + std::exp(-1))));
  CHECK(P(1, 1) == Approx(1 / (1 + std::exp(3))));
  CHECK(net.loss(X, Y) == Approx(-(std::log(P(0, 0)) + std::log(P(1, 1))) / 2));
  CHECK(net.accuracy(X, Y) == 0.5);
}
