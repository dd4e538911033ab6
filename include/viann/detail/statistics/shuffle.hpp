// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// A number from 0 to bound - 1, all equally likely.
inline std::uint64_t draw_below(std::uint64_t bound, std::mt19937_64& random) {
  // The largest multiple of the bound. Numbers from there on would favour small remainders.
  const std::uint64_t end = (std::mt19937_64::max)() - (std::mt19937_64::max)() % bound;
  std::uint64_t drawn = random();
  while (drawn >= end) drawn = random();
  return drawn % bound;
}

/// Puts a random-access range into an order drawn from all orders (R. Durstenfeld, Algorithm 235:
/// Random permutation, Communications of the ACM 7(7), 1964). The standard fixes the numbers of an
/// engine, but not what std::shuffle and std::uniform_int_distribution do with them. Here a seed
/// gives the same order with every standard library.
template <typename Iterator>
void shuffle(Iterator begin, Iterator end, std::mt19937_64& random) {
  for (auto rest = end - begin; rest > 1; --rest) {
    const auto drawn = draw_below(static_cast<std::uint64_t>(rest), random);
    std::iter_swap(begin + (rest - 1), begin + static_cast<decltype(rest)>(drawn));
  }
}

}  // namespace viann::detail
