// SPDX-License-Identifier: MIT
//
// save_hooks FILE trains hooks and saves them after every epoch. The files of all platforms are
// equal, if this is compiled with -ffp-contract=off: rounding is then the same everywhere. (Files
// of another platform load, too: tests/save_test.cpp loads those in tests/archives.)

#ifdef WITH_WINDOWS_H
#include <windows.h>  // before everything else, with its macros min and max
#endif

#include <fstream>

#include "training.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  std::ofstream file(argv[1], std::ios::binary);
  const auto training = platform_training<Eigen::ColMajor>();
  for_each_named_hook([&](const char* /*name*/, auto hook) {
    hook.on_train_begin(viann::features_by_units(training[0]));
    for (int epoch = 1; epoch <= epochs; ++epoch) {
      observe(hook, training, epoch);
      viann::save(file, hook);
    }
  });
}
