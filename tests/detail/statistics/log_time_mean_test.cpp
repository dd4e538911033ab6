// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/log_time_mean.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using viann::detail::is_harmonic;
using viann::detail::LogTimeMean;

TEST_CASE("a mean of shares over the logarithm of time") {
  LogTimeMean<double> mean;
  mean.start(2);
  CHECK(mean(0) == 0);
  const std::vector<double> first = {3, 1}, third = {0, 5};
  mean.next_epoch(1);
  mean.add(first.data());
  CHECK(mean(0) == 0.75);
  CHECK(mean(1) == 0.25);
  // The second epoch has no shares: its weight is the third's, and until then the mean stays.
  mean.next_epoch(2);
  CHECK(mean.pending() == 0.5);
  CHECK(mean(0) == 0.75);
  mean.next_epoch(3);
  mean.add(third.data());
  CHECK(mean.pending() == 0);
  CHECK(mean(0) == Approx(0.75 / (1 + 1. / 2 + 1. / 3)).epsilon(1e-15));
  CHECK(mean(0) + mean(1) == Approx(1).epsilon(1e-15));
  CHECK(mean.is_possible(3));
  CHECK_FALSE(mean.is_possible(300));
}

TEST_CASE("means before the first shares are 0") {
  LogTimeMean<double> mean;
  mean.start(1);
  mean.next_epoch(1);
  CHECK(mean(0) == 0);
  const double nothing = 0;
  mean.add(&nothing);
  CHECK(mean(0) == 0);
}

TEST_CASE("harmonic numbers, up to rounding") {
  double sum = 0;
  CHECK(is_harmonic(sum, 0));
  CHECK_FALSE(is_harmonic(1e-9, 0));
  for (int n = 1; n <= 1000; ++n) {
    sum += 1. / n;
    CHECK(is_harmonic(sum, n));
  }
  CHECK_FALSE(is_harmonic(sum, 2800));
  CHECK_FALSE(is_harmonic(sum, -1));
  CHECK_FALSE(is_harmonic(std::numeric_limits<double>::quiet_NaN(), 1000));
}
