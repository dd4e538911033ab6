// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>

// Counts the program's calls of malloc and operator new, which the linker routes through
// allocations.cpp (--wrap; _Znwm is the name of operator new(unsigned long) in object files).

extern std::size_t allocations;
extern std::size_t bytes;
extern std::size_t last_allowed;  // those after it fail

template <typename Call>
std::size_t allocations_in(const Call& call) {
  const std::size_t before = allocations;
  call();
  return allocations - before;
}

/// Whether memory runs out in a call that may allocate this often.
template <typename Call>
bool runs_out(std::size_t allowed, const Call& call) {
  last_allowed = allocations + allowed;
  bool thrown = false;
  try {
    call();
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  last_allowed = static_cast<std::size_t>(-1);
  return thrown;
}
