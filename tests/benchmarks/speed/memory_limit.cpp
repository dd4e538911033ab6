// SPDX-License-Identifier: MIT
#include "memory_limit.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace speed {

namespace {

// Calls body(begin, end) for the whole range, in parts if there are threads.
template <typename Body>
void in_parts(std::ptrdiff_t size, const Body& body) {
#ifdef _OPENMP
  // An if clause of the pragma would take microseconds.
  if (const int threads = omp_get_max_threads(); threads > 1 && size >= 131072) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int part = 0; part < threads; ++part) {
      const std::ptrdiff_t begin = size / threads * part;
      body(begin, part + 1 < threads ? begin + size / threads : size);
    }
    return;
  }
#endif
  body(std::ptrdiff_t{0}, size);
}

}  // namespace

template <typename Weight, typename State>
void pass_over(const Weight* w, State* mean, State* m2, std::ptrdiff_t size) {
  in_parts(size, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      const State read = w[i];
      mean[i] ^= read;
      m2[i] ^= read;
    }
  });
}

template <typename Weight, typename State>
void read_and_pass_over(const Weight* w, State* mean, State* m2, std::ptrdiff_t size) {
  in_parts(size, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    Weight read = 0;
    for (std::ptrdiff_t i = begin; i < end; ++i) read ^= w[i];
    [[maybe_unused]] volatile Weight kept = read;
  });
  pass_over(w, mean, m2, size);
}

template void pass_over(const std::uint64_t*, std::uint64_t*, std::uint64_t*, std::ptrdiff_t);
template void pass_over(const std::uint32_t*, std::uint64_t*, std::uint64_t*, std::ptrdiff_t);
template void pass_over(const std::uint32_t*, std::uint32_t*, std::uint32_t*, std::ptrdiff_t);
template void read_and_pass_over(const std::uint64_t*, std::uint64_t*, std::uint64_t*,
                                 std::ptrdiff_t);
template void read_and_pass_over(const std::uint32_t*, std::uint64_t*, std::uint64_t*,
                                 std::ptrdiff_t);
template void read_and_pass_over(const std::uint32_t*, std::uint32_t*, std::uint32_t*,
                                 std::ptrdiff_t);

}  // namespace speed
