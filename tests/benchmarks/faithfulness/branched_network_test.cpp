// SPDX-License-Identifier: MIT
#include "branched_network.hpp"

#include <numeric>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace faithfulness {
namespace {

using Matrix = Network::Matrix;
using Row = Network::RowVector;

const std::vector<std::vector<Index>> branches = {{3, 0, 4}, {1, 2}};

Sample sample_of_five_inputs() {
  Random random(1);
  return detail::split(detail::normal(60, 5, random), detail::normal(60, 1, random), 40, 20, false);
}

Row times(const Row& x, const Matrix& W) { return x * W; }

Row chosen(const Row& x, const std::vector<Index>& inputs) { return x(inputs); }

std::size_t count_different(const Matrix& a, const Matrix& b) {
  std::size_t count = 0;
  for (Index i = 0; i < a.size(); ++i) count += a.data()[i] != b.data()[i] ? 1 : 0;
  return count;
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

    const Matrix both = network.both_layers();
    CHECK(Matrix(both(branches[0], Eigen::seqN(0, width))) == first);
    CHECK(Matrix(both(branches[1], Eigen::seqN(width, second.cols()))) == second);
    const auto size = static_cast<std::size_t>(first.size() + second.size());
    CHECK(count_different(both, Matrix::Zero(5, both.cols())) == size);
    CHECK(count_different(both, before) == size);

    // The network's output for a sample, from the first layers and what follows them.
    const Row x = sample.X.row(7);
    const Row from_first = times(chosen(x, branches[0]), first);
    const Row from_second = times(chosen(x, branches[1]), second);
    const auto& all = net.layers();
    Row z(50);
    std::size_t next = 1;
    if (layers == FirstLayers::Embedding) {
      // Biases of the units that inputs pass through count, too.
      z = from_first + times(all[0].b.head(3), first) + all[1].b +
          times(from_second + all[0].b.tail(8), all[1].W.bottomRows(8));
      next = 2;
    } else {
      z << from_first, from_second;
      z += all[0].b;
    }
    for (; next < all.size(); ++next) z = times(z.cwiseMax(0.0F), all[next].W) + all[next].b;
    CHECK(z[0] == Approx(net.predict(sample.X)(7, 0)).epsilon(1e-4));
  }
}

TEST_CASE("the second of two branches has half of the inputs, a fifth, or irrelevant ones") {
  BenchmarkTask task;
  task.relevant = detail::first_of(6, 20);
  task.decidable = Flags::Constant(20, true);
  task.decidable.tail(5) = false;
  Random random(1);
  const auto second = [&](SecondBranch which) {
    auto drawn = draw_branches(task, which, random);
    CHECK(drawn[0].size() + drawn[1].size() == 20);
    return drawn[1];
  };
  CHECK(second(SecondBranch::Half).size() == 10);
  CHECK(second(SecondBranch::OneInFive).size() == 4);
  const auto irrelevant = second(SecondBranch::IrrelevantOnes);
  CHECK(irrelevant.size() == 9);
  for (const Index i : irrelevant) {
    CHECK(i >= 6);
    CHECK(i < 15);
  }
}

}  // namespace faithfulness
