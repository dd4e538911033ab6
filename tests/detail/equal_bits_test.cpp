// SPDX-License-Identifier: MIT
#include "viann/detail/equal_bits.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

using viann::detail::all_equal_bits;
using viann::detail::equal_bits;

TEST_CASE("numbers are equal to the bit if sign and NaN are, too") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(equal_bits(1.5, 1.5));
  CHECK_FALSE(equal_bits(1.5, -1.5));
  CHECK_FALSE(equal_bits(0.0, -0.0));
  CHECK(equal_bits(-0.0, -0.0));
  CHECK(equal_bits(nan, nan));
  CHECK_FALSE(equal_bits(nan, 1.0));
  CHECK_FALSE(equal_bits(1.0, nan));
  CHECK(equal_bits(1.0L, 1.0L));
  using Numbers = std::vector<double>;
  CHECK(all_equal_bits(Numbers{1, nan}, Numbers{1, nan}));
  CHECK_FALSE(all_equal_bits(Numbers{1, 2}, Numbers{1, 3}));
  CHECK_FALSE(all_equal_bits(Numbers{1, 2}, Numbers{1}));
  CHECK_FALSE(all_equal_bits(Numbers{1}, Numbers{1, 2}));
  CHECK(all_equal_bits(Numbers{}, Numbers{}));
}
