// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "optimizers.hpp"
#include "regimes.hpp"
#include "task.hpp"

/// Networks whose inputs come in by two first layers.

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
    fixed_.setZero(W.rows(), W.cols());
    for (const std::size_t branch : {0U, 1U}) {
      const auto widths = static_cast<float>(size(branch) + units(branch).size());
      W(inputs_[branch], Eigen::all) *= std::sqrt(2.0F / widths);
      if (branch == 1 || !has_embedding_) trained_(inputs_[branch], units(branch)).setOnes();
    }
    for (Index unit = 0; has_embedding_ && unit < width_; ++unit) {
      fixed_(inputs_[0][static_cast<std::size_t>(unit)], unit) = 1;
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
  Matrix first_layer(std::size_t branch) const {
    if (has_embedding_ && branch == 0) return net_.layers()[1].W.topRows(size(0));
    return net_.first_layer()(inputs_[branch], units(branch));
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

  Eigen::ArithmeticSequence<Index, Index> units(std::size_t branch) const {
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
  Matrix trained_;  // of the first layer's weights: 1 where trained
  Matrix fixed_;    // the others
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

}  // namespace faithfulness
