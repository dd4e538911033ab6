// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "viann/detail/statistics/scores.hpp"

namespace viann::detail {

/// For every number of hits among `runs`: the chance of so few or fewer if every run is a coin
/// toss.
inline Eigen::VectorXd coin_tosses_at_most(Eigen::Index runs) {
  Eigen::VectorXd chance(runs + 1);
  double log_term = -static_cast<double>(runs) * std::log(2.0);  // 2^-runs may be too small
  double sum = 0;
  for (Eigen::Index hits = 0; hits <= runs; ++hits) {
    sum += std::exp(log_term);
    chance[hits] = (std::min)(1.0, sum);
    if (hits == runs) break;  // the next term is 0, whose logarithm is no number
    log_term += std::log(static_cast<double>(runs - hits) / static_cast<double>(hits + 1));
  }
  return chance;
}

/// P-values that hold for all hypotheses at once, whatever their dependence (S. Holm, Scandinavian
/// Journal of Statistics 6(2), 1979).
inline Eigen::VectorXd holm_adjusted(Eigen::VectorXd p) {
  const std::vector<Eigen::Index> order = descending(p);
  double largest = 0;
  auto hypotheses = static_cast<double>(p.size());  // not yet rejected
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    largest = (std::max)(largest, (std::min)(1.0, hypotheses-- * p[*i]));
    p[*i] = largest;
  }
  return p;
}

}  // namespace viann::detail
