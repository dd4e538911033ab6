// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"

std::size_t allocations = 0;
std::size_t bytes = 0;
std::size_t last_allowed = static_cast<std::size_t>(-1);

#define VIANN_COUNT_CALLS(function, parameters, arguments, taken, failure)       \
  void* __real_##function parameters;                                            \
  void* __wrap_##function parameters {                                           \
    bytes += taken;                                                              \
    return ++allocations > last_allowed ? failure : __real_##function arguments; \
  }

extern "C" {
VIANN_COUNT_CALLS(malloc, (std::size_t size), (size), size, nullptr)
VIANN_COUNT_CALLS(calloc, (std::size_t count, std::size_t size), (count, size), count* size,
                  nullptr)
VIANN_COUNT_CALLS(realloc, (void* old, std::size_t size), (old, size), size, nullptr)
VIANN_COUNT_CALLS(_Znwm, (std::size_t size), (size), size, throw std::bad_alloc())
VIANN_COUNT_CALLS(_Znam, (std::size_t size), (size), size, throw std::bad_alloc())
}
