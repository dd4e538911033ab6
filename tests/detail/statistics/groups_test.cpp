// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/scores.hpp"

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using viann::detail::features_of_groups;
using Numbers = std::vector<Eigen::Index>;

TEST_CASE("the features of groups, in the order of their numbers") {
  CHECK(features_of_groups({2, 0, 2, 1, 0}, 5, "f") == std::vector<Numbers>{{1, 4}, {3}, {0, 2}});
  CHECK(features_of_groups({0, 0, 0}, 3, "f") == std::vector<Numbers>{{0, 1, 2}});
  CHECK(features_of_groups({}, 0, "f").empty());
}

TEST_CASE("numbers of groups that leave something out are refused, on behalf of a function") {
  const auto refused = [](const Numbers& groups) {
    return message_of<std::invalid_argument>([&] { features_of_groups(groups, 3, "f"); });
  };
  CHECK(contains(refused({0, 0}), "viann::f: there are 2 groups for 3 features; name the group"));
  CHECK(contains(refused({0, 0, 0, 0}), "viann::f: there are 4 groups for 3 features"));
  CHECK(contains(refused({0, 0, -1}), "viann::f: feature 2 is in group -1"));
  CHECK(contains(refused({3, 0, 1}), "viann::f: feature 0 is in group 3"));
  CHECK(contains(refused({2, 0, 0}), "viann::f: no feature is in group 1"));
}
