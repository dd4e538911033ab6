// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "viann/detail/text/concat.hpp"

namespace viann::detail {

/// Returns the features of every group, in ascending order, checked on behalf of a public function.
/// \param groups  by feature: the number of its group, 0, 1, ... without gaps.
inline std::vector<std::vector<Eigen::Index>> features_of_groups(
    const std::vector<Eigen::Index>& groups, Eigen::Index features, const char* function) {
  const auto refuse = [&](const auto&... reason) {
    throw std::invalid_argument(concat("viann::", function, ": ", reason...));
  };
  if (static_cast<Eigen::Index>(groups.size()) != features) {
    refuse(features, " features cannot be in ", groups.size(),
           " groups; name the group of each feature.");
  }
  // No group is beyond n - 1 if n features are in groups without gaps.
  std::vector<std::vector<Eigen::Index>> result;
  for (Eigen::Index feature = 0; feature < features; ++feature) {
    const Eigen::Index group = groups[static_cast<std::size_t>(feature)];
    if (group < 0 || group >= features) {
      refuse("feature ", feature, " is in group ", group,
             "; number the groups 0, 1, ... without gaps.");
    }
    result.resize((std::max)(result.size(), static_cast<std::size_t>(group) + 1));
    result[static_cast<std::size_t>(group)].push_back(feature);
  }
  for (std::size_t group = 0; group < result.size(); ++group) {
    if (result[group].empty()) {
      refuse("no feature is in group ", group, "; number the groups 0, 1, ... without gaps.");
    }
  }
  return result;
}

}  // namespace viann::detail
