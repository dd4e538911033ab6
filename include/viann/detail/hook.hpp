// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <stdexcept>

#include "viann/detail/checks.hpp"
#include "viann/weight_view.hpp"

/// What the hooks would otherwise each say in the same words. `hook` is the name of a class.

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

/// Refuses to go on with `what` before there were enough observations.
/// \throws std::logic_error
inline void require_observations(std::int64_t least, std::int64_t seen, const char* hook,
                                 const char* what) {
  if (seen >= least) return;
  throw std::logic_error(sentence("viann::", hook, ": ", what, " takes at least ", least,
                                  least == 1 ? " observation" : " observations", ", but there ",
                                  seen == 1 ? "was " : "were ", seen,
                                  "; call on_epoch_end() after every epoch."));
}

/// Raw scores as they were after an epoch, refused if one is no number.
/// \throws std::overflow_error
inline Eigen::VectorXd finite_raw_scores(Eigen::VectorXd raw, const char* hook,
                                         std::int64_t epoch) {
  if (!all_finite<double>(raw)) {
    throw std::overflow_error(sentence(
        "viann::", hook, ": after epoch ", epoch, " the score of feature ",
        first_non_finite<double>(raw).row,
        " is too large for a number; the weights have diverged: lower the learning rate."));
  }
  return raw;
}

}  // namespace viann::detail
