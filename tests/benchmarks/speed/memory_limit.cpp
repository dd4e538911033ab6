// SPDX-License-Identifier: MIT
#include "memory_limit.hpp"

namespace speed {

namespace {

template <typename Weight, typename State>
void pass(const Weight* w, State* mean, State* m2, std::ptrdiff_t size) {
#ifdef _OPENMP
#pragma omp parallel for simd schedule(static) if (size >= 131072)
#endif
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    const State read = w[i];
    mean[i] ^= read;
    m2[i] ^= read;
  }
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
