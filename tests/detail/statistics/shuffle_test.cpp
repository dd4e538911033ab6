// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/shuffle.hpp"

#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "support/catch.hpp"

using viann::detail::draw_below;
using viann::detail::shuffle;

TEST_CASE("a seed gives the same order with every standard library") {
  std::array<int, 10> order{};
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(1);
  shuffle(order.begin(), order.end(), random);
  CHECK(order == std::array<int, 10>{1, 7, 3, 9, 4, 0, 5, 2, 6, 8});
}

TEST_CASE("all orders are equally likely") {
  std::mt19937_64 random(3);
  std::map<std::array<char, 4>, int> seen;
  const int draws = 24000;
  for (int draw = 0; draw < draws; ++draw) {
    std::array<char, 4> order{'a', 'b', 'c', 'd'};
    shuffle(order.begin(), order.end(), random);
    ++seen[order];
  }
  REQUIRE(seen.size() == 24);
  double chi_squared = 0;
  for (const auto& [order, count] : seen) chi_squared += (count - 1000) * (count - 1000) / 1000.0;
  CHECK(chi_squared < 49.73);  // 23 degrees of freedom: exceeded by one seed in 1000
}

TEST_CASE("numbers below a bound are equally likely, also where the engine's range does not fit") {
  std::mt19937_64 random(4);
  // Three quarters of the engine's range: without a second draw, the lowest third would occur twice
  // as often as the rest.
  const std::uint64_t bound = std::uint64_t{3} << 62;
  int lowest_third = 0;
  const int draws = 9000;
  for (int draw = 0; draw < draws; ++draw) lowest_third += draw_below(bound, random) < bound / 3;
  CHECK(std::abs(lowest_third - draws / 3) < 4 * std::sqrt(draws * 2.0 / 9));
  CHECK(draw_below(1, random) == 0);
}

TEST_CASE("nothing and one thing stay as they are, without a draw") {
  std::mt19937_64 random(5);
  std::vector<int> nothing;
  std::vector<int> one{7};
  shuffle(nothing.begin(), nothing.end(), random);
  shuffle(one.begin(), one.end(), random);
  CHECK(one == std::vector<int>{7});
  CHECK(random == std::mt19937_64(5));
}
