// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>

#include "../../../examples/support/dataset.hpp"
#include "task.hpp"

/// Real data beside inputs that are known to be irrelevant. It is not known whether a real input
/// matters.

namespace faithfulness {

namespace detail {

/// The inputs of a data set that vary, standardised. (A constant input is its own probe.)
inline MatrixXd varying_inputs(const examples::Dataset& data) {
  const MatrixXd Z = examples::standardize(data.X);
  std::vector<Index> varying;
  for (Index j = 0; j < Z.cols(); ++j) {
    if (Z.col(j).cwiseAbs().maxCoeff() > 0) varying.push_back(j);
  }
  return Z(Eigen::all, varying);
}

/// Noise with mean 0 and standard deviation 1.
enum class NoiseKind { Uniform, Normal };

/// Inputs and probes: copies, shuffled by rows as a whole or each column by itself.
inline MatrixXd append_probes(const MatrixXd& X, bool by_rows, std::uint64_t seed) {
  Random random(seed);
  MatrixXd both(X.rows(), 2 * X.cols());
  both.leftCols(X.cols()) = X;
  if (by_rows) {
    both.rightCols(X.cols()) = X(any_order(X.rows(), random), Eigen::all);
  } else {
    both.rightCols(X.cols()) = X;
    for (auto column : both.rightCols(X.cols()).colwise()) {
      viann::detail::shuffle(column.begin(), column.end(), random);
    }
  }
  return both;
}

/// A task on real inputs, of which every one gets a companion; two thirds of the samples train.
/// \param companions  called as companions(X, random): X and its companions
template <typename Companions>
BenchmarkTask make_real(const std::string& dataset, const std::string& kind, Half half, Suite suite,
                        const examples::Dataset& data, const Companions& companions) {
  const MatrixXd X = varying_inputs(data);
  const auto draw = [X, y = data.y, classes = !data.classes.empty(), companions](
                        Random& random, unsigned /*seed*/, Index /*training_samples*/) {
    const std::vector<Index> order = any_order(X.rows(), random);
    const Index training = X.rows() * 2 / 3;
    return split(companions(MatrixXd(X(order, Eigen::all)), random), y(order), training,
                 X.rows() - training, classes);
  };
  return {dataset + kind,
          dataset,
          dataset,
          half,
          suite,
          first_of(X.cols(), 2 * X.cols()),
          Flags::Constant(2 * X.cols(), true),
          {},
          {},
          draw};
}

}  // namespace detail

/// From the CSV files in a folder.
inline std::vector<BenchmarkTask> real_tasks(const std::string& folder) {
  using namespace detail;
  constexpr auto develop = Half::Develop;
  constexpr auto held_out = Half::HeldOut;
  const std::vector<std::pair<const char*, Half>> datasets = {
      {"boston", develop},  {"breastcancer", held_out}, {"diabetes", develop},
      {"digits", held_out}, {"iris", develop},          {"wine", held_out}};
  std::vector<BenchmarkTask> tasks;
  for (const auto& [name, half] : datasets) {
    const examples::Dataset data = examples::read_csv(folder + "/" + name + ".csv");
    for (const bool by_rows : {true, false}) {
      const auto probes = [=](const MatrixXd& X, Random& random) {
        return append_probes(X, by_rows, random());
      };
      const char* const kind = by_rows ? ".rows" : ".columns";
      tasks.push_back(make_real(name, kind, half, Suite::Probes, data, probes));
    }
    for (const auto noise : {NoiseKind::Uniform, NoiseKind::Normal}) {
      const auto beside_noise = [=](const MatrixXd& X, Random& random) {
        MatrixXd both(X.rows(), 2 * X.cols());
        both.leftCols(X.cols()) = X;
        both.rightCols(X.cols()) =
            noise == NoiseKind::Normal
                ? normal(X.rows(), X.cols(), random)
                : MatrixXd(std::sqrt(12.0) * (uniform(X.rows(), X.cols(), random).array() - 0.5));
        return both;
      };
      const char* const kind = noise == NoiseKind::Uniform ? ".uniform" : ".normal";
      tasks.push_back(make_real(name, kind, half, Suite::Noise, data, beside_noise));
    }
  }
  return tasks;
}

}  // namespace faithfulness
