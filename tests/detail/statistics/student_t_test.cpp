// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/student_t.hpp"

#include "support/catch.hpp"

using viann::detail::student_t_quantile;

TEST_CASE("Student's quantiles as in the tables") {
  CHECK(student_t_quantile(0.95, 1) == Approx(12.7062).epsilon(1e-5));
  CHECK(student_t_quantile(0.95, 2) == Approx(4.30265).epsilon(1e-5));
  CHECK(student_t_quantile(0.95, 3) == Approx(3.18245).epsilon(1e-5));
  CHECK(student_t_quantile(0.95, 4) == Approx(2.77645).epsilon(1e-5));
  CHECK(student_t_quantile(0.95, 9) == Approx(2.26216).epsilon(1e-5));
  CHECK(student_t_quantile(0.95, 10) == Approx(2.22814).epsilon(1e-5));
  CHECK(student_t_quantile(0.99, 5) == Approx(4.03214).epsilon(1e-5));
  CHECK(student_t_quantile(0.8, 30) == Approx(1.31042).epsilon(1e-5));
  CHECK(student_t_quantile(0.95, 100000) == Approx(1.95996).epsilon(1e-4));
}

TEST_CASE("Student's quantiles in closed form") {
  // One degree of freedom is Cauchy's distribution; with two, P(|T| <= t) = t / sqrt(2 + t^2).
  const double confidence = GENERATE(0.001, 0.5, 0.9, 0.999);
  CHECK(student_t_quantile(confidence, 1) ==
        Approx(std::tan(std::acos(0.0) * confidence)).epsilon(1e-12));
  CHECK(student_t_quantile(confidence, 2) ==
        Approx(confidence * std::sqrt(2 / (1 - confidence * confidence))).epsilon(1e-12));
}
