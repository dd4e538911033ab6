// SPDX-License-Identifier: MIT
//
// What all hooks promise about saving and loading, for every hook.

#include <cstdint>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
#include "support/trajectories.hpp"

using MatrixXd = ColMajorMatrixXd;
using viann::DisplacementImportance;
using viann::features_by_units;
using viann::VarianceImportance;

TEMPLATE_TEST_CASE("a hook that was loaded goes on when it is begun, as at every start", "",
                   VIANN_HOOKS) {
  const auto trajectory = random_walk(4, 30, 8, 74);
  const auto straight = trained<TestType>(trajectory);
  auto half = trained<TestType>({trajectory.begin(), trajectory.begin() + 4});
  TestType resumed;
  load(resumed, saved(half));
  // Weights of another shape are refused, and change nothing.
  CHECK(contains(message_of<std::invalid_argument>(
                     [&] { resumed.on_train_begin(features_by_units(MatrixXd::Zero(5, 30))); }),
                 "before training: the weights are 5 features x 30 units, but the first seen were "
                 "4 x 30; observe the same layer in every call, or call reset() before another."));
  CHECK(resumed == half);
  TestType copy = resumed;
  for (TestType* hook : {&resumed, &copy}) {
    hook->on_train_begin(features_by_units(trajectory[3]));
    CHECK(*hook == half);
    for (std::size_t t = 4; t < trajectory.size(); ++t) observe(*hook, trajectory[t]);
    CHECK(*hook == straight);
  }

  // That holds once: the next training starts afresh, and so does one after reset().
  TestType begun;
  begun.on_train_begin(features_by_units(trajectory[0]));
  resumed.on_train_begin(features_by_units(trajectory[0]));
  CHECK(resumed == begun);
  load(resumed, saved(half));
  observe(resumed, trajectory[4]);  // goes on without on_train_begin()
  resumed.on_train_begin(features_by_units(trajectory[0]));
  CHECK(resumed == begun);
  load(resumed, saved(half));
  resumed.reset();
  CHECK(resumed == TestType());
  resumed.on_train_begin(features_by_units(trajectory[0]));
  CHECK(resumed == begun);
  TestType empty;
  load(resumed, saved(empty));
  resumed.on_train_begin(features_by_units(trajectory[0]));
  CHECK(resumed == begun);
}

TEMPLATE_TEST_CASE("a saved hook comes back to the bit and goes on", "", VarianceImportance<float>,
                   VarianceImportance<>, DisplacementImportance<float>, DisplacementImportance<>) {
  const bool row_major = GENERATE(true, false);
  const int units = GENERATE(4, 20);
  const auto trajectory = random_walk(3, units, 8, 107);
  TestType straight, resumed;
  load(resumed, saved(straight));
  CHECK(resumed == straight);
  straight = trained<TestType>({trajectory[0]}, row_major);
  for (const auto& weights : trajectory) {
    load(resumed, saved(straight));
    CHECK(resumed == straight);
    CHECK(saved(resumed) == saved(straight));
    observe(straight, weights, row_major);
    observe(resumed, weights, row_major);
    CHECK(resumed == straight);
  }
  CHECK(resumed.raw_scores() == straight.raw_scores());
}

TEMPLATE_TEST_CASE("senseless numbers under a valid checksum are refused, or do no harm", "",
                   VIANN_HOOKS) {
  auto hook = trained<TestType>(random_walk(3, 2, 5, 110));
  const auto before = hook;
  const Words words = words_of(saved(hook));
  int refused = 0;
  for (std::size_t i = 3; i + 1 < words.size(); ++i) {
    for (const std::int64_t number :
         {std::int64_t{-1}, std::int64_t{2}, std::int64_t{1} << 62, word_of(-1.0), word_of(1e300),
          word_of(infinity), word_of(not_a_number)}) {
      CAPTURE(i, number);
      TestType loaded = before;
      const std::string bytes = altered(words, i, {number});
      try {
        load(loaded, bytes);
      } catch (const std::runtime_error&) {
        CHECK(loaded == before);
        ++refused;
        continue;
      }
      CHECK((loaded == before) == (bytes == saved(before)));
      TestType again;
      load(again, saved(loaded));
      CHECK(again == loaded);
      try {
        CHECK(loaded.raw_scores().allFinite());
      } catch (const std::logic_error&) {     // fewer epochs than it takes
      } catch (const std::overflow_error&) {  // large weights
      }
    }
  }
  CHECK(refused > static_cast<int>(words.size()));
}
