// SPDX-License-Identifier: MIT
//
// What every serialize() has in common, over a text stream; tests/archives_test.cpp has the real
// libraries.
#include "viann/detail/archive/state_archive.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>

#include "support/catch.hpp"
#include "support/displacement_formula.hpp"
#include "support/hooks.hpp"
#include "support/stream_archive.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

using viann::DisplacementImportance;
using viann::features_by_units;
using viann::ScoreHistory;
using viann::VarianceImportance;
using viann::WelfordAccumulator;

namespace {

/// Small objects with observations, whose state is free of rounding.
Trajectory simple_training() {
  const Eigen::MatrixXd start = (Eigen::MatrixXd(2, 2) << 1, 2, -3, 4).finished();
  return {start, 2 * start, -start, start.reverse()};
}
template <typename T>
void train(T& hook) {
  hook = trained<T>(simple_training());
}
template <typename Scalar>
void train(WelfordAccumulator<Scalar>& accumulator) {
  for (const auto& weights : simple_training()) accumulator(weights);
}
void train(ScoreHistory& history) {
  for (const auto& weights : simple_training()) {
    history.add(2 * history.epochs(), weights.col(1));
  }
}

template <typename T>
T after_training() {
  T object;
  train(object);
  return object;
}

template <typename T>
std::string refusal(T& object, const std::string& text) {
  return message_of<std::runtime_error>([&] { load(object, text); });
}

}  // namespace

#define VIANN_SAVED_TYPES                                                      \
  WelfordAccumulator<>, VarianceImportance<>, VarianceImportance<long double>, \
      DisplacementImportance<>, DisplacementImportance<float>, ScoreHistory

TEMPLATE_TEST_CASE("real numbers come back to the bit", "", float, double, long double) {
  using Limits = std::numeric_limits<TestType>;
  for (const TestType x :
       {TestType(0), TestType(1), TestType(1) / 3, Limits::min(), Limits::denorm_min(),
        3 * Limits::denorm_min(), Limits::min() * (1 - Limits::epsilon()), Limits::max(),
        1 - Limits::epsilon() / 2, 1 + Limits::epsilon(), TestType(1e30)}) {
    for (const TestType number : {x, -x}) {
      Words words;
      TestType copy = 5;
      REQUIRE(viann::detail::to_words(number, [&](auto word) { words.push_back(word); }));
      auto next = words.begin();
      REQUIRE(viann::detail::from_words(copy, [&] { return *next++; }));
      CHECK(next == words.end());
      CHECK(copy == number);
      CHECK(std::signbit(copy) == std::signbit(number));
    }
  }
  for (const TestType number : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    CHECK_FALSE(viann::detail::to_words(number, [](auto) { FAIL("a word was put"); }));
  }
}

TEST_CASE("words that are no number of a type are told") {
  const auto number = [](auto type, const Words& words) {
    auto next = words.begin();
    return viann::detail::from_words(type, [&] { return *next++; });
  };
  const auto bits = [](double x) { return static_cast<std::uint64_t>(word_of(x)); };
  const std::uint64_t minus_one = ~std::uint64_t{0};
  CHECK(number(true, {1}));
  CHECK_FALSE(number(true, {2}));
  CHECK(number(std::int32_t{}, {minus_one}));
  CHECK_FALSE(number(std::int32_t{}, {std::uint64_t{1} << 31}));
  CHECK(number(std::int64_t{}, {minus_one}));
  CHECK_FALSE(number(1.0, {bits(infinity)}));
  CHECK_FALSE(number(1.0, {bits(-infinity)}));
  CHECK_FALSE(number(1.0, {minus_one}));  // a NaN
  CHECK(number(1.0F, {bits(0.5)}));
  CHECK_FALSE(number(1.0F, {bits(0.1)}));
  CHECK_FALSE(number(1.0F, {bits(1e300)}));
  CHECK_FALSE(number(1.0F, {bits(1e-300)}));
  if constexpr (std::numeric_limits<long double>::digits == 64) {
    CHECK(number(1.0L, {minus_one, 16384, 1}));
    CHECK_FALSE(number(1.0L, {minus_one, 16385, 1}));  // exponent
    CHECK_FALSE(number(1.0L, {minus_one, std::uint64_t{1} << 40, 1}));
    CHECK_FALSE(number(1.0L, {minus_one, static_cast<std::uint64_t>(-20000), 1}));
    CHECK_FALSE(number(1.0L, {minus_one, 0, 2}));  // sign
  }
}

TEMPLATE_TEST_CASE("whatever bit is changed, the archive is refused and changes nothing", "",
                   VIANN_SAVED_TYPES) {
  auto object = after_training<TestType>();
  const std::string state = saved(object);
  TestType other;
  const std::string before = saved(other);
  const Words words = words_of(state);
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (int bit = 0; bit < 64; ++bit) {
      Words damaged = words;
      damaged[i] ^= std::uint64_t{1} << bit;
      CHECK_THROWS_AS(load(other, text_of(damaged)), std::runtime_error);
    }
    CHECK(contains(refusal(other, text_of(Words(words.begin(),
                                                words.begin() + static_cast<std::ptrdiff_t>(i)))),
                   i == 0 ? "the archive is empty or damaged (the text ends)"
                          : "the archive is cut short or damaged (the text ends)"));
  }
  CHECK(saved(other) == before);
  load(other, state);
  CHECK(saved(other) == state);
}

TEMPLATE_TEST_CASE("what another class saved is refused", "", VIANN_SAVED_TYPES) {
  auto object = after_training<TestType>();
  const std::string before = saved(object);
  const auto check = [&](auto other) {
    if (std::is_same_v<decltype(other), TestType>) return;
    CHECK(contains(refusal(object, saved(other)), "the archive "));
    CHECK(saved(object) == before);
  };
  check(after_training<WelfordAccumulator<>>());
  check(after_training<VarianceImportance<>>());
  check(after_training<DisplacementImportance<>>());
  check(after_training<ScoreHistory>());
}

TEST_CASE("a refusal says what is wrong") {
  auto object = after_training<VarianceImportance<>>();
  auto single = after_training<VarianceImportance<float>>();
  auto displacement = after_training<DisplacementImportance<>>();
  const Words words = words_of(saved(object));
  CHECK(refusal(object, saved(displacement)) ==
        "viann::VarianceImportance: the archive is damaged, or was not written by a "
        "VarianceImportance.");
  CHECK(refusal(object, altered(words, 1, {2})) ==
        "viann::VarianceImportance: the archive has format 2, but this version of viann reads "
        "format 3; load it with viann 0.2.");
  CHECK(refusal(object, altered(words, 1, {4})) ==
        "viann::VarianceImportance: the archive has format 4, but this version of viann reads "
        "format 3; load it with a later one.");
  CHECK(contains(refusal(object, altered(words, 1, {0})), "the archive is damaged"));
  CHECK(contains(refusal(object, altered(words, 0, {1})), "the archive is damaged"));
  CHECK(refusal(object, saved(single)) ==
        "viann::VarianceImportance: the archive holds a Scalar of 24 binary digits, not 53 (float "
        "has 24, double 53); load it into the type that was saved.");
}

TEMPLATE_TEST_CASE("a state that is not finite is not saved, and nothing is written", "", double,
                   float) {
  // (1e200)^2 is beyond double, and (1e30)^2 beyond float.
  const double large = std::is_same_v<TestType, float> ? 1e30 : 1e200;
  const Trajectory diverged = {Eigen::MatrixXd::Zero(2, 2), Eigen::MatrixXd::Constant(2, 2, large),
                               Eigen::MatrixXd::Constant(2, 2, -large)};
  const auto check = [](auto& object) {
    SavingArchive archive;
    CHECK(contains(message_of<std::overflow_error>([&] { object.serialize(archive, 0); }),
                   ": a number of the state is infinite or NaN, and no run can go on from it"));
    CHECK(archive.stream.str().empty());
  };
  WelfordAccumulator<TestType> accumulator;
  for (const auto& weights : diverged) accumulator(weights);
  check(accumulator);
  auto importance = trained<VarianceImportance<TestType>>(diverged);
  check(importance);
  if constexpr (std::is_same_v<TestType, double>) {
    auto displacement = trained<DisplacementImportance<>>(diverged);
    check(displacement);
  }
}

namespace {

/// Archives whose members mark them as writing integers in the locale's form.
struct SavingText : SavingArchive {
  using basic_text_oprimitive = void;
};
struct SavingXml : SavingArchive {
  void appendAttribute(const char* name, const char* value);
};

template <typename Archive>
std::string saved_by(VarianceImportance<>& object) {
  Archive archive;
  object.serialize(archive, 0);
  return archive.stream.str();
}

}  // namespace

TEMPLATE_TEST_CASE("where a locale may group digits, no number is above 999", "", SavingText,
                   SavingXml) {
  auto object = after_training<VarianceImportance<>>();
  const std::string text = saved_by<TestType>(object);
  const Words numbers = words_of(text), words = words_of(saved(object));
  REQUIRE(numbers.size() == 7 * words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint64_t word = 0;
    for (std::size_t digit = 7; digit-- > 0;) {
      CHECK(numbers[7 * i + digit] < 1000);
      word = 1000 * word + numbers[7 * i + digit];
    }
    CHECK(word == words[i]);
  }
  VarianceImportance<> loaded;
  load(loaded, text);
  CHECK(loaded == object);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Words damaged = numbers;
    damaged[i] = (damaged[i] + 1) % 1000;
    CHECK_THROWS_AS(load(loaded, text_of(damaged)), std::runtime_error);
  }
  CHECK(loaded == object);
}

TEST_CASE("a state that does not fit together is not saved") {
  SavingArchive archive;
  int object = 0;
  CHECK(contains(message_of<std::logic_error>([&] {
                   viann::detail::archive_object<double>(archive, object, "Class",
                                                         [](int&, auto&) { return false; });
                 }),
                 "viann::Class: the state does not fit together"));
  CHECK(archive.stream.str().empty());
}

TEST_CASE("saving changes nothing, not even in an object that is const") {
  VarianceImportance<> object = after_training<VarianceImportance<>>();
  const auto before = object;
  const std::string state = saved(object);
  CHECK(object == before);
  CHECK(saved(object) == state);
}

namespace {

/// Calls call(file, object) for the files of the third format in tests/archives, which
/// `viann_tests "[.record]"` writes.
template <typename Call>
void for_each_frozen(const Call& call) {
  const auto file = [](const std::string& name) { return VIANN_ARCHIVES_DIR "/" + name + ".txt"; };
  call(file("welford_accumulator"), after_training<WelfordAccumulator<>>());
  call(file("variance_importance"), after_training<VarianceImportance<>>());
  call(file("variance_importance_float"), after_training<VarianceImportance<float>>());
  call(file("displacement_importance"), one_feature(simple_training()));
  call(file("score_history"), after_training<ScoreHistory>());
}

}  // namespace

TEST_CASE("frozen files can be loaded") {
  for_each_frozen([](const std::string& file, auto object) {
    CAPTURE(file);
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    decltype(object) loaded;
    load(loaded, text.str());
    // Sums of a handful of small integers, so the bits are those of any compiler that does not fuse
    // multiplication and addition.
    CHECK(saved(loaded) == saved(object));
  });
}

TEST_CASE("frozen files are written", "[.record]") {
  for_each_frozen(
      [](const std::string& file, auto object) { CHECK(std::ofstream(file) << saved(object)); });
}
