// SPDX-License-Identifier: MIT
//
// Saving and loading with cereal and Boost.Serialization: VIANN_WITH_CEREAL and VIANN_WITH_BOOST
// say which. tests/save_test.cpp has what does not depend on them.
#include <cstddef>
#include <exception>
#include <fstream>
#include <limits>
#include <locale>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

#ifdef VIANN_WITH_CEREAL
#include <cereal/archives/binary.hpp>
#include <cereal/archives/json.hpp>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/archives/xml.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/vector.hpp>
#endif
#ifdef VIANN_WITH_BOOST
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/archive/text_iarchive.hpp>
#include <boost/archive/text_oarchive.hpp>
#include <boost/serialization/unique_ptr.hpp>
#include <boost/serialization/vector.hpp>
#endif

using viann::DisplacementImportance;
using viann::ScoreHistory;
using viann::VarianceImportance;
using viann::WelfordAccumulator;

namespace {

/// The bytes that a test may change without the library itself crashing or taking all memory before
/// viann can check: cereal 1.3.2 reads missing XML elements, Boost 1.74 believes the lengths in the
/// header of a binary archive.
enum class Change { AnyByte, NumbersOnly, DigitsOnly };

template <typename Saving, typename Loading, bool is_text, Change may_change = Change::AnyByte>
struct LibraryArchive {
  static constexpr bool text = is_text;
  static constexpr Change change = may_change;
  template <typename T>
  static std::string save(const T& object) {
    std::ostringstream stream;
    stream.imbue(std::locale::classic());
    {
      Saving archive(stream);
      archive& object;
    }  // text is complete when the archive is gone
    return stream.str();
  }
  template <typename T>
  static void load(T& object, const std::string& saved) {
    std::istringstream stream(saved);
    stream.imbue(std::locale::classic());
    Loading archive(stream);
    archive& object;
  }
};

#ifdef VIANN_WITH_CEREAL
using CerealBinary = LibraryArchive<cereal::BinaryOutputArchive, cereal::BinaryInputArchive, false>;
using CerealPortable =
    LibraryArchive<cereal::PortableBinaryOutputArchive, cereal::PortableBinaryInputArchive, false>;
using CerealJson = LibraryArchive<cereal::JSONOutputArchive, cereal::JSONInputArchive, true>;
using CerealXml =
    LibraryArchive<cereal::XMLOutputArchive, cereal::XMLInputArchive, true, Change::DigitsOnly>;
#define VIANN_CEREAL CerealBinary, CerealPortable, CerealJson, CerealXml
#endif
#ifdef VIANN_WITH_BOOST
using BoostBinary = LibraryArchive<boost::archive::binary_oarchive, boost::archive::binary_iarchive,
                                   false, Change::NumbersOnly>;
using BoostText =
    LibraryArchive<boost::archive::text_oarchive, boost::archive::text_iarchive, true>;
#define VIANN_BOOST BoostBinary, BoostText
#endif
#if defined(VIANN_WITH_CEREAL) && defined(VIANN_WITH_BOOST)
#define VIANN_ARCHIVES VIANN_CEREAL, VIANN_BOOST
#elif defined(VIANN_WITH_CEREAL)
#define VIANN_ARCHIVES VIANN_CEREAL
#else
#define VIANN_ARCHIVES VIANN_BOOST
#endif

/// A program's own state, with viann's in it.
struct Checkpoint {
  VarianceImportance<> importance;
  std::vector<DisplacementImportance<float>> displacements;
  std::unique_ptr<WelfordAccumulator<>> accumulator;

  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    archive& importance& displacements& accumulator;
  }
};

template <typename Hook>
Hook small_hook() {
  return trained<Hook>(random_walk(2, 1, 3, 5));
}

}  // namespace

TEMPLATE_TEST_CASE("numbers come back to the bit", "", VIANN_ARCHIVES) {
  const auto check = [](const auto& object) {
    std::decay_t<decltype(object)> loaded;
    TestType::load(loaded, TestType::save(object));
    CHECK(TestType::save(loaded) == TestType::save(object));
    return loaded;
  };
  using Limits = std::numeric_limits<double>;
  Trajectory walk = random_walk(300, 20, 4, 107);
  walk[0].row(0) *= 1e-300;
  walk[0].topLeftCorner(1, 5) << Limits::min(), Limits::denorm_min(), Limits::max(), -0.0, 1;
  const auto check_hooks = [&](auto scalar) {
    using Scalar = decltype(scalar);
    DisplacementImportance<Scalar> begun;
    begun.on_train_begin(
        viann::features_by_units(std::is_same_v<Scalar, float> ? walk[1] : walk[0]));
    CHECK(check(begun) == begun);
    const auto displacement = trained<DisplacementImportance<Scalar>>({walk[1], walk[2], walk[3]});
    const auto variance = trained<VarianceImportance<Scalar>>({walk[1], walk[2], walk[3]});
    CHECK(check(displacement) == displacement);
    CHECK(check(variance) == variance);
  };
  check_hooks(double());
  check_hooks(float());
  check(VarianceImportance<>());
  ScoreHistory history;
  for (int epoch = 1; epoch <= 7; ++epoch) history.add(epoch, Eigen::Vector3d(1, epoch, 3));
  CHECK(check(history).settled_since() == history.settled_since());
}

namespace {

/// Digits in groups, as in many countries.
struct Grouping : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  char do_decimal_point() const override { return ','; }
  std::string do_grouping() const override { return "\3"; }
};

}  // namespace

TEMPLATE_TEST_CASE("what is saved in another locale loads or is refused", "", VIANN_ARCHIVES) {
  const auto hook = trained<VarianceImportance<>>(random_walk(3, 2, 3, 107));
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
  const std::string saved = TestType::save(hook);
  std::locale::global(before);
  VarianceImportance<> loaded;
  try {
    TestType::load(loaded, saved);
    CHECK(loaded == hook);
  } catch (const std::runtime_error&) {
    CHECK(loaded == VarianceImportance<>());
    CHECK(TestType::change == Change::DigitsOnly);  // cereal's XML, whose stream is its own
  }
}

TEMPLATE_TEST_CASE("hooks may be parts of what is saved", "", VIANN_ARCHIVES) {
  Checkpoint checkpoint;
  checkpoint.importance = small_hook<VarianceImportance<>>();
  checkpoint.displacements.resize(3);
  checkpoint.displacements[1] = small_hook<DisplacementImportance<float>>();
  checkpoint.accumulator = std::make_unique<WelfordAccumulator<>>();
  (*checkpoint.accumulator)(Eigen::Vector3d(1, 2, 3));
  Checkpoint loaded;
  TestType::load(loaded, TestType::save(checkpoint));
  CHECK(loaded.importance == checkpoint.importance);
  CHECK(loaded.displacements == checkpoint.displacements);
  REQUIRE(loaded.accumulator);
  CHECK(*loaded.accumulator == *checkpoint.accumulator);
}

TEMPLATE_TEST_CASE("an archive that was cut at any byte is refused and changes nothing", "",
                   VIANN_ARCHIVES) {
  const auto hook = small_hook<VarianceImportance<>>();
  const std::string saved = TestType::save(hook);
  VarianceImportance<> loaded;
  for (std::size_t size = 0; size < saved.size(); ++size) {
    try {
      TestType::load(loaded, saved.substr(0, size));
      // In a text archive, what follows the last number may be missing.
      INFO("cut at byte " << size << " of " << saved.size());
      REQUIRE(TestType::text);
      REQUIRE(loaded == hook);
      loaded = VarianceImportance<>();
    } catch (const std::exception&) {
      REQUIRE(loaded == VarianceImportance<>());
    }
  }
}

TEMPLATE_TEST_CASE("an archive of which a byte was changed is refused, or loads the same", "",
                   VIANN_ARCHIVES) {
  const auto hook = small_hook<VarianceImportance<>>();
  const std::string saved = TestType::save(hook);
  std::size_t first = 0;
  if (TestType::change == Change::NumbersOnly) {
    std::ostringstream tag;
    viann::save(tag, hook);
    first = saved.find(tag.str().substr(0, 8));
    REQUIRE(first != std::string::npos);
  }
  VarianceImportance<> loaded;
  std::size_t refused = 0;
  for (std::size_t i = first; i < saved.size(); ++i) {
    for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string damaged = saved;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
      if (TestType::change == Change::DigitsOnly && !(is_digit(saved[i]) && is_digit(damaged[i]))) {
        continue;
      }
      INFO("byte " << i << " ^ " << change);
      try {
        TestType::load(loaded, damaged);
        REQUIRE(loaded == hook);
        loaded = VarianceImportance<>();
      } catch (const std::exception&) {
        REQUIRE(loaded == VarianceImportance<>());
        ++refused;
      }
    }
  }
  CHECK(refused > saved.size() / 5);
}

TEMPLATE_TEST_CASE("a refusal by the library comes as a sentence of viann's", "", VIANN_ARCHIVES) {
  const auto hook = small_hook<VarianceImportance<>>();
  DisplacementImportance<> other;
  CHECK(
      contains(message_of<std::runtime_error>([&] { TestType::load(other, TestType::save(hook)); }),
               "viann::DisplacementImportance: the archive is damaged, or was not written by a"));
  if (TestType::text) return;  // a part of it is refused before anything is loaded
  const std::string saved = TestType::save(hook);
  CHECK(contains(message_of<std::runtime_error>(
                     [&] { TestType::load(other, saved.substr(0, saved.size() - 100)); }),
                 "viann::DisplacementImportance: the archive is "));
  VarianceImportance<> loaded;
  CHECK(contains(message_of<std::runtime_error>(
                     [&] { TestType::load(loaded, saved.substr(0, saved.size() - 5)); }),
                 "viann::VarianceImportance: the archive is cut short or damaged ("));
}

// As in tests/save_test.cpp, with what the libraries put around viann's numbers.
namespace {

#ifdef VIANN_WITH_CEREAL
std::string frozen_name(CerealPortable) { return "cereal.bin"; }
std::string frozen_name(CerealJson) { return "cereal.json"; }
#endif
#ifdef VIANN_WITH_BOOST
std::string frozen_name(BoostText) { return "boost.txt"; }
#endif

template <typename Archive>
std::string frozen_file() {
  return VIANN_ARCHIVES_DIR "/variance_importance." + frozen_name(Archive());
}
VarianceImportance<> frozen_hook() {
  const Eigen::MatrixXd start = (Eigen::MatrixXd(2, 1) << 1, 2).finished();
  return trained<VarianceImportance<>>({start, 2 * start, -start});
}

}  // namespace

#if defined(VIANN_WITH_CEREAL) && defined(VIANN_WITH_BOOST)
#define VIANN_FROZEN CerealPortable, CerealJson, BoostText
#elif defined(VIANN_WITH_CEREAL)
#define VIANN_FROZEN CerealPortable, CerealJson
#else
#define VIANN_FROZEN BoostText
#endif

TEMPLATE_TEST_CASE("frozen archives can be loaded", "", VIANN_FROZEN) {
  std::stringstream bytes;
  bytes << std::ifstream(frozen_file<TestType>(), std::ios::binary).rdbuf();
  VarianceImportance<> loaded;
  TestType::load(loaded, bytes.str());
  CHECK(loaded == frozen_hook());
}

TEMPLATE_TEST_CASE("frozen archives are written", "[.record]", VIANN_FROZEN) {
  CHECK(std::ofstream(frozen_file<TestType>(), std::ios::binary) << TestType::save(frozen_hook()));
}
