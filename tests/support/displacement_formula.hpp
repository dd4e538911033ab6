// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>

#include "support/trajectories.hpp"
#include "viann/displacement_options.hpp"

// What the tests of displacement need: options, trainings, and the formula.

viann::DisplacementImportanceOptions displacement_options(bool remove_decay, bool weigh_directions);

/// Displacement alone.
viann::DisplacementImportanceOptions plain();

viann::DisplacementImportanceOptions without_directions();

/// A random walk under weight decay, in numbers that a float can hold.
Trajectory decaying_walk(Eigen::Index features, Eigen::Index units, std::uint64_t seed,
                         int epochs = 12);

/// raw_scores() of DisplacementImportance for what a hook has seen, spelled out in long double.
/// \param forgotten  the epoch after which directions are measured next, whatever was before
Eigen::VectorXd formula(const Trajectory& trajectory,
                        const viann::DisplacementImportanceOptions& options = {},
                        std::size_t forgotten = 0);
