// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/scores.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

using viann::detail::descending;
using viann::detail::kth_largest;
using Order = std::vector<Eigen::Index>;

TEST_CASE("from the highest score to the lowest, NaN after minus infinity") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  Eigen::VectorXd scores(7);
  scores << -inf, missing, 2, inf, -1, missing, 3;
  CHECK(descending(scores) == Order{3, 6, 2, 4, 0, 1, 5});
  CHECK(descending(Eigen::VectorXd()).empty());
}

TEST_CASE("ties keep their order, however many they are") {
  const Eigen::Vector3d repeated(0, 1, std::numeric_limits<double>::quiet_NaN());
  const Eigen::VectorXd scores = repeated.replicate(333, 1);
  Order expected;
  for (const Eigen::Index remainder : {1, 0, 2}) {
    for (Eigen::Index i = remainder; i < 999; i += 3) expected.push_back(i);
  }
  CHECK(descending(scores) == expected);
  CHECK(descending(Eigen::Vector3d(0.0, -0.0, 0.0)) == Order{0, 1, 2});
}

TEST_CASE("the k-th largest, with ties counted one by one") {
  const Eigen::VectorXd scores = (Eigen::VectorXd(5) << 4, 7, 4, -1, 7).finished();
  Eigen::VectorXd found(5);
  for (Eigen::Index k = 1; k <= 5; ++k) found[k - 1] = kth_largest(scores, k);
  CHECK(found == (Eigen::VectorXd(5) << 7, 7, 4, 4, -1).finished());
}
