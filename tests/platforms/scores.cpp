// SPDX-License-Identifier: MIT
//
// Prints the bits of scores, for ci to compare: no macro of Eigen's users may change them. It is no
// Catch2 test, because Catch2 needs RTTI.

#include <cstdio>
#include <cstring>

#include "training.hpp"

namespace {

template <int order, typename Hook>
void print_bits(const char* name, Hook hook) {
  const auto training = platform_training<order>();
  hook.on_train_begin(viann::features_by_units(training[0]));
  for (int epoch = 1; epoch <= epochs; ++epoch) observe(hook, training, epoch);
  std::printf("%s, %s:", name, order == Eigen::RowMajor ? "row-major" : "column-major");
  for (const double score : hook.raw_scores()) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &score, sizeof bits);
    std::printf(" %08lx%08lx", static_cast<unsigned long>(bits >> 32),
                static_cast<unsigned long>(bits & 0xffffffffU));
  }
  std::printf("\n");
}

}  // namespace

int main() {
  for_each_named_hook([](const char* name, const auto& hook) {
    print_bits<Eigen::ColMajor>(name, hook);
    print_bits<Eigen::RowMajor>(name, hook);
  });
  try {  // exceptions are caught without RTTI, too
    viann::VarianceImportance<>().scores();
  } catch (const std::logic_error& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
