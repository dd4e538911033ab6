// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/share_mean.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

using viann::detail::mean_of;

TEMPLATE_TEST_CASE("a mean of numbers whose sum is beyond the range", "", double, long double) {
  const TestType most = (std::numeric_limits<TestType>::max)();
  for (const std::size_t n : {1U, 2U, 4U, 8U}) {
    CHECK(mean_of(std::vector<TestType>(n, most).data(), static_cast<Eigen::Index>(n)) == most);
  }
}
