// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "viann/viann.hpp"

// A training that is the same, to the bit, on every platform.

inline constexpr int epochs = 8;

/// The layer's weights, by epoch; 0 is before training.
template <int order>
std::vector<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, order>> platform_training() {
  std::uint32_t state = 1;
  std::vector<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, order>> result;
  for (int epoch = 0; epoch <= epochs; ++epoch) {
    auto& weights = result.emplace_back(37, 45);
    for (Eigen::Index feature = 0; feature < weights.rows(); ++feature) {
      for (Eigen::Index unit = 0; unit < weights.cols(); ++unit) {
        state = state * 1664525U + 1013904223U;
        weights(feature, unit) = (state - 2e9) / 3e9;  // sums of these are rounded
      }
    }
  }
  return result;
}

/// Observes an epoch; the weights before training stand for the gradient.
template <typename Hook, typename Training>
void observe(Hook& hook, const Training& training, int epoch) {
  const auto weights = viann::features_by_units(training[static_cast<std::size_t>(epoch)]);
  if constexpr (viann::detail::takes_gradients<Hook>) {
    hook.on_epoch_end(weights, viann::features_by_units(training[0]));
  } else {
    hook.on_epoch_end(weights);
  }
}

/// Calls call(name, hook) with a new hook of every kind.
template <typename Call>
void for_each_named_hook(const Call& call) {
  call("variance", viann::VarianceImportance<>());
  call("variance_float", viann::VarianceImportance<float>());
  call("displacement", viann::DisplacementImportance<>());
  call("displacement_float", viann::DisplacementImportance<float>());
}
