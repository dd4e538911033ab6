// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <type_traits>
#include <utility>

#include "support/trajectories.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/variance_importance.hpp"
#include "viann/weight_view.hpp"

// What the tests of all hooks need.

#define VIANN_HOOKS viann::VarianceImportance<>, viann::DisplacementImportance<>

/// Lets a hook observe weights of shape features x units, in either memory order.
template <typename Hook>
void observe(Hook& hook, const ColMajorMatrixXd& weights, bool row_major = false) {
  if (row_major) {
    hook.on_epoch_end(viann::features_by_units(RowMajorMatrixXd(weights)));
  } else {
    hook.on_epoch_end(viann::features_by_units(weights));
  }
}

/// A hook that has seen a whole training; trajectory[0] is the start.
template <typename Hook>
Hook trained(const Trajectory& trajectory, Hook hook, bool row_major = false) {
  if (row_major) {
    hook.on_train_begin(viann::features_by_units(RowMajorMatrixXd(trajectory[0])));
  } else {
    hook.on_train_begin(viann::features_by_units(trajectory[0]));
  }
  for (std::size_t t = 1; t < trajectory.size(); ++t) observe(hook, trajectory[t], row_major);
  return hook;
}

template <typename Hook>
Hook trained(const Trajectory& trajectory, bool row_major = false) {
  return trained(trajectory, Hook(), row_major);
}

/// Calls call(hook) with a new hook of every kind.
template <typename Call>
void for_each_hook(const Call& call) {
  call(viann::VarianceImportance<>());
  call(viann::DisplacementImportance<>());
}

/// The name of a hook in its messages.
template <typename Hook>
inline const char* name_of = nullptr;
template <typename Scalar>
inline constexpr const char* name_of<viann::VarianceImportance<Scalar>> =
    "viann::VarianceImportance";
template <typename Scalar>
inline constexpr const char* name_of<viann::DisplacementImportance<Scalar>> =
    "viann::DisplacementImportance";
