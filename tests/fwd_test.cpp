// SPDX-License-Identifier: MIT
//
// The declarations in fwd.hpp are enough to name a type, with its defaults, and match the headers.
#include "viann/fwd.hpp"

#include <type_traits>

namespace {

// Named where only the declarations are visible.
using Variance = viann::VarianceImportance<>;
using Displacement = viann::DisplacementImportance<>;
using Accumulator = viann::WelfordAccumulator<>;
bool has_none(const Variance* hook, const viann::Report* report, viann::ScoreCombination) {
  return hook == nullptr && report == nullptr;
}

}  // namespace

#include "support/catch.hpp"
#include "viann/viann.hpp"

static_assert(std::is_same_v<Variance, viann::VarianceImportance<double>>);
static_assert(std::is_same_v<Displacement, viann::DisplacementImportance<double>>);
static_assert(std::is_same_v<Accumulator, viann::WelfordAccumulator<double>>);

TEST_CASE("a declared hook is the hook that is defined") {
  CHECK(has_none(nullptr, nullptr, viann::ScoreCombination::Variance));
  const Variance hook;
  CHECK_FALSE(has_none(&hook, nullptr, viann::ScoreCombination::Variance));
  CHECK(Displacement().features() + Accumulator().rows() == 0);
}
