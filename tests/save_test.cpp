// SPDX-License-Identifier: MIT
//
// Saving and loading without a library, and what every serialize() promises.
#include "viann/save.hpp"

#include <fstream>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>

#include "support/catch.hpp"
#include "support/displacement_formula.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
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

#define VIANN_SAVED_TYPES                                                                          \
  WelfordAccumulator<>, VarianceImportance<>, VarianceImportance<float>, DisplacementImportance<>, \
      DisplacementImportance<float>, ScoreHistory

TEMPLATE_TEST_CASE("real numbers come back to the bit", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  Eigen::Array<TestType, 1, Eigen::Dynamic> numbers(10);
  numbers << 0, 1, TestType(1) / 3, Limits::min(), Limits::denorm_min(), 3 * Limits::denorm_min(),
      Limits::max(), 1 - Limits::epsilon() / 2, 1 + Limits::epsilon(), TestType(1e30);
  DisplacementImportance<TestType> hook, loaded;  // keeps these numbers
  for (const TestType sign : {TestType(1), TestType(-1)}) {
    hook.on_train_begin(features_by_units((sign * numbers).eval()));
    load(loaded, saved(hook));
    CHECK(loaded == hook);
  }
}

TEST_CASE("a file has the same bytes on every platform") {
  WelfordAccumulator<float> accumulator;
  accumulator(Eigen::Vector2f(1, -2));
  std::ostringstream bytes;
  for (const char byte : saved(accumulator)) {
    bytes << std::hex << std::setw(2) << std::setfill('0') << (byte & 0xff);
  }
  CHECK(bytes.str() ==
        "8c90fa7d6c7923b403000000000000001800000000000000"  // tag, format, digits
        "010000000000000002000000000000000100000000000000"  // count, rows, columns
        "05cc0e93fdbe4eb9000000000000f03f00000000000000c0"  // a checksum, the mean
        "b476edec44a7097400000000000000000000000000000000"  // a checksum, M2
        "ab17dfdb7256a5c3");                                // the checksum
}

TEST_CASE("several objects follow each other in one stream") {
  const auto hook = after_training<VarianceImportance<>>();
  const auto accumulator = after_training<WelfordAccumulator<>>();
  std::stringstream stream;
  viann::save(stream, hook);
  viann::save(stream, accumulator);
  stream << "and so on";
  VarianceImportance<> loaded_hook;
  WelfordAccumulator<> loaded_accumulator;
  viann::load(stream, loaded_hook);
  viann::load(stream, loaded_accumulator);
  CHECK(loaded_hook == hook);
  CHECK(loaded_accumulator == accumulator);
  std::string rest;
  std::getline(stream, rest);
  CHECK(rest == "and so on");
}

namespace {

/// A program's own state, with viann's in it.
struct Run {
  DisplacementImportance<> importance;
  float rate = 0;
  int epoch = 0;
  bool ended = false;

  template <class Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& importance& rate& epoch& ended;
  }
};

}  // namespace

TEST_CASE("an object with a serialize() of its own is saved") {
  const Run run{after_training<DisplacementImportance<>>(), 0.1F, -7, true};
  Run loaded;
  load(loaded, saved(run));
  CHECK(loaded.importance == run.importance);
  CHECK(loaded.rate == run.rate);
  CHECK(loaded.epoch == run.epoch);
  CHECK(loaded.ended);
}

TEST_CASE("a stream that cannot be written or read is an error") {
  auto hook = after_training<VarianceImportance<>>();
  std::ofstream closed;
  CHECK(contains(message_of<std::runtime_error>([&] { viann::save(closed, hook); }),
                 "viann::save: the stream cannot be written; was the file opened"));
  struct FailsLate : std::stringbuf {  // as a full disk
    int sync() override { return -1; }
  } full;
  std::ostream stream(&full);
  CHECK_THROWS_AS(viann::save(stream, hook), std::runtime_error);
  const auto before = hook;
  std::ifstream missing("there is no such file");
  CHECK(message_of<std::runtime_error>([&] { viann::load(missing, hook); }) ==
        "viann::VarianceImportance: the archive is empty or damaged (the stream has ended or was "
        "not opened).");
  CHECK(hook == before);
}

TEST_CASE("numbers beyond their type are refused under a valid checksum") {
  const auto refuses = [](auto hook, std::size_t index, std::int64_t word) {
    hook.on_train_begin(features_by_units(Eigen::MatrixXd::Ones(1, 1)));
    return contains(refusal(hook, altered(words_of(saved(hook)), index, {word})), "is damaged");
  };
  const DisplacementImportance<> hook;
  const DisplacementImportance<float> single;
  CHECK(refuses(hook, 3, 2));  // a bool
  CHECK(refuses(hook, 7, -1));
  CHECK(refuses(VarianceImportance<>(), 3, std::int64_t{1} << 32));  // an enumerator
  for (const double number : {infinity, -infinity, not_a_number}) {  // the weight
    CHECK(refuses(hook, 9, word_of(number)));
    CHECK(refuses(single, 9, word_of(number)));
  }
  for (const double number : {0.1, 1e300, 1e-300}) CHECK(refuses(single, 9, word_of(number)));
}

TEMPLATE_TEST_CASE(
    "what is saved loads to the bit; whatever bit is changed or missing, it is refused", "",
    VIANN_SAVED_TYPES) {
  auto object = after_training<TestType>();
  const std::string state = saved(object);
  TestType other;
  const std::string before = saved(other);
  for (std::size_t i = 0; i < state.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = state;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      CHECK_THROWS_AS(load(other, damaged), std::runtime_error);
    }
    CHECK(contains(refusal(other, state.substr(0, i)),
                   i < 8 ? "the archive is empty or damaged (the stream has ended"
                         : "the archive is cut short or damaged (the stream has ended"));
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
  const auto tag = static_cast<std::int64_t>(words[0] % 1000);  // as text of viann 0.2 begins
  CHECK(contains(refusal(object, altered(words, 0, {tag})), "has format 2, but"));
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
    std::ostringstream stream;
    CHECK(contains(message_of<std::overflow_error>([&] { viann::save(stream, object); }),
                   ": a number of the state is infinite or NaN, and no run can go"));
    CHECK(stream.str().empty());
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

/// Calls call(file, object) for the files of the third format in tests/archives, which
/// `viann_tests "[.record]"` writes.
template <typename Call>
void for_each_frozen(const Call& call) {
  const auto file = [](const std::string& name) {
    return VIANN_ARCHIVES_DIR "/" + name + ".viann";
  };
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
    std::ifstream stream(file, std::ios::binary);
    decltype(object) loaded;
    viann::load(stream, loaded);
    // Sums of a handful of small integers, so the bits are those of any compiler that does not fuse
    // multiplication and addition.
    CHECK(saved(loaded) == saved(object));
  });
}

TEST_CASE("frozen files are written", "[.record]") {
  for_each_frozen([](const std::string& file, const auto& object) {
    std::ofstream stream(file, std::ios::binary);
    viann::save(stream, object);
  });
}
