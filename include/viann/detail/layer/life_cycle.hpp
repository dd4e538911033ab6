// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

#include "viann/detail/text/concat.hpp"
#include "viann/weight_view.hpp"

/// Code that every hook would otherwise repeat. `hook` is the name of a class.

namespace viann::detail {

/// A hook's overloads for weights that do not say which axis is the feature: they do not compile.
struct RefusesBareWeights {
  template <typename Other>
  void on_train_begin(const Other&) {
    refuse_weights_without_axis<Other>();
  }
  template <typename Other>
  void on_epoch_end(const Other&) {
    refuse_weights_without_axis<Other>();
  }
};

/// The name of a type that a state may be kept in.
template <typename Scalar>
constexpr const char* name_of_scalar() {
  return std::is_same_v<Scalar, float>    ? "float"
         : std::is_same_v<Scalar, double> ? "double"
                                          : "long double";
}

/// Refuses `what` before there are enough observations.
/// \throws std::logic_error
inline void require_observations(std::int64_t least, std::int64_t seen, const char* hook,
                                 const char* what) {
  if (seen >= least) return;
  throw std::logic_error(concat(
      "viann::", hook, ": ", what, " takes at least ", least,
      least == 1 ? " observation" : " observations", ", but there ", seen == 1 ? "was " : "were ",
      seen, "; train for more epochs, and call on_epoch_end() after each (callbacks do)."));
}

/// Raw scores after an epoch, refused if one is not finite.
/// \param raw_score  called with every feature's index
/// \throws std::overflow_error
template <typename RawScore>
Eigen::VectorXd finite_raw_scores(Eigen::Index features, const RawScore& raw_score,
                                  const char* hook, std::int64_t epoch) {
  Eigen::VectorXd raw(features);
  for (Eigen::Index feature = 0; feature < features; ++feature) {
    raw[feature] = static_cast<double>(raw_score(feature));
    if (std::isfinite(raw[feature])) continue;
    throw std::overflow_error(
        concat("viann::", hook, ": after epoch ", epoch, " the score of feature ", feature,
               " is too large for a number; the weights have diverged: lower the learning rate."));
  }
  return raw;
}

}  // namespace viann::detail
