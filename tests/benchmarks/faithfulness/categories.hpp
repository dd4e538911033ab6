// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <random>
#include <vector>
#include <viann/importance_scores.hpp>

#include "selection.hpp"

/// How to aggregate the scores of one-hot columns: how often the variable is in its place among six
/// numbers, of which three matter.

namespace faithfulness {

enum class Categories { Noise, AllMatter, OneMatters };

/// \returns by method and aggregation (sum, mean, max): whether a variable of noise is below the
///          numbers that matter, or one that matters above those that do not
inline std::vector<std::array<bool, 3>> place_of_categories(Categories kind, Index categories,
                                                            Index samples, bool standardized,
                                                            std::uint64_t seed) {
  Random random(seed);
  MatrixXd X = MatrixXd::Zero(samples, 6 + categories);
  X.leftCols(6) = detail::normal(samples, 6, random);
  VectorXd effects = detail::normal(categories, 1, random);
  if (kind == Categories::Noise) effects.setZero();
  if (kind == Categories::OneMatters) {
    effects.setZero();
    effects[0] = std::sqrt(static_cast<double>(categories));  // about the variance of the others
  }
  VectorXd y = X.leftCols(3).rowwise().sum() + std::sqrt(3.0) * detail::normal(samples, 1, random);
  for (Index i = 0; i < samples; ++i) {
    const auto category = static_cast<Index>(random() % static_cast<std::uint64_t>(categories));
    X(i, 6 + category) = 1;
    y[i] += effects[category];
  }
  if (standardized) X = examples::standardize(X);
  std::vector<Index> groups = {0, 1, 2, 3, 4, 5};
  groups.resize(static_cast<std::size_t>(X.cols()), 6);
  double seconds = 0;
  std::vector<std::array<bool, 3>> results;
  for (const Scored& method : selection_scores(X, examples::standardize(y), seed, seconds)) {
    results.emplace_back();
    for (const auto how :
         {viann::Aggregation::Sum, viann::Aggregation::Mean, viann::Aggregation::Max}) {
      const VectorXd scores = viann::group_scores(method.scores, groups, how);
      results.back()[static_cast<std::size_t>(how)] =
          kind == Categories::Noise ? scores[6] < scores.head(3).minCoeff()
                                    : scores[6] > scores.segment(3, 3).maxCoeff();
    }
  }
  return results;
}

inline void print_categories(unsigned seeds) {
  std::cout << "Share of samples with the variable in its place, by sum, mean and max\n";
  const std::array<const char*, 3> kinds = {"noise", "all matter", "one matters"};
  const std::array<const char*, 4> methods = {"variance", "5 epochs", "displacement", "gradient"};
  for (const bool standardized : {false, true}) {
    for (const auto kind : {Categories::Noise, Categories::AllMatter, Categories::OneMatters}) {
      for (const Index samples : {200, 1000}) {
        for (const Index categories : {5, 20, 50, 200}) {
          std::array<std::array<double, 3>, 4> shares{};
          for (unsigned seed = 0; seed < seeds; ++seed) {
            const auto results = place_of_categories(kind, categories, samples, standardized, seed);
            for (std::size_t m = 0; m < methods.size(); ++m) {
              for (std::size_t how = 0; how < 3; ++how)
                shares[m][how] += results[m][how] / double(seeds);
            }
          }
          std::cout << (standardized ? "standardised, " : "0 and 1, ")
                    << kinds[static_cast<std::size_t>(kind)] << ", " << samples << " samples, "
                    << categories << " categories:";
          for (std::size_t m = 0; m < methods.size(); ++m) {
            std::cout << "  " << methods[m];
            for (const double share : shares[m]) std::cout << " " << share;
          }
          std::cout << std::endl;
        }
      }
    }
  }
}

}  // namespace faithfulness
