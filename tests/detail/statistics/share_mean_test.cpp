// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/share_mean.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using viann::detail::ShareMean;

TEST_CASE("a weighted mean of shares, over the epochs that have some") {
  ShareMean<double> mean;
  mean.start(2);
  CHECK(mean.empty());
  CHECK(mean(0) == 0);
  const std::vector<double> first = {3, 1}, none = {0, 0}, third = {0, 5};
  mean.add(first.data(), 1);
  CHECK_FALSE(mean.empty());
  CHECK(mean(0) == 0.75);
  CHECK(mean(1) == 0.25);
  mean.add(none.data(), 100);
  CHECK(mean(0) == 0.75);
  mean.add(third.data(), 0.5);
  CHECK(mean(0) == Approx(0.5).epsilon(1e-15));
  CHECK(mean(1) == Approx(0.5).epsilon(1e-15));
  const std::vector<double> infinite = {1, std::numeric_limits<double>::infinity()};
  mean.add(infinite.data(), 1);
  CHECK_FALSE(std::isfinite(mean(1)));
}
