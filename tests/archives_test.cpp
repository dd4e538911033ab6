// SPDX-License-Identifier: MIT
//
// Saving and loading with the real libraries: VIANN_WITH_CEREAL and VIANN_WITH_BOOST say which.
#include <cstddef>
#include <cstring>
#include <exception>
#include <fstream>
#include <locale>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/displacement_formula.hpp"
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
enum class Change { AnyByte, WordsOnly, DigitsOnly };

template <typename Saving, typename Loading, bool is_text, Change may_change = Change::AnyByte>
struct CerealArchive {
  static constexpr bool text = is_text;
  static constexpr Change change = may_change;
  template <typename T>
  static std::string save(const T& object) {
    std::ostringstream stream;
    {
      Saving archive(stream);
      archive(object);
    }  // text is complete when the archive is gone
    return stream.str();
  }
  template <typename T>
  static void load(T& object, const std::string& saved) {
    std::istringstream stream(saved);
    Loading archive(stream);
    archive(object);
  }
};

template <typename Saving, typename Loading, bool is_text, Change may_change = Change::AnyByte>
struct BoostArchive {
  static constexpr bool text = is_text;
  static constexpr Change change = may_change;
  template <typename T>
  static std::string save(const T& object) {
    std::ostringstream stream;
    {
      Saving archive(stream);
      archive << object;
    }
    return stream.str();
  }
  template <typename T>
  static void load(T& object, const std::string& saved) {
    std::istringstream stream(saved);
    Loading archive(stream);
    archive >> object;
  }
};

#ifdef VIANN_WITH_CEREAL
using CerealBinary = CerealArchive<cereal::BinaryOutputArchive, cereal::BinaryInputArchive, false>;
using CerealPortable =
    CerealArchive<cereal::PortableBinaryOutputArchive, cereal::PortableBinaryInputArchive, false>;
using CerealJson = CerealArchive<cereal::JSONOutputArchive, cereal::JSONInputArchive, true>;
using CerealXml =
    CerealArchive<cereal::XMLOutputArchive, cereal::XMLInputArchive, true, Change::DigitsOnly>;
#define VIANN_CEREAL CerealBinary, CerealPortable, CerealJson, CerealXml
#endif
#ifdef VIANN_WITH_BOOST
using BoostBinary = BoostArchive<boost::archive::binary_oarchive, boost::archive::binary_iarchive,
                                 false, Change::WordsOnly>;
using BoostText = BoostArchive<boost::archive::text_oarchive, boost::archive::text_iarchive, true>;
#define VIANN_BOOST BoostBinary, BoostText
#endif
#if defined(VIANN_WITH_CEREAL) && defined(VIANN_WITH_BOOST)
#define VIANN_ARCHIVES VIANN_CEREAL, VIANN_BOOST
#elif defined(VIANN_WITH_CEREAL)
#define VIANN_ARCHIVES VIANN_CEREAL
#else
#define VIANN_ARCHIVES VIANN_BOOST
#endif

/// A walk whose numbers use all their digits, and whose squares are small.
Trajectory long_numbers(int units) {
  Trajectory trajectory = random_walk(3, units, 6, 107);
  for (auto& weights : trajectory) weights.row(1) *= 1e-150;
  return trajectory;
}

/// Interrupts a training after every epoch, and goes on with the loaded hook.
template <typename Archive, typename Hook>
void check_interrupted(Hook straight, const Trajectory& trajectory, bool row_major) {
  Hook resumed;
  Archive::load(resumed, Archive::save(straight));
  CHECK(resumed == straight);
  straight = trained<Hook>({trajectory[0]}, straight, row_major);
  for (const auto& weights : trajectory) {
    Hook loaded;
    Archive::load(loaded, Archive::save(straight));
    CHECK(loaded == straight);
    resumed = std::move(loaded);
    observe(straight, weights, row_major);
    observe(resumed, weights, row_major);
    CHECK(resumed == straight);
  }
  CHECK(resumed.raw_scores() == straight.raw_scores());
  CHECK(resumed.scores() == straight.scores());
}

template <typename Archive, typename Scalar>
void check_all_interrupted() {
  for (const bool row_major : {false, true}) {
    for (const int units : {4, 20}) {
      const auto trajectory = long_numbers(units);
      check_interrupted<Archive>(VarianceImportance<Scalar>(), trajectory, row_major);
      check_interrupted<Archive>(DisplacementImportance<Scalar>(), trajectory, row_major);
      viann::VarianceImportanceOptions options;
      options.combination = viann::ScoreCombination::Variance;
      options.observe_initial_weights = true;
      options.max_epochs = 3;
      check_interrupted<Archive>(VarianceImportance<Scalar>(options), trajectory, row_major);
      viann::DisplacementImportanceOptions plain;
      plain.remove_decay = false;
      check_interrupted<Archive>(DisplacementImportance<Scalar>(plain), trajectory, row_major);
    }
  }
  WelfordAccumulator<Scalar> straight, resumed;
  for (const auto& weights : long_numbers(5)) {
    straight(weights);
    Archive::load(resumed, Archive::save(straight));
    CHECK(resumed == straight);
  }
}

/// A program's own state, with viann's in it.
struct Checkpoint {
  VarianceImportance<> importance;
  std::vector<DisplacementImportance<float>> displacements;
  std::unique_ptr<WelfordAccumulator<long double>> accumulator;

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

TEMPLATE_TEST_CASE("a run that was interrupted ends as one that was not, to the bit", "",
                   VIANN_ARCHIVES) {
  check_all_interrupted<TestType, double>();
  check_all_interrupted<TestType, float>();
  check_all_interrupted<TestType, long double>();
}

TEMPLATE_TEST_CASE("a history goes on", "", VIANN_ARCHIVES) {
  ScoreHistory straight;
  for (int epoch = 1; epoch <= 7; ++epoch) {
    straight.add(epoch, Eigen::Vector3d(1, epoch, 3));
    ScoreHistory resumed;
    TestType::load(resumed, TestType::save(straight));
    CHECK(TestType::save(resumed) == TestType::save(straight));
    CHECK(resumed.settled_since() == straight.settled_since());
    straight = resumed;
  }
}

namespace {

/// Digits in groups, as in many countries.
struct Grouping : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  char do_decimal_point() const override { return ','; }
  std::string do_grouping() const override { return "\3"; }
};

/// During its lifetime, new streams have that locale.
class GlobalLocale {
 public:
  explicit GlobalLocale(const std::locale& locale) : before_(std::locale::global(locale)) {}
  ~GlobalLocale() { std::locale::global(before_); }
  GlobalLocale(const GlobalLocale&) = delete;
  GlobalLocale& operator=(const GlobalLocale&) = delete;

 private:
  std::locale before_;
};

}  // namespace

TEMPLATE_TEST_CASE("what is saved in one locale loads in another", "", VIANN_ARCHIVES) {
  const std::locale grouping(std::locale::classic(), new Grouping);
  const auto hook = trained<VarianceImportance<>>(long_numbers(3));
  for (const auto& [saves, loads] : {std::pair{grouping, grouping},
                                     {grouping, std::locale::classic()},
                                     {std::locale::classic(), grouping}}) {
    std::string state;
    {
      const GlobalLocale locale(saves);
      state = TestType::save(hook);
    }
    const GlobalLocale locale(loads);
    VarianceImportance<> loaded;
    TestType::load(loaded, state);
    CHECK(loaded == hook);
  }
}

TEMPLATE_TEST_CASE("hooks may be parts of what is saved", "", VIANN_ARCHIVES) {
  Checkpoint checkpoint;
  checkpoint.importance = small_hook<VarianceImportance<>>();
  checkpoint.displacements.resize(3);
  checkpoint.displacements[1] = small_hook<DisplacementImportance<float>>();
  checkpoint.accumulator = std::make_unique<WelfordAccumulator<long double>>();
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
  if (TestType::change == Change::WordsOnly) {
    const auto tag = viann::detail::tag_of("VarianceImportance");
    std::string bytes(sizeof tag, '\0');
    std::memcpy(bytes.data(), &tag, sizeof tag);
    first = saved.find(bytes);
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

// As in tests/detail/archive/state_archive_test.cpp, with what the libraries put around viann's
// words. The fuzzer begins with these files, too.
namespace {

#ifdef VIANN_WITH_CEREAL
std::string frozen_file(const std::string& name, CerealPortable) { return name + ".cereal.bin"; }
std::string frozen_file(const std::string& name, CerealJson) { return name + ".cereal.json"; }
#endif
#ifdef VIANN_WITH_BOOST
std::string frozen_file(const std::string& name, BoostText) { return name + ".boost.txt"; }
#endif

template <typename Archive, typename Call>
void for_each_frozen(const Call& call) {
  const auto file = [](const char* name) {
    return VIANN_ARCHIVES_DIR "/" + frozen_file(name, Archive());
  };
  const Eigen::MatrixXd start = (Eigen::MatrixXd(2, 1) << 1, 2).finished();
  const Trajectory trajectory = {start, 2 * start, -start};
  call(file("variance_importance"), trained<VarianceImportance<>>(trajectory));
  if (Archive::text) return;
  call(file("displacement_importance"), one_feature(trajectory));
  WelfordAccumulator<float> accumulator;
  ScoreHistory history;
  for (const auto& weights : trajectory) {
    accumulator(weights);
    history.add(history.epochs(), weights.col(0));
  }
  call(file("welford_accumulator"), accumulator);
  call(file("score_history"), history);
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
  for_each_frozen<TestType>([](const std::string& file, const auto& object) {
    CAPTURE(file);
    std::stringstream bytes;
    bytes << std::ifstream(file, std::ios::binary).rdbuf();
    std::decay_t<decltype(object)> loaded;
    TestType::load(loaded, bytes.str());
    CHECK(TestType::save(loaded) == TestType::save(object));
  });
}

TEMPLATE_TEST_CASE("frozen archives are written", "[.record]", VIANN_FROZEN) {
  for_each_frozen<TestType>([](const std::string& file, const auto& object) {
    CHECK(std::ofstream(file, std::ios::binary) << TestType::save(object));
  });
}
