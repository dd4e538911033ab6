// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "support/trajectories.hpp"
#include "viann/displacement_importance.hpp"

// What the tests of displacement need: options, trainings, and the formula.

/// Decay stays in.
viann::DisplacementImportanceOptions with_decay();

/// A random walk under weight decay, in numbers that a float can hold.
Trajectory decaying_walk(Eigen::Index features, Eigen::Index units, std::uint64_t seed,
                         int epochs = 12);

/// raw_scores() of DisplacementImportance for what a hook has seen, spelled out in long double.
/// \param gradients  by epoch, from 1; empty matrices, or none at the end, where none was given
Eigen::VectorXd formula(const Trajectory& trajectory, const Trajectory& gradients = {},
                        const viann::DisplacementImportanceOptions& options = {});

/// A hook that has seen the first feature alone, with the weights as gradients: one share is 1, and
/// nothing rounds differently on any platform.
viann::DisplacementImportance<> one_feature(const Trajectory& trajectory);
