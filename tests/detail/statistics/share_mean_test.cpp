// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/share_mean.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using viann::detail::part_of_mean;
using viann::detail::ShareMean;

TEST_CASE("a weighted mean of shares, over the epochs that have some") {
  ShareMean<double> mean;
  mean.start(2);
  const auto add = [&](const std::vector<double>& x, double weight) {
    mean.add(x.data(), weight, part_of_mean(x.data(), 2, 2), 2);
  };
  CHECK(mean.empty());
  CHECK(mean(0) == 0);
  add({3, 1}, 1);
  CHECK_FALSE(mean.empty());
  CHECK(mean(0) == 0.75);
  CHECK(mean(1) == 0.25);
  add({0, 0}, 100);
  CHECK(mean(0) == 0.75);
  add({0, 5}, 0.5);
  CHECK(mean(0) == Approx(0.5).epsilon(1e-15));
  CHECK(mean(1) == Approx(0.5).epsilon(1e-15));
  ShareMean<double> finite = mean;
  add({1, infinity}, 1);
  CHECK_FALSE(std::isfinite(mean(1)));
  const std::vector<double> nan = {1, not_a_number};
  finite.add(nan.data(), 1, not_a_number, 2);
  CHECK(std::isfinite(finite(0)));
  CHECK_FALSE(std::isfinite(finite(1)));
}

TEST_CASE("shares of features that are a part of all") {
  ShareMean<double> first, last;
  first.start(1);
  last.start(2);
  const std::vector<double> x = {2, 5, 1};
  const double mean = part_of_mean(x.data(), 1, 3) + part_of_mean(x.data() + 1, 2, 3);
  first.add(x.data(), 1, mean, 3);
  last.add(x.data() + 1, 1, mean, 3);
  CHECK(first(0) == Approx(0.25));
  CHECK(last(0) == Approx(0.625));
  CHECK(last(1) == Approx(0.125));
}

TEMPLATE_TEST_CASE("a mean of numbers whose sum is beyond the range", "", double, long double) {
  const TestType most = (std::numeric_limits<TestType>::max)();
  for (const Eigen::Index n : {1, 2, 4, 8}) {
    const std::vector<TestType> x(static_cast<std::size_t>(n), most);
    CHECK(part_of_mean(x.data(), n, n) == most);
  }
}
