// SPDX-License-Identifier: MIT
//
// exchange_archives save FOLDER [boost], on one platform, and exchange_archives load FOLDER
// [boost], on another: a run that was saved after every epoch there goes on here, and ends with the
// bits of a run that was not interrupted. Compile both with -ffp-contract=off: rounding is then the
// same everywhere.

#include <cereal/archives/json.hpp>
#include <cereal/archives/portable_binary.hpp>
#ifdef VIANN_WITH_BOOST
#include <boost/archive/text_iarchive.hpp>
#include <boost/archive/text_oarchive.hpp>
#endif
#include <exception>
#include <fstream>
#include <iostream>

#include "training.hpp"

namespace {

template <typename Output, typename Input>
struct Cereal {
  template <typename Hook>
  static void save(std::ostream& file, const Hook& hook) {
    Output{file}(hook);
  }
  template <typename Hook>
  static void load(std::istream& file, Hook& hook) {
    Input{file}(hook);
  }
};
struct PortableBinary
    : Cereal<cereal::PortableBinaryOutputArchive, cereal::PortableBinaryInputArchive> {
  static constexpr const char* name = "cereal.bin";
};
struct Json : Cereal<cereal::JSONOutputArchive, cereal::JSONInputArchive> {
  static constexpr const char* name = "cereal.json";
};

#ifdef VIANN_WITH_BOOST
struct BoostText {
  static constexpr const char* name = "boost.txt";
  template <typename Hook>
  static void save(std::ostream& file, const Hook& hook) {
    boost::archive::text_oarchive{file} << hook;
  }
  template <typename Hook>
  static void load(std::istream& file, Hook& hook) {
    boost::archive::text_iarchive{file} >> hook;
  }
};
#endif

int files = 0;

/// Trains a hook. Saves it after every epoch, or loads what was saved, and compares.
template <typename Archive, typename Hook>
void exchange(bool saves, const std::string& folder, const char* name, Hook hook) {
  const auto training = platform_training<Eigen::ColMajor>();
  const auto observe = [&](Hook& by, int epoch) {
    by.on_epoch_end(viann::features_by_units(training[static_cast<std::size_t>(epoch)]));
  };
  const auto path = [&](int epoch) {
    return folder + "/" + name + "." + std::to_string(epoch) + "." + Archive::name;
  };
  std::vector<Hook> resumed;
  hook.on_train_begin(viann::features_by_units(training[0]));
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    observe(hook, epoch);
    if (saves) {
      std::ofstream file(path(epoch), std::ios::binary);
      Archive::save(file, hook);
    } else {
      for (Hook& run : resumed) observe(run, epoch);
      std::ifstream file(path(epoch), std::ios::binary);
      Archive::load(file, resumed.emplace_back());
    }
    ++files;
  }
  for (const Hook& run : resumed) {
    if (!(run == hook)) throw std::runtime_error(path(epochs) + ": other bits.");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string command = argc >= 3 ? argv[1] : "";
  const bool with_boost = argc == 4 && argv[3] == std::string("boost");
  if ((command != "save" && command != "load") || argc != (with_boost ? 4 : 3)) {
    throw std::runtime_error("exchange_archives save|load FOLDER [boost]");
  }
  for_each_named_hook([&](const char* name, const auto& hook) {
    exchange<PortableBinary>(command == "save", argv[2], name, hook);
    exchange<Json>(command == "save", argv[2], name, hook);
#ifdef VIANN_WITH_BOOST
    if (with_boost) exchange<BoostText>(command == "save", argv[2], name, hook);
#endif
  });
  std::cout << command << ": " << files << " archives\n";
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
