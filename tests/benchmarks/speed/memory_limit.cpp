// SPDX-License-Identifier: MIT
#include "memory_limit.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace speed {

namespace {

template <typename Weight, typename State>
void pass_in_one_thread(const Weight* w, State* mean, State* m2, std::ptrdiff_t size) {
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    const State read = w[i];
    mean[i] ^= read;
    m2[i] ^= read;
  }
}

template <typename Weight, typename State>
void pass(const Weight* w, State* mean, State* m2, std::ptrdiff_t size) {
#ifdef _OPENMP
  // Not an if clause of the pragma, which takes microseconds to say no.
  if (const int threads = omp_get_max_threads(); threads > 1 && size >= 131072) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int part = 0; part < threads; ++part) {
      const std::ptrdiff_t begin = size / threads * part;
      const std::ptrdiff_t end = part + 1 < threads ? begin + size / threads : size;
      pass_in_one_thread(w + begin, mean + begin, m2 + begin, end - begin);
    }
    return;
  }
#endif
  pass_in_one_thread(w, mean, m2, size);
}

}  // namespace

void pass_over(const std::uint32_t* w, std::uint64_t* mean, std::uint64_t* m2,
               std::ptrdiff_t size) {
  pass(w, mean, m2, size);
}
void pass_over(const std::uint64_t* w, std::uint64_t* mean, std::uint64_t* m2,
               std::ptrdiff_t size) {
  pass(w, mean, m2, size);
}
void pass_over(const std::uint32_t* w, std::uint32_t* mean, std::uint32_t* m2,
               std::ptrdiff_t size) {
  pass(w, mean, m2, size);
}

}  // namespace speed
