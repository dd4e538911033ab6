// SPDX-License-Identifier: MIT
#include "viann/detail/kernels/lane_sum.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

TEMPLATE_TEST_CASE("a number that is not finite is found wherever it is", "", float, double,
                   long double) {
  using Limits = std::numeric_limits<TestType>;
  for (const TestType bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    for (const std::size_t length : {1U, 7U, 8U, 9U, 40U}) {
      std::vector<TestType> numbers(length, Limits::max());
      const auto n = static_cast<Eigen::Index>(length);
      CAPTURE(length, bad);
      REQUIRE(viann::detail::all_finite(numbers.data(), n));
      for (TestType& number : numbers) {
        number = bad;
        REQUIRE_FALSE(viann::detail::all_finite(numbers.data(), n));
        number = -Limits::denorm_min();
      }
    }
  }
  CHECK(viann::detail::all_finite<TestType>(nullptr, 0));
}
