// SPDX-License-Identifier: MIT
#include "branches.hpp"

#include <numeric>
#include <random>
#include <vector>

#include "known_tasks.hpp"
#include "support/catch.hpp"

using namespace faithfulness;
using Matrix = BranchedNetwork::Matrix;

namespace {

const std::vector<std::vector<Index>> branches = {{3, 0, 4}, {1, 2}};

Sample sample_of_five_inputs() {
  Random random(1);
  return detail::split(detail::normal(60, 5, random), detail::normal(60, 1, random), 40, 20, false);
}

}  // namespace

TEST_CASE(
    "after training, the first layers of a network with two branches still are what it uses") {
  const Sample sample = sample_of_five_inputs();
  for (const auto layers :
       {FirstLayers::EqualWidths, FirstLayers::UnequalWidths, FirstLayers::Embedding}) {
    BranchedNetwork network(sample, layers, branches, 1);
    Network& net = network.net();
    const Matrix before = network.both_layers();
    Optimizer optimizer(all_optimizers()[3], net);  // moves all weights
    std::vector<Index> order(40);
    std::iota(order.begin(), order.end(), Index{0});
    Random random(2);
    train_one_epoch(net, optimizer, sample.X, sample.Y, 8, order, random,
                    [&] { network.keep_branches_apart(); });

    const Matrix first = network.first_layer(0), second = network.first_layer(1);
    const Index width = layers == FirstLayers::EqualWidths     ? 25
                        : layers == FirstLayers::UnequalWidths ? 10
                                                               : 50;
    CHECK(first.rows() == 3);
    CHECK(first.cols() == width);
    CHECK(second.rows() == 2);
    CHECK(second.cols() == (layers == FirstLayers::Embedding ? 8 : 50 - width));
    const Matrix X0 = sample.X(Eigen::all, branches[0]), X1 = sample.X(Eigen::all, branches[1]);
    Matrix Z(40, 50);
    std::size_t next = 1;
    if (layers == FirstLayers::Embedding) {
      // The embedding feeds the lower rows of the layer that the other inputs enter.
      const Matrix embedded = (X1 * second).rowwise() + net.layers()[0].b.tail(8);
      const Matrix through = X0.rowwise() + net.layers()[0].b.head(3);
      Z = through * first + embedded * net.layers()[1].W.bottomRows(8);
      Z.rowwise() += net.layers()[1].b;
      next = 2;
    } else {
      Z << X0 * first, X1 * second;
      Z.rowwise() += net.layers()[0].b;
    }
    for (; next < net.layers().size(); ++next) {
      Z = (Z.cwiseMax(0.0F) * net.layers()[next].W).rowwise() + net.layers()[next].b;
    }
    CHECK(Z.isApprox(net.predict(sample.X), 1e-4F));

    const Matrix both = network.both_layers();
    CHECK(both(branches[0], Eigen::seqN(0, width)) == first);
    CHECK(both(branches[1], Eigen::seqN(width, second.cols())) == second);
    CHECK((both.array() != 0).count() == first.size() + second.size());
    CHECK((both.array() != before.array()).count() == first.size() + second.size());
  }
}

TEST_CASE("the second of two branches has half of the inputs, a fifth, or irrelevant ones") {
  for (const BenchmarkTask& task : known_tasks()) {
    Random random(1);
    const Index inputs = task.relevant.size();
    const auto second = [&](SecondBranch which) {
      auto drawn = draw_branches(task, which, random);
      CHECK(static_cast<Index>(drawn[0].size() + drawn[1].size()) == inputs);
      return drawn[1];
    };
    CHECK(static_cast<Index>(second(SecondBranch::Half).size()) == inputs / 2);
    CHECK(static_cast<Index>(second(SecondBranch::OneInFive).size()) == inputs / 5);
    for (const Index i : second(SecondBranch::IrrelevantOnes)) CHECK_FALSE(task.relevant[i]);
  }
}
