// SPDX-License-Identifier: MIT
#include "viann/displacement_options.hpp"

#include "support/catch.hpp"

using viann::DisplacementImportanceOptions;

TEST_CASE("by default decay is removed and directions are weighed") {
  const DisplacementImportanceOptions options;
  CHECK(options.remove_decay);
  CHECK(options.weigh_directions);
}

TEST_CASE("comparison of displacement's options sees each of them") {
  const DisplacementImportanceOptions defaults;
  DisplacementImportanceOptions decay, directions;
  decay.remove_decay = false;
  directions.weigh_directions = false;
  CHECK(defaults == DisplacementImportanceOptions());
  CHECK_FALSE(defaults == decay);
  CHECK_FALSE(defaults == directions);
  CHECK_FALSE(decay == directions);
}
