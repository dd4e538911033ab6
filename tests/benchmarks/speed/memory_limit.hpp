// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace speed {

/// The memory traffic of one observation and no arithmetic: reads w, mean and M2, writes mean and
/// M2. Integers have the size of the numbers they stand for, with one operation each, so that no
/// compiler omits a read. Always compiled with the best flags, in as many threads as OpenMP has.
///
/// \tparam Weight, State  std::uint32_t or std::uint64_t, State no shorter than Weight.
template <typename Weight, typename State>
void pass_over(const Weight* w, State* mean, State* m2, std::ptrdiff_t size);

/// The traffic if all of w must be checked before any of it is taken in: reads w, and then passes
/// over everything.
template <typename Weight, typename State>
void read_and_pass_over(const Weight* w, State* mean, State* m2, std::ptrdiff_t size);

}  // namespace speed
