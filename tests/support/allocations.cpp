// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"

namespace {
std::size_t count = 0;
std::size_t bytes = 0;
std::size_t last_allowed = static_cast<std::size_t>(-1);
}  // namespace

std::size_t allocations() { return count; }
std::size_t allocated_bytes() { return bytes; }
void set_last_allocation(std::size_t number) { last_allowed = number; }

#define VIANN_COUNT_CALLS(function, parameters, arguments, taken, failure) \
  void* __real_##function parameters;                                      \
  void* __wrap_##function parameters {                                     \
    bytes += taken;                                                        \
    return ++count > last_allowed ? failure : __real_##function arguments; \
  }

extern "C" {
VIANN_COUNT_CALLS(malloc, (std::size_t size), (size), size, nullptr)
VIANN_COUNT_CALLS(calloc, (std::size_t number, std::size_t size), (number, size), number* size,
                  nullptr)
VIANN_COUNT_CALLS(realloc, (void* old, std::size_t size), (old, size), size, nullptr)
VIANN_COUNT_CALLS(_Znwm, (std::size_t size), (size), size, throw std::bad_alloc())
VIANN_COUNT_CALLS(_Znam, (std::size_t size), (size), size, throw std::bad_alloc())
}
