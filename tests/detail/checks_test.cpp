// SPDX-License-Identifier: MIT

#include <limits>

#include "support/catch.hpp"

using Eigen::Dynamic;
using Eigen::Index;
using viann::detail::all_finite;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Checks that one number among others is found, wherever it is.
template <typename State, typename Number, int order>
void check_found_everywhere(float bad) {
  for (const Index length : {1, 7, 16, 17, 40}) {
    Eigen::Array<Number, Dynamic, Dynamic, order> values(length, length);
    values.setConstant(Number(0.5F));
    CAPTURE(length, bad);
    REQUIRE(all_finite<State>(values));
    for (Index i = 0; i < values.size(); ++i) {
      values.data()[i] = Number(bad);
      REQUIRE_FALSE(all_finite<State>(values));
      values.data()[i] = Number(0.5F);
    }
  }
}

template <typename State, typename Number>
void check_found() {
  for (const float bad : {infinity, -infinity, not_a_number}) {
    check_found_everywhere<State, Number, Eigen::ColMajor>(bad);
    check_found_everywhere<State, Number, Eigen::RowMajor>(bad);
  }
}

}  // namespace

TEST_CASE("a number that is not finite is found wherever it is") {
  check_found<double, double>();
  check_found<double, float>();
  check_found<float, double>();
  check_found<double, Eigen::half>();
}
