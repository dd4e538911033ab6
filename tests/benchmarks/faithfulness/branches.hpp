// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>
#include <viann/displacement_importance.hpp>
#include <viann/importance_scores.hpp>
#include <viann/tools/baselines.hpp>
#include <viann/weight_view.hpp>

#include "branched_network.hpp"
#include "methods.hpp"
#include "task.hpp"

/// How the scores of two hooks, on the two first layers of a network, can be compared.

namespace faithfulness {

/// One run of a network with two branches: scores of one hook that sees both first layers as one,
/// of two hooks, and of the inputs' permutation.
inline Trained train_branches_and_score(const BenchmarkTask& task, const Sample& sample,
                                        const OptimizerSettings& settings, const Regime& regime,
                                        std::uint64_t seed) {
  Random random(seed);
  const auto branches = draw_branches(task, regime.second_branch, random);
  BranchedNetwork network(sample, regime.first_layers, branches, seed);
  Network& net = network.net();
  Optimizer optimizer(settings, net);
  viann::DisplacementImportance<> of_both;
  std::vector<viann::DisplacementImportance<>> hooks(2);
  of_both.on_train_begin(viann::features_by_units(network.both_layers()));
  for (std::size_t b = 0; b < 2; ++b) {
    hooks[b].on_train_begin(viann::features_by_units(network.first_layer(b)));
  }
  std::vector<Index> order(static_cast<std::size_t>(sample.X.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  double training_seconds = 0;
  for (int epoch = 0; epoch < regime.epochs; ++epoch) {
    timed(training_seconds, [&] {
      train_one_epoch(net, optimizer, sample.X, sample.Y, regime.batch_size, order, random,
                      [&] { network.keep_branches_apart(); });
    });
    of_both.on_epoch_end(viann::features_by_units(network.both_layers()));
    for (std::size_t b = 0; b < 2; ++b) {
      hooks[b].on_epoch_end(viann::features_by_units(network.first_layer(b)));
    }
  }

  // In the order of the inputs, from scores one branch after the other.
  const auto by_input = [&](const VectorXd& scores) {
    VectorXd result(scores.size());
    const auto size = static_cast<Index>(branches[0].size());
    result(branches[0]) = scores.head(size);
    result(branches[1]) = scores.tail(scores.size() - size);
    return result;
  };
  const std::vector<VectorXd> raw = {hooks[0].raw_scores(), hooks[1].raw_scores()};
  VectorXd one_after_the_other(sample.X.cols()), times_inputs(sample.X.cols());
  one_after_the_other << raw[0], raw[1];
  times_inputs << static_cast<double>(raw[0].size()) * raw[0],
      static_cast<double>(raw[1].size()) * raw[1];
  const auto loss = [&](const Eigen::MatrixXf& X) { return net.loss(X, sample.Y_test); };
  viann::PermutationImportanceOptions together;
  together.groups.assign(static_cast<std::size_t>(sample.X.cols()), 0);
  for (const Index i : branches[1]) together.groups[static_cast<std::size_t>(i)] = 1;
  const VectorXd of_branches = viann::permutation_importance(sample.X_test, loss, together).mean;

  Trained result{{}, skill(net, sample), training_seconds / regime.epochs};
  result.methods = {{"one hook for both", of_both.raw_scores()},
                    {"raw scores", by_input(one_after_the_other)},
                    {"raw scores * inputs", by_input(times_inputs)},
                    {"branch_scores", by_input(viann::branch_scores(raw, of_branches))},
                    {permutation_method, viann::permutation_importance(sample.X_test, loss).mean}};
  return result;
}

}  // namespace faithfulness
