// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>

#include "../../../examples/support/dataset.hpp"
#include "../../../examples/support/network.hpp"
#include "statistics.hpp"

/// What a network learns, and which inputs are known to matter, or not to matter.

namespace faithfulness {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Random = std::mt19937_64;

/// Tasks to develop scores on, and tasks to test those scores on. Families were assigned before any
/// result was seen.
enum class Half { Develop, HeldOut };

/// Groups of tasks, each with tables of its own.
enum class Suite {
  Known,      // synthetic tasks whose relevant inputs are known
  Probes,     // real data; every input has a probe, a copy with its rows or columns shuffled
  Noise,      // real data beside as many columns of independent noise
  Regimes,    // tasks of the first suite, and two families of hard inputs, trained in other ways
  Branches,   // tasks of the first suite, in networks with two first layers
  Ensembles,  // tasks of the first suite, with several networks for each sample
  Published   // the nonlinear selection tasks of A. Passemiers et al., Scientific Reports 14, 2024
};

/// Samples drawn from a task. Every seed of the benchmark draws new ones: samples or their split
/// into training and test, probes, noise.
struct Sample {
  examples::Dataset training;  // as a forest takes it
  Eigen::MatrixXf X, Y;        // as a network takes it
  Eigen::MatrixXf X_test, Y_test;
  examples::Task task;
};

struct BenchmarkTask {
  std::string name;
  std::string family;
  std::string unit;  // tasks of one unit are not independent evidence: a data set with its probes
  Half half;
  Suite suite;
  Flags relevant;
  Flags decidable;             // whether an input counts as relevant or irrelevant at all
  VectorXd truth;              // how much each input matters; empty if that is not known
  std::vector<Index> ordered;  // relevant inputs whose scores should have truth's order; or none
  // Takes the seed's number, from 1, and how many samples to train on. Real data and published
  // tasks have their own number.
  std::function<Sample(Random&, unsigned seed, Index training_samples)> draw;
};

namespace detail {

/// The first samples train, the last test. Networks get classes one-hot, or standardised targets.
inline Sample split(const MatrixXd& X, const VectorXd& y, Index training, Index test,
                    bool classes) {
  Sample sample;
  sample.training.X = X.topRows(training);
  sample.training.y = y.head(training);
  sample.task = classes ? examples::Task::Classification : examples::Task::Regression;
  const MatrixXd Y = classes ? examples::one_hot(y) : examples::standardize(y);
  sample.X = X.topRows(training).cast<float>();
  sample.Y = Y.topRows(training).cast<float>();
  sample.X_test = X.bottomRows(test).cast<float>();
  sample.Y_test = Y.bottomRows(test).cast<float>();
  return sample;
}

inline MatrixXd normal(Index samples, Index features, Random& random) {
  std::normal_distribution<double> draw;
  return MatrixXd::NullaryExpr(samples, features, [&] { return draw(random); });
}

inline MatrixXd uniform(Index samples, Index features, Random& random) {
  std::uniform_real_distribution<double> draw;
  return MatrixXd::NullaryExpr(samples, features, [&] { return draw(random); });
}

/// Flags of the first `count` of all inputs.
inline Flags first_of(Index count, Index all) {
  Flags flags = Flags::Constant(all, false);
  flags.head(count) = true;
  return flags;
}

inline std::vector<Index> any_order(Index count, Random& random) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  viann::detail::shuffle(order.begin(), order.end(), random);
  return order;
}

}  // namespace detail

}  // namespace faithfulness
