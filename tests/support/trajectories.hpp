// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

// Eigen's default order is column-major, unless a macro says otherwise.
using ColMajorMatrixXd = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
using RowMajorMatrixXd = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A 3 x 5 matrix whose elements encode their places: 10 * row + column.
ColMajorMatrixXd numbered();

/// Weights of a layer over the epochs of an imagined training, rows x cols each.
using Trajectory = std::vector<ColMajorMatrixXd>;

/// A random walk: offset + a standard normal start and steps of a tenth of that.
Trajectory random_walk(Eigen::Index rows, Eigen::Index cols, int epochs, std::uint64_t seed,
                       double offset = 0);

/// Shapes of layers: the smallest, vectors, and lengths around those that a walk cuts into.
std::vector<std::pair<int, int>> layer_shapes();

/// Independent draws from a normal distribution around `mean` with standard deviation 1.
Trajectory independent_draws(Eigen::Index rows, Eigen::Index cols, int epochs, std::uint64_t seed,
                             double mean);

/// Draws from a standard normal distribution, rows x cols.
ColMajorMatrixXd drawn(Eigen::Index rows, Eigen::Index cols, std::mt19937_64& random);

/// The numbers from 0 to count - 1, shuffled.
std::vector<int> any_order(int count, std::uint32_t seed);

/// Mean and sample variance of every element by the two-pass algorithm in long double, corrected
/// for the rounding of the mean. For doubles it is as exact as a test in double can see.
struct TwoPass {
  using Array = Eigen::Array<long double, Eigen::Dynamic, Eigen::Dynamic>;

  explicit TwoPass(const Trajectory& trajectory);

  Array mean;
  Array variance;
};

/// Largest error of `value` relative to `truth`, over all elements.
double largest_relative_error(const TwoPass::Array& value, const TwoPass::Array& truth);
template <typename Value, typename Truth>
double relative_error(const Eigen::DenseBase<Value>& value, const Eigen::DenseBase<Truth>& truth) {
  return largest_relative_error(value.derived().array().template cast<long double>(),
                                truth.derived().array().template cast<long double>());
}
