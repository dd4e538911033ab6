// SPDX-License-Identifier: MIT
#include "viann/variance_options.hpp"

#include <limits>

#include "support/catch.hpp"

using viann::ScoreCombination;
using viann::VarianceImportanceOptions;
using viann::detail::leaves_two_observations;

TEST_CASE("the defaults are the paper's") {
  const VarianceImportanceOptions options;
  CHECK(options.combination == ScoreCombination::VarianceTimesMagnitude);
  CHECK_FALSE(options.observe_initial_weights);
  CHECK(options.max_epochs == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("comparison of options sees each of them") {
  const VarianceImportanceOptions defaults;
  VarianceImportanceOptions combination, initial, epochs;
  combination.combination = ScoreCombination::Variance;
  initial.observe_initial_weights = true;
  epochs.max_epochs = 5;
  CHECK(defaults == VarianceImportanceOptions());
  CHECK_FALSE(defaults == combination);
  CHECK_FALSE(defaults == initial);
  CHECK_FALSE(defaults == epochs);
  CHECK(viann::detail::words_of(epochs) ==
        "VarianceTimesMagnitude, observe_initial_weights = false, max_epochs = 5");
}

TEST_CASE("a variance takes two observations, of which the initial weights may be one") {
  VarianceImportanceOptions options;
  options.max_epochs = 2;
  CHECK(leaves_two_observations(options));
  options.max_epochs = 1;
  CHECK_FALSE(leaves_two_observations(options));
  CHECK(contains(message_of<std::invalid_argument>(
                     [&] { viann::detail::require_two_observations(options, "Hook"); }),
                 "viann::Hook: max_epochs is 1, but a variance takes at least two observations"));
  options.observe_initial_weights = true;
  CHECK(leaves_two_observations(options));
  options.max_epochs = 0;
  CHECK_FALSE(leaves_two_observations(options));
}
