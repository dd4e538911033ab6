// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>

#include "../../../examples/support/dataset.hpp"
#include "task.hpp"

/// Synthetic tasks, whose relevant inputs are known.

namespace faithfulness {

namespace detail {

// Drawn whatever the number that a network trains on, so that a seed's samples are the same.
constexpr Index all_samples = 1000;
constexpr Index test_samples = 500;

using Inputs = std::function<MatrixXd(Index samples, Random&)>;
using Function = std::function<VectorXd(const MatrixXd&)>;

struct FunctionTask {
  std::string name, family;
  Half half;
  Inputs inputs;
  Function f;
  bool classes = false;    // two, by whether the noisy f is above its median; else f with noise
  VectorXd scales = {};    // of the inputs after standardising; 1 if empty
  Index combinations = 0;  // how many of the last inputs are combinations of others: undecidable
  bool standardized = true;
  Suite suite = Suite::Known;
};

/// A task whose target is a function of the inputs, with noise of half its standard deviation. Each
/// input's truth is the mean square change of f when that input is permuted: the permutation
/// importance in a network that has learned f itself, and twice the total effect (I. M. Sobol,
/// Mathematics and Computers in Simulation 55, 2001) where inputs are independent. It does not
/// depend on their scales. Inputs that f uses are relevant; those with less than a thousandth of
/// the total effect count neither way. The scores of three or more should have the truth's order,
/// unless inputs are scaled apart (many scores are per unit of an input) or combinations of
/// relevant inputs can replace them.
inline BenchmarkTask make_task(const FunctionTask& from) {
  Random random(1);
  MatrixXd X = from.inputs(20000, random);
  const VectorXd f = from.f(X);
  VectorXd truth(X.cols());
  for (Index i = 0; i < X.cols(); ++i) {
    const VectorXd kept = X.col(i);
    auto column = X.col(i);
    viann::detail::shuffle(column.begin(), column.end(), random);
    truth[i] = (from.f(X) - f).squaredNorm();
    X.col(i) = kept;
  }
  truth /= truth.sum();

  const auto draw = [from](Random& seeded, unsigned /*seed*/, Index training_samples) {
    const MatrixXd raw = from.inputs(all_samples, seeded);
    VectorXd y = examples::standardize(from.f(raw));
    y += 0.5 * normal(y.size(), 1, seeded);
    if (from.classes) {
      std::vector<double> sorted(y.begin(), y.end());
      const double median = median_of(sorted);
      y = (y.array() >= median).cast<double>();
    }
    MatrixXd standard = from.standardized ? examples::standardize(raw) : raw;
    if (from.scales.size() > 0) standard = standard * from.scales.asDiagonal();
    return split(standard, y, training_samples, test_samples, from.classes);
  };
  Flags decidable = truth.array() == 0 || truth.array() > 0.001;
  decidable.tail(from.combinations) = false;
  std::vector<Index> ordered;
  for (Index i = 0; i < X.cols(); ++i) {
    if (decidable[i] && truth[i] > 0) ordered.push_back(i);
  }
  if (from.scales.size() > 0 || from.combinations > 0 || ordered.size() < 3) ordered.clear();
  return {from.name,         from.family, from.name, from.half, from.suite,
          truth.array() > 0, decidable,   truth,     ordered,   draw};
}

/// Classes as scikit-learn's make_classification makes them (I. Guyon, Design of experiments of the
/// NIPS 2003 variable selection benchmark): two clusters a class, normally distributed around
/// corners of a cube in the informative inputs and stretched at random; redundant inputs are random
/// combinations of the informative ones. Either may serve the network, so redundant ones count
/// neither as relevant nor as irrelevant, and it is not known how much each informative one
/// matters.
inline BenchmarkTask make_clusters(const std::string& name, Half half, Index classes,
                                   Index informative, Index redundant, Index noise) {
  Random fixed(static_cast<std::uint64_t>(10 * classes + informative));
  const Index clusters = 2 * classes;
  std::vector<MatrixXd> stretch;
  for (Index c = 0; c < clusters; ++c) {
    stretch.push_back(2 * uniform(informative, informative, fixed).array() - 1);
  }
  std::vector<Index> corners(std::size_t{1} << informative);
  std::iota(corners.begin(), corners.end(), Index{0});
  viann::detail::shuffle(corners.begin(), corners.end(), fixed);
  const MatrixXd combine = 2 * uniform(informative, redundant, fixed).array() - 1;

  const auto draw = [=](Random& random, unsigned /*seed*/, Index training_samples) {
    const Index samples = all_samples;
    MatrixXd X = normal(samples, informative + redundant + noise, random);
    VectorXd y(samples);
    for (Index i = 0; i < samples; ++i) {
      const Index cluster = i % clusters;
      y[i] = static_cast<double>(cluster % classes);
      const Index corner = corners[static_cast<std::size_t>(cluster)];
      Eigen::RowVectorXd x =
          X.row(i).head(informative) * stretch[static_cast<std::size_t>(cluster)];
      for (Index k = 0; k < informative; ++k) x[k] += (corner >> k) % 2 == 0 ? -1.5 : 1.5;
      X.row(i).head(informative) = x;
    }
    X.middleCols(informative, redundant) = X.leftCols(informative) * combine;
    return split(examples::standardize(X), y, training_samples, test_samples, true);
  };
  const Flags relevant = first_of(informative, informative + redundant + noise);
  Flags decidable = Flags::Constant(relevant.size(), true);
  decidable.segment(informative, redundant) = false;
  return {name, "redundant", name, half, Suite::Known, relevant, decidable, {}, {}, draw};
}

inline Inputs normal_inputs(Index features) {
  return [=](Index samples, Random& random) { return normal(samples, features, random); };
}

inline Inputs uniform_inputs(Index features) {
  return [=](Index samples, Random& random) { return uniform(samples, features, random); };
}

/// Blocks of five inputs; neighbours in a block correlate by rho, the next by rho^2, and so on.
inline Inputs ar_inputs(Index features, double rho) {
  return [=](Index samples, Random& random) {
    MatrixXd X = normal(samples, features, random);
    for (Index j = 0; j < features; ++j) {
      if (j % 5 != 0) X.col(j) = rho * X.col(j - 1) + std::sqrt(1 - rho * rho) * X.col(j);
    }
    return X;
  };
}

/// With the ranges of J. H. Friedman's second and third function, and noise inputs on [0, 1].
inline Inputs friedman_inputs(Index features) {
  return [=](Index samples, Random& random) {
    MatrixXd X = uniform(samples, features, random);
    const double pi = std::acos(-1.0);
    X.col(0) *= 100;
    X.col(1) = X.col(1).array() * 520 * pi + 40 * pi;
    X.col(3) = X.col(3).array() * 10 + 1;
    return X;
  };
}

inline Inputs constant_inputs(Index varying, Index constant, double value) {
  return [=](Index samples, Random& random) {
    MatrixXd X = MatrixXd::Constant(samples, varying + constant, value);
    X.leftCols(varying) = normal(samples, varying, random);
    return X;
  };
}

/// Normal inputs, and random combinations of the first `combined` of them.
inline Inputs combined_inputs(Index independent, Index combined, Index combinations) {
  Random fixed(7);
  const MatrixXd combine = normal(combined, combinations, fixed) / std::sqrt(combined);
  return [=](Index samples, Random& random) {
    MatrixXd X(samples, independent + combinations);
    X.leftCols(independent) = normal(samples, independent, random);
    X.rightCols(combinations) = X.leftCols(combined) * combine;
    return X;
  };
}

/// Every stride-th input, `count` of them, with weights of both signs that fall from 1 to 0.3.
inline Function linear(Index count, Index stride = 1) {
  return [=](const MatrixXd& X) {
    VectorXd f = VectorXd::Zero(X.rows());
    for (Index k = 0; k < count; ++k) {
      const double size = 1 - 0.7 * static_cast<double>(k) / static_cast<double>(count - 1);
      f += (k % 2 == 0 ? size : -size) * X.col(k * stride);
    }
    return f;
  };
}

/// A sum of functions of one input each, some without any linear trend.
inline VectorXd additive(const MatrixXd& X) {
  const auto x = X.array();
  return (2 * x.col(0)).sin() + 0.7 * x.col(1).square() + x.col(2).abs() +
         1.5 * (1.5 * x.col(3)).tanh() + 0.8 * x.col(4).min(0.0) - x.col(5);
}

inline VectorXd scales_between(Index features, double least, double largest) {
  Random fixed(11);
  return (std::log(least) + std::log(largest / least) * uniform(features, 1, fixed).array()).exp();
}

/// Independent inputs, and a copy of each with noise of half its standard deviation.
inline Inputs copied_inputs(Index independent) {
  return [=](Index samples, Random& random) {
    MatrixXd X = normal(samples, 2 * independent, random);
    X.rightCols(independent) = X.leftCols(independent) + 0.5 * X.rightCols(independent);
    return X;
  };
}

/// Normal inputs, and `rare` inputs that are 1 with the given probability, else 0.
inline Inputs rare_inputs(Index normal_ones, Index rare, double probability) {
  return [=](Index samples, Random& random) {
    MatrixXd X = normal(samples, normal_ones + rare, random);
    X.rightCols(rare) =
        (uniform(samples, rare, random).array() < probability).cast<double>().matrix();
    return X;
  };
}

}  // namespace detail

inline std::vector<BenchmarkTask> known_tasks() {
  using namespace detail;
  const double pi = std::acos(-1.0);
  const auto friedman1 = [=](const MatrixXd& X) -> VectorXd {
    const auto x = X.array();
    return 10 * (pi * x.col(0) * x.col(1)).sin() + 20 * (x.col(2) - 0.5).square() + 10 * x.col(3) +
           5 * x.col(4);
  };
  const auto reactance = [](const MatrixXd& X) -> Eigen::ArrayXd {
    const auto x = X.array();
    return x.col(1) * x.col(2) - 1 / (x.col(1) * x.col(3));
  };
  const auto friedman2 = [=](const MatrixXd& X) -> VectorXd {
    return (X.array().col(0).square() + reactance(X).square()).sqrt();
  };
  const auto friedman3 = [=](const MatrixXd& X) -> VectorXd {
    return (reactance(X) / X.array().col(0)).atan();
  };
  const auto product = [](const MatrixXd& X) -> VectorXd {
    return X.col(0).cwiseProduct(X.col(1));
  };
  const auto products = [](const MatrixXd& X) -> VectorXd {
    const auto x = X.array();
    return x.col(0) * x.col(1) + x.col(2) * x.col(3) + 0.5 * x.col(4);
  };
  const Inputs signs = [](Index samples, Random& random) -> MatrixXd {
    return (uniform(samples, 15, random).array() < 0.5)
        .select(MatrixXd::Constant(samples, 15, -1.0), 1.0);
  };
  const Function sine_and_line = [](const MatrixXd& X) -> VectorXd {
    const auto x = X.array();
    return (2 * x.col(0)).sin() + x.col(1) + 0.7 * x.col(2).square() - x.col(3) + 0.5 * x.col(4);
  };
  const Function rare_and_line = [](const MatrixXd& X) -> VectorXd {
    return X.col(0) - X.col(1) + 3 * X.col(10) - 3 * X.col(11) + 3 * X.col(12);
  };

  constexpr auto develop = Half::Develop;
  constexpr auto held_out = Half::HeldOut;
  std::vector<FunctionTask> functions = {
      {"additive", "additive", develop, normal_inputs(20), additive},
      {"additive_many", "additive", develop, normal_inputs(50), additive},
      {"additive_classes", "additive", develop, normal_inputs(20), additive, true},
      {"xor", "interactions", develop, signs, product, true},
      {"product", "interactions", develop, normal_inputs(15), product},
      {"products", "interactions", develop, normal_inputs(20), products},
      {"redundant", "redundant", develop, combined_inputs(20, 5, 5), sine_and_line, false, {}, 5},
      {"scales_mild", "scales", develop, normal_inputs(20), linear(6), false,
       scales_between(20, 0.5, 2)},
      {"scales", "scales", develop, normal_inputs(20), additive, false,
       scales_between(20, 0.25, 4)},
      {"scales_classes", "scales", develop, normal_inputs(20), linear(6), true,
       scales_between(20, 0.25, 4)},
      {"ar_0.5", "ar_blocks", held_out, ar_inputs(30, 0.5), linear(5, 6)},
      {"ar_0.9", "ar_blocks", held_out, ar_inputs(30, 0.9), linear(5, 6)},
      {"ar_0.9_classes", "ar_blocks", held_out, ar_inputs(30, 0.9), linear(5, 6), true},
      {"constant_zero", "constant", held_out, constant_inputs(15, 10, 0), sine_and_line},
      {"constant_one",
       "constant",
       held_out,
       constant_inputs(15, 10, 1),
       sine_and_line,
       false,
       {},
       0,
       false},
      {"friedman1", "friedman", held_out, uniform_inputs(20), friedman1},
      {"friedman2", "friedman", held_out, friedman_inputs(16), friedman2},
      {"friedman3", "friedman", held_out, friedman_inputs(16), friedman3},
      {"sparse", "sparse_linear", held_out, normal_inputs(50), linear(10)},
      {"sparse_classes", "sparse_linear", held_out, normal_inputs(100), linear(6), true},
  };
  const auto hard = [&](const char* name, const char* family, Half half, const Inputs& inputs,
                        const Function& f) {
    functions.push_back({name, family, half, inputs, f});
    functions.back().suite = Suite::Regimes;
  };
  hard("copies", "copies", develop, copied_inputs(15), sine_and_line);
  hard("rare_1", "rare", held_out, rare_inputs(10, 10, 0.01), rare_and_line);
  hard("rare_3", "rare", held_out, rare_inputs(10, 10, 0.03), rare_and_line);
  std::vector<BenchmarkTask> tasks;
  for (const FunctionTask& task : functions) tasks.push_back(make_task(task));
  tasks.push_back(make_clusters("clusters_2", develop, 2, 4, 4, 12));
  tasks.push_back(make_clusters("clusters_3", develop, 3, 6, 4, 15));
  return tasks;
}

}  // namespace faithfulness
