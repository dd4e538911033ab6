// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>
#include <viann/baselines.hpp>
#include <viann/displacement_importance.hpp>
#include <viann/importance_scores.hpp>
#include <viann/weight_view.hpp>

#include "methods.hpp"
#include "optimizers.hpp"
#include "regimes.hpp"
#include "task.hpp"

/// Networks whose inputs come in by two first layers, and how the scores of two hooks can be
/// compared.

namespace faithfulness {

/// A network as make_network()'s, with some weights that are not trained. Two first layers are one
/// with weights of 0 between the inputs of one branch and the units of the other. Inputs without an
/// embedding pass through weights of 1 beside it.
class BranchedNetwork {
 public:
  using Matrix = Network::Matrix;

  BranchedNetwork(const Sample& sample, FirstLayers layers, std::vector<std::vector<Index>> inputs,
                  std::uint64_t seed)
      : inputs_(std::move(inputs)),
        has_embedding_(layers == FirstLayers::Embedding),
        width_(layers == FirstLayers::EqualWidths     ? 25
               : layers == FirstLayers::UnequalWidths ? 10
                                                      : size(0)),
        net_(make(sample, seed)) {
    Matrix& W = net_.layers()[0].W;
    trained_.setZero(W.rows(), W.cols());
    for (Index branch = has_embedding_ ? 1 : 0; branch < 2; ++branch) {
      trained_(inputs_[static_cast<std::size_t>(branch)], units(branch)).setOnes();
    }
    fixed_.setZero(W.rows(), W.cols());
    for (Index i = 0; has_embedding_ && i < size(0); ++i)
      fixed_(inputs_[0][static_cast<std::size_t>(i)], i) = 1;
    for (Index branch = 0; branch < 2; ++branch) {
      const Index widths = size(branch) + (branch == 0 ? width_ : W.cols() - width_);
      W(inputs_[static_cast<std::size_t>(branch)], Eigen::all) *=
          std::sqrt(2.0F / static_cast<float>(widths));
    }
    for (std::size_t l = 1; l < net_.layers().size(); ++l) {
      Matrix& next = net_.layers()[l].W;
      next *= std::sqrt(2.0F / static_cast<float>(next.rows() + next.cols()));
    }
    keep_branches_apart();
  }

  Network& net() { return net_; }

  /// To be called after every step.
  void keep_branches_apart() {
    Matrix& W = net_.layers()[0].W;
    W = W.cwiseProduct(trained_) + fixed_;
  }

  /// A branch's first layer, its inputs x units.
  Matrix first_layer(Index branch) const {
    if (has_embedding_ && branch == 0) return net_.layers()[1].W.topRows(size(0));
    return net_.first_layer()(inputs_[static_cast<std::size_t>(branch)], units(branch));
  }

  /// Both first layers as one, with zeros where they do not meet.
  Matrix both_layers() const {
    const Matrix first = first_layer(0), second = first_layer(1);
    Matrix both = Matrix::Zero(size(0) + size(1), first.cols() + second.cols());
    both(inputs_[0], Eigen::seqN(0, first.cols())) = first;
    both(inputs_[1], Eigen::seqN(first.cols(), second.cols())) = second;
    return both;
  }

 private:
  Index size(std::size_t branch) const { return static_cast<Index>(inputs_[branch].size()); }

  Eigen::ArithmeticSequence<Index, Index> units(Index branch) const {
    const Index all = net_.first_layer().cols();
    return branch == 0 ? Eigen::seqN(Index{0}, width_) : Eigen::seqN(width_, all - width_);
  }

  Network make(const Sample& sample, std::uint64_t seed) const {
    examples::NetworkOptions options;
    options.hidden_units = {has_embedding_ ? width_ + 8 : 50, 50};
    options.initial_deviation = 1;
    options.embeds_inputs = has_embedding_;
    return {sample.task, sample.X.cols(), sample.Y.cols(), seed, options};
  }

  std::vector<std::vector<Index>> inputs_;  // by branch
  bool has_embedding_;
  Index width_;  // units of the first branch
  Network net_;
  Matrix trained_,
      fixed_;  // of the first layer's weights: 1 where trained; what is there otherwise
};

/// Two branches' inputs, drawn at random.
inline std::vector<std::vector<Index>> draw_branches(const BenchmarkTask& task, SecondBranch second,
                                                     Random& random) {
  std::vector<std::vector<Index>> branches(2);
  const Index inputs = task.relevant.size();
  const Index most =
      second == SecondBranch::OneInFive ? std::max<Index>(2, inputs / 5) : inputs / 2;
  for (const Index i : detail::any_order(inputs, random)) {
    const bool may =
        second != SecondBranch::IrrelevantOnes || (!task.relevant[i] && task.decidable[i]);
    const bool is_second = may && static_cast<Index>(branches[1].size()) < most;
    branches[is_second ? 1 : 0].push_back(i);
  }
  return branches;
}

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
    hooks[b].on_train_begin(viann::features_by_units(network.first_layer(static_cast<Index>(b))));
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
      hooks[b].on_epoch_end(viann::features_by_units(network.first_layer(static_cast<Index>(b))));
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
