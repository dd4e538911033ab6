// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

double largest_share();  // uses_all_headers.cpp

TEST_CASE("what uses all headers links and runs") { CHECK(largest_share() == 0.5); }
