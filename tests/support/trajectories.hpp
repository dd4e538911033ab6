// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

// Eigen's default order is column-major, unless a macro says otherwise.
using ColMajorMatrixXd = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

/// Weights of a layer over the epochs of an imagined training, rows x cols each.
using Trajectory = std::vector<ColMajorMatrixXd>;

/// A random walk: offset + a standard normal start and steps of a tenth of that.
inline Trajectory random_walk(Eigen::Index rows, Eigen::Index cols, int epochs, std::uint64_t seed,
                              double offset = 0) {
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

/// Shapes of layers: the smallest, vectors, and lengths around those that a walk cuts into.
inline std::vector<std::pair<int, int>> layer_shapes() {
  return {{1, 1}, {1, 7}, {7, 1}, {5, 6}, {512, 2}, {513, 3}, {2, 700}, {9000, 2}};
}

/// Independent draws from a normal distribution around `mean` with standard deviation 1.
inline Trajectory independent_draws(Eigen::Index rows, Eigen::Index cols, int epochs,
                                    std::uint64_t seed, double mean) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(mean);
  Trajectory trajectory;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    trajectory.push_back(Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return normal(random); }));
  }
  return trajectory;
}

/// Mean and sample variance of every element by the two-pass algorithm in long double, corrected
/// for the rounding of the mean. For doubles it is as exact as a test in double can see.
struct TwoPass {
  using Array = Eigen::Array<long double, Eigen::Dynamic, Eigen::Dynamic>;

  explicit TwoPass(const Trajectory& trajectory) {
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

  Array mean;
  Array variance;
};

/// Largest error of `value` relative to `truth`, over all elements.
template <typename Value, typename Truth>
double relative_error(const Eigen::DenseBase<Value>& value, const Eigen::DenseBase<Truth>& truth) {
  const auto v = value.derived().array().template cast<long double>();
  const auto t = truth.derived().array().template cast<long double>();
  return static_cast<double>(((v - t) / t).abs().maxCoeff());
}
