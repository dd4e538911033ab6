// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace speed {

/// The memory traffic of one observation and no arithmetic: reads w, mean and M2, writes mean and
/// M2. Integers of the size of what they stand for, and of one operation each, so that no compiler
/// leaves out a read. Always compiled with the best flags, in as many threads as OpenMP has.
void pass_over(const std::uint32_t* w, std::uint64_t* mean, std::uint64_t* m2, std::ptrdiff_t size);
void pass_over(const std::uint64_t* w, std::uint64_t* mean, std::uint64_t* m2, std::ptrdiff_t size);
void pass_over(const std::uint32_t* w, std::uint32_t* mean, std::uint32_t* m2, std::ptrdiff_t size);

}  // namespace speed
