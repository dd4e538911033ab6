// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>

// Counts the program's calls of malloc and operator new, which the linker routes through
// allocations.cpp (--wrap; _Znwm is the name of operator new(unsigned long) in object files).

// Functions, because compilers assume that malloc changes no variable of the program.
std::size_t allocations();
std::size_t allocated_bytes();
void set_last_allocation(std::size_t number);  // those after it fail

template <typename Call>
std::size_t allocations_in(const Call& call) {
  const std::size_t before = allocations();
  call();
  return allocations() - before;
}

template <typename Call>
std::size_t bytes_in(const Call& call) {
  const std::size_t before = allocated_bytes();
  call();
  return allocated_bytes() - before;
}

/// Whether memory runs out in a call that may allocate this often.
template <typename Call>
bool runs_out(std::size_t allowed, const Call& call) {
  struct AllowAllAtEnd {
    ~AllowAllAtEnd() { set_last_allocation(static_cast<std::size_t>(-1)); }
  };
  try {
    const AllowAllAtEnd guard;
    set_last_allocation(allocations() + allowed);
    call();
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}
