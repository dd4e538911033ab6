// SPDX-License-Identifier: MIT
#include "support/trajectories.hpp"

#include <algorithm>
#include <numeric>
#include <random>

ColMajorMatrixXd numbered() {
  return ColMajorMatrixXd::NullaryExpr(
      3, 5, [](Eigen::Index i, Eigen::Index j) { return static_cast<double>(10 * i + j); });
}

Trajectory random_walk(Eigen::Index rows, Eigen::Index cols, int epochs, std::uint64_t seed,
                       double offset) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const auto draw = [&] {
    return Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return normal(random); }).eval();
  };
  Trajectory trajectory;
  Eigen::MatrixXd weights = draw().array() + offset;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    weights += 0.1 * draw();
    trajectory.push_back(weights);
  }
  return trajectory;
}

std::vector<std::pair<int, int>> layer_shapes() {
  return {{1, 1}, {1, 7}, {7, 1}, {5, 6}, {512, 2}, {513, 3}, {2, 700}, {9000, 2}};
}

Trajectory independent_draws(Eigen::Index rows, Eigen::Index cols, int epochs, std::uint64_t seed,
                             double mean) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(mean);
  Trajectory trajectory;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    trajectory.push_back(Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return normal(random); }));
  }
  return trajectory;
}

ColMajorMatrixXd drawn(Eigen::Index rows, Eigen::Index cols, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  return ColMajorMatrixXd::NullaryExpr(rows, cols, [&] { return normal(random); });
}

std::vector<int> any_order(int count, std::uint32_t seed) {
  std::vector<int> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(seed);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

TwoPass::TwoPass(const Trajectory& trajectory) {
  const auto n = static_cast<long double>(trajectory.size());
  const auto at = [&](std::size_t t) { return trajectory[t].array().cast<long double>(); };
  mean = Array::Zero(trajectory[0].rows(), trajectory[0].cols());
  for (std::size_t t = 0; t < trajectory.size(); ++t) mean += at(t) / n;
  Array squares = Array::Zero(mean.rows(), mean.cols());
  Array rest = squares;
  for (std::size_t t = 0; t < trajectory.size(); ++t) {
    squares += (at(t) - mean).square();
    rest += at(t) - mean;
  }
  variance = (squares - rest.square() / n) / (n - 1);
}

double largest_relative_error(const TwoPass::Array& value, const TwoPass::Array& truth) {
  return static_cast<double>(((value - truth) / truth).abs().maxCoeff());
}
