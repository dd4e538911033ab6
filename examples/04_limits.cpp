// SPDX-License-Identifier: MIT
//
// Lesson 4: what fools the scores.
//
// Trains the same small classifier on data whose truth is known: x0 decides most, x1 a little, x2
// and x3 nothing. Then something changes that leaves this truth as it is, and the scores change.

#include <functional>
#include <iomanip>
#include <iostream>
#include <random>
#include <string>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index samples = 600;

struct Setting {
  std::string name;
  std::function<MatrixXd(const MatrixXd&, const VectorXd&)> change = nullptr;  // of X, by noise
  int epochs = 100;
  examples::NetworkOptions options = {};
};

VectorXd scores_of_one_run(const Setting& setting, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const auto draw = [&] { return normal(random); };
  MatrixXd X = MatrixXd::NullaryExpr(samples, 4, draw);
  const VectorXd noise = VectorXd::NullaryExpr(samples, draw);
  const MatrixXd classes =
      examples::one_hot((2 * X.col(0) + X.col(1) + 0.5 * noise).unaryExpr([](double z) {
        return z > 0 ? 1.0 : 0.0;
      }));
  if (setting.change) X = setting.change(X, VectorXd::NullaryExpr(samples, draw));

  examples::Network<> net(examples::Task::Classification, X.cols(), 2, seed, setting.options);
  viann::VarianceImportance importance;
  for (int epoch = 0; epoch < setting.epochs; ++epoch) {
    net.train_one_epoch(X, classes);
    importance.on_epoch_end(viann::features_by_units(net.first_layer()));
  }
  return importance.scores();
}

void print_mean_scores(const Setting& setting, unsigned runs) {
  VectorXd sum = VectorXd::Zero(5);
  unsigned x0_first = 0;
  Index inputs = 0;
  for (unsigned seed = 1; seed <= runs; ++seed) {
    const VectorXd scores = scores_of_one_run(setting, seed);
    inputs = scores.size();
    sum.head(inputs) += scores;
    x0_first += viann::ranking(scores)[0] == 0 ? 1 : 0;
  }
  std::cout << std::left << std::setw(38) << setting.name << std::right << std::fixed;
  for (Index i = 0; i < 5; ++i) {
    if (i < inputs) {
      std::cout << std::setprecision(2) << std::setw(6) << sum[i] / runs;
    } else {
      std::cout << std::setw(6) << "";
    }
  }
  std::cout << std::setprecision(0) << std::setw(10) << 100.0 * x0_first / runs << " %"
            << std::endl;
}

void limits(unsigned runs) {
  const auto times = [](Index input, double factor) {
    return [=](const MatrixXd& X, const VectorXd&) {
      MatrixXd Z = X;
      Z.col(input) *= factor;
      return Z;
    };
  };
  const auto with_copy_of_x0 = [](const MatrixXd& X, const VectorXd& noise) {
    MatrixXd Z(X.rows(), 5);
    Z << X, X.col(0) + 0.1 * noise;
    return Z;
  };

  std::cout << "Mean score over " << runs
            << " runs, and how often x0, which decides most, is first\n"
            << std::setw(38) << ""
            << "    x0    x1    x2    x3    x4  x0 first\n";
  print_mean_scores({"standardised, independent, 100 epochs"}, runs);
  print_mean_scores({"x0 in a unit ten times as small", times(0, 10)}, runs);
  print_mean_scores({"x0 in a unit ten times as large", times(0, 0.1)}, runs);
  print_mean_scores({"x4 = x0 + noise, which decides nothing", with_copy_of_x0}, runs);
  print_mean_scores({"1000 epochs", nullptr, 1000}, runs);

  examples::NetworkOptions slow;
  slow.initial_deviation = 0.5;
  slow.learning_rate = 0.005;
  std::cout << "learning rate / 10, initial weights x 10:\n";
  print_mean_scores({"  100 epochs", nullptr, 100, slow}, runs);
  print_mean_scores({"  5 epochs", nullptr, 5, slow}, runs);
}

}  // namespace

int main(int argc, char** argv) {
  unsigned runs = 50;
  examples::CommandLine command(
      "What fools the scores: unequal scales, correlated inputs, too few or too many epochs.");
  command.add_number("runs", runs, "seeds to average over", 1);
  return command.run(argc, argv, [&] { limits(runs); });
}
