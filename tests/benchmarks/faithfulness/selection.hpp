// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <random>
#include <string>
#include <vector>
#include <viann/importance_scores.hpp>
#include <viann/tools/selection.hpp>

#include "methods.hpp"
#include "task.hpp"

/// How many of the inputs that select_by_knockoffs() selects do not matter, and how many of those
/// that matter it selects.

namespace faithfulness {

enum class Target { Linear, Cubed, Products, Nothing };
enum class InputKind { Normal, HeavyTailed, Binary, OneHot, Mixed, Real };

/// One row of a table.
struct SelectionSetting {
  std::string name = "base";
  Target target = Target::Cubed;
  InputKind kind = InputKind::Normal;
  Index variables = 30, relevant = 6, samples = 500;
  double correlation = 0.5;
  Index twins = 4;
  unsigned trainings = 1;
  bool groups = true;  // one-hot columns are a group
  MatrixXd real = {};  // inputs of a data set
  int repeats = 1;     // times the number asked for
};

struct SelectionSample {
  MatrixXd X;       // standardised
  MatrixXd values;  // samples x variables: what the target depends on
  std::vector<Index> groups;
  VectorXd y;
  std::vector<bool> relevant;  // by variable
};

inline SelectionSample draw_selection_sample(const SelectionSetting& setting, Random& random) {
  SelectionSample sample;
  const bool is_real = setting.kind == InputKind::Real;
  const Index n = is_real ? setting.real.rows() : setting.samples;
  const Index variables = is_real ? setting.real.cols() : setting.variables;
  MatrixXd Z = detail::normal(n, variables, random);
  for (Index j = 1; j < variables; ++j) {
    const double r = setting.correlation;
    Z.col(j) = r * Z.col(j - 1) + std::sqrt(1 - r * r) * Z.col(j);
  }
  if (is_real) Z = setting.real;
  std::chi_squared_distribution<double> chi(3);
  std::vector<VectorXd> columns;
  for (Index j = 0; j < variables; ++j) {
    const auto kind = setting.kind != InputKind::Mixed ? setting.kind
                      : j % 4 == 0                     ? InputKind::Normal
                      : j % 4 == 1                     ? InputKind::HeavyTailed
                      : j % 4 == 2                     ? InputKind::Binary
                                                       : InputKind::OneHot;
    if (kind == InputKind::HeavyTailed) {  // Student's t with 3 degrees of freedom
      for (double& z : Z.col(j)) z /= std::sqrt(chi(random) / 3);
    }
    if (kind == InputKind::Binary) Z.col(j) = (Z.col(j).array() > 0).cast<double>();
    if (kind == InputKind::OneHot) {
      Z.col(j) = Z.col(j).unaryExpr([](double z) { return z < -0.43 ? -1.0 : z < 0.43 ? 0. : 1.; });
      for (const double level : {-1.0, 0.0, 1.0}) {
        columns.push_back((Z.col(j).array() == level).cast<double>());
        sample.groups.push_back(j);
      }
    } else {
      columns.push_back(Z.col(j));
      sample.groups.push_back(j);
    }
  }
  sample.X.resize(n, static_cast<Index>(columns.size()));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    sample.X.col(static_cast<Index>(j)) = columns[j];
  }
  sample.X = examples::standardize(sample.X);
  sample.values = examples::standardize(Z);

  const Index relevant = setting.target == Target::Nothing ? 0 : std::min(setting.relevant, variables);
  const std::vector<Index> order = detail::any_order(variables, random);
  sample.relevant.assign(static_cast<std::size_t>(variables), false);
  VectorXd f = VectorXd::Zero(n);
  for (Index k = 0; k < relevant; ++k) {
    const Index j = order[static_cast<std::size_t>(k)];
    sample.relevant[static_cast<std::size_t>(j)] = true;
    const double sign = random() % 2 == 0 ? 1 : -1;
    if (setting.target != Target::Products) f += sign * sample.values.col(j);
    if (setting.target == Target::Products && k % 2 == 1) {
      f += sample.values.col(j).cwiseProduct(
          sample.values.col(order[static_cast<std::size_t>(k - 1)]));
    }
  }
  if (setting.target == Target::Cubed) f = f.array().cube();
  if (relevant > 0) f = examples::standardize(f);
  sample.y = examples::standardize(f + detail::normal(n, 1, random));
  return sample;
}

inline const std::vector<std::string>& selection_statistics() {
  static const std::vector<std::string> all = {"variance", "variance 5", "displacement",
                                               "gradient", "olden", "permutation"};
  return all;
}

/// The raw scores of one training, columns x statistics.
inline MatrixXd selection_scores(const MatrixXd& Z, const VectorXd& y, std::uint64_t seed,
                                 bool permute) {
  Regime regime;
  regime.hidden_units = {64, 64};
  regime.epochs = 50;
  const Eigen::MatrixXf X = Z.cast<float>(), Y = y.cast<float>();
  Network net = make_network(examples::Task::Regression, X.cols(), 1, regime, seed);
  Optimizer optimizer(all_optimizers()[2], net);
  viann::VarianceImportanceOptions five;
  five.max_epochs = 5;
  std::vector<Hook> hooks;
  hooks.push_back(make_hook("variance", viann::VarianceImportance<>()));
  hooks.push_back(make_hook("variance 5", viann::VarianceImportance<>(five)));
  hooks.push_back(make_hook("displacement", viann::DisplacementImportance<>()));
  hooks.push_back(make_gradient_hook());
  for (Hook& hook : hooks) hook.on_train_begin(net);
  std::vector<Index> order = detail::any_order(X.rows(), *std::make_unique<Random>(seed));
  Random random(seed);
  for (int epoch = 0; epoch < regime.epochs; ++epoch) {
    train_one_epoch(net, optimizer, X, Y, regime.batch_size, order, random, [] {});
    for (Hook& hook : hooks) hook.on_epoch_end(net, net.first_layer_gradient());
  }
  MatrixXd scores = MatrixXd::Zero(X.cols(), 6);
  for (std::size_t h = 0; h < hooks.size(); ++h) scores.col(static_cast<Index>(h)) = hooks[h].scores();
  scores.col(4) = (net.layers()[0].W * net.layers()[1].W * net.layers()[2].W).cwiseAbs().cast<double>();
  if (permute) {
    viann::PermutationImportanceOptions options;
    options.repeats = 1;
    scores.col(5) = viann::permutation_importance(
                        X, [&](const Eigen::MatrixXf& A) { return net.loss(A, Y); }, options)
                        .mean.cwiseMax(0);
  }
  return scores;
}

}  // namespace faithfulness
