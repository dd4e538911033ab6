// SPDX-License-Identifier: MIT
#pragma once

#include "viann/fwd.hpp"

namespace viann {

/// The options of DisplacementImportance.
struct DisplacementImportanceOptions {
  /// Whether to remove from a feature's displacement what weight decay alone may have done. Below
  /// DisplacementImportance::min_units_without_decay units, nothing is removed in either case.
  bool remove_decay = true;

  /// Whether to weight movement and final weights by how well they align with the directions in
  /// which all features' weights move together. This is right more often (README). Above
  /// DisplacementImportance::max_units_with_directions units, nothing is weighted in either case,
  /// because directions take memory of units^2.
  bool weigh_directions = true;

  /// Whether all options are the same.
  friend bool operator==(const DisplacementImportanceOptions& a,
                         const DisplacementImportanceOptions& b) {
    return a.remove_decay == b.remove_decay && a.weigh_directions == b.weigh_directions;
  }
};

}  // namespace viann
