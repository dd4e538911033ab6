// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace speed {

/// The memory traffic of one observation and no arithmetic: reads w, mean and M2, writes mean and
/// M2. Integers of the size of what they stand for, and of one operation each, so that no compiler
/// leaves out a read. Always compiled with the best flags, in as many threads as OpenMP has.
///
/// \tparam Weight, State  std::uint32_t or std::uint64_t, State no shorter than Weight.
template <typename Weight, typename State>
void pass_over(const Weight* w, State* mean, State* m2, std::ptrdiff_t size);

/// The traffic where all of w must have been looked at before any of it is taken in: reads w, and
/// then passes over all.
template <typename Weight, typename State>
void read_and_pass_over(const Weight* w, State* mean, State* m2, std::ptrdiff_t size);

}  // namespace speed
