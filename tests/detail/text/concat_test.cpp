// SPDX-License-Identifier: MIT
#include "viann/detail/text/concat.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "support/catch.hpp"

using viann::detail::concat;

TEST_CASE("texts and numbers, one after the other") {
  CHECK(concat() == "");
  CHECK(concat("a", std::string("b"), std::string_view("c")) == "abc");
  CHECK(concat(0, " ", -12, " ", 7U) == "0 -12 7");
  CHECK(concat(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(concat(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("real numbers as a stream writes them") {
  CHECK(concat(1.0, " ", 0.5F, " ", -2.25L) == "1 0.5 -2.25");
  CHECK(concat(1e300) == "1e+300");
  CHECK(concat(123456789.0) == "1.23457e+08");
  CHECK(concat(1e-7) == "1e-07");
  CHECK(concat(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(concat(-std::numeric_limits<float>::infinity()) == "-inf");
  CHECK(concat(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(concat(-std::numeric_limits<long double>::max()).size() > 6);
}
