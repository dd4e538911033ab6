// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "task.hpp"

/// Nonlinear selection tasks with published results: which of many uniform inputs decide the class?
/// (A. Passemiers, P. Folco, D. Raimondi, G. Birolo, Y. Moreau, P. Fariselli, A quantitative
/// benchmark of neural network feature selection methods for detecting nonlinear signals,
/// Scientific Reports 14, 2024, doi:10.1038/s41598-024-82583-5.)

namespace faithfulness {

namespace detail {

/// Whether a point of [0, 1]^2 is on a ring around the centre.
inline bool on_ring(double x, double y, double half_width) {
  return std::abs(std::hypot(x - 0.5, y - 0.5) - 0.35) <= half_width;
}

inline double exclusive_or(double x, double y) { return (x - 0.5) * (0.5 - y); }

struct PublishedTask {
  const char* name;
  Index relevant;  // the first inputs
  bool (*is_positive)(const double* x, Random& random);
};

inline const std::vector<PublishedTask>& published_kinds() {
  static const std::vector<PublishedTask> all = {
      {"ring", 2, [](const double* x, Random&) { return on_ring(x[0], x[1], 0.1151); }},
      {"xor", 2, [](const double* x, Random&) { return exclusive_or(x[0], x[1]) >= 0; }},
      {"ring+xor", 4,
       [](const double* x, Random&) {
         return on_ring(x[0], x[1], 0.0704) || exclusive_or(x[2], x[3]) >= 0.0337;
       }},
      {"ring+xor+sum", 6,
       [](const double* x, Random& random) {
         const double sum = x[4] + x[5] + std::normal_distribution<double>(0, 0.2)(random);
         return on_ring(x[0], x[1], 0.0479) || exclusive_or(x[2], x[3]) >= 0.0598 || sum >= 1.4074;
       }},
  };
  return all;
}

/// 1,000 samples in six folds, of which the seed's tests and the others train.
inline BenchmarkTask make_published(const PublishedTask& kind, Index inputs) {
  constexpr Index samples = 1000;
  constexpr Index folds = 6;
  const std::string name = std::string(kind.name) + "." + std::to_string(inputs);
  Random random(static_cast<std::uint64_t>(inputs));
  const Eigen::MatrixXd X = uniform(inputs, samples, random).transpose();
  VectorXd y(samples);
  for (Index i = 0; i < samples; ++i) {
    const Eigen::RowVectorXd x = X.row(i).head(kind.relevant);
    y[i] = kind.is_positive(x.data(), random) ? 1 : 0;
  }
  const std::vector<Index> order = any_order(inputs, random);
  const MatrixXd shuffled = 2 * X(Eigen::all, order).array() - 1;
  Flags relevant(inputs);
  for (Index i = 0; i < inputs; ++i)
    relevant[i] = order[static_cast<std::size_t>(i)] < kind.relevant;
  const auto draw = [=](Random& /*random*/, unsigned seed, Index /*training_samples*/) {
    const Index fold = static_cast<Index>(seed - 1) % folds;
    std::vector<Index> rows;
    for (Index i = 0; i < samples; ++i) {
      if (i % folds != fold) rows.push_back(i);
    }
    const auto training = static_cast<Index>(rows.size());
    for (Index i = fold; i < samples; i += folds) rows.push_back(i);
    return split(shuffled(rows, Eigen::all), y(rows), training, samples - training, true);
  };
  return {name,
          kind.name,
          name,
          Half::HeldOut,
          Suite::Published,
          relevant,
          Flags::Constant(inputs, true),
          {},
          {},
          draw};
}

}  // namespace detail

/// With 16 to `most` inputs.
inline std::vector<BenchmarkTask> published_tasks(Index most) {
  std::vector<BenchmarkTask> tasks;
  for (const detail::PublishedTask& kind : detail::published_kinds()) {
    for (Index inputs = 16; inputs <= most; inputs *= 2) {
      tasks.push_back(detail::make_published(kind, inputs));
    }
  }
  return tasks;
}

/// A published result: the share of the true inputs among as many top inputs.
struct PublishedResult {
  std::string method;
  std::string task;  // as in BenchmarkTask::name
  double share;
};

/// \throws std::runtime_error if the file cannot be read.
inline std::vector<PublishedResult> read_published_results(const std::string& path) {
  std::ifstream file(path);
  std::vector<PublishedResult> results;
  std::string line;
  std::getline(file, line);  // names of the columns
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string method, dataset, inputs, share;
    std::getline(cells, method, ',');
    std::getline(cells, dataset, ',');
    std::getline(cells, inputs, ',');
    std::getline(cells, share, ',');
    results.push_back({method, dataset + "." + inputs, std::stod(share)});
  }
  if (results.empty()) throw std::runtime_error(path + " has no results.");
  return results;
}

}  // namespace faithfulness
