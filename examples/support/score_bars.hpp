// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <iomanip>
#include <iostream>
#include <string>
#include <viann/importance_scores.hpp>

#include "dataset.hpp"

namespace examples {

/// Prints the data's features with a bar each, from the largest score to the least.
inline void print_bars(const Dataset& data, const Eigen::VectorXd& scores) {
  std::size_t width = 0;
  for (const auto& name : data.features) width = std::max(width, name.size() + 2);
  std::cout << "\nImportance of the inputs, from most to least:\n";
  for (const Eigen::Index feature : viann::ranking(scores)) {
    const double score = scores[feature];
    std::cout << "  " << std::left << std::setw(static_cast<int>(width))
              << data.feature_name(feature) << std::fixed << std::setprecision(3) << score << "  "
              << std::string(static_cast<std::size_t>(40 * score + 0.5), '#') << "\n";
  }
}

}  // namespace examples
