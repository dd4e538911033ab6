// SPDX-License-Identifier: MIT
//
// Numerical programs let the processor trap division by zero, invalid operations and overflow. The
// library's computations on finite numbers, of any size that its docs allow, raise none of these.

#include <cfenv>
#include <cmath>
#include <functional>
#include <limits>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "viann/viann.hpp"

using MatrixXd = ColMajorMatrixXd;
using Eigen::VectorXd;

namespace {

bool would_trap(const std::function<void()>& call) {
  std::feclearexcept(FE_ALL_EXCEPT);
  call();
  const bool raised = std::fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW) != 0;
  std::feclearexcept(FE_ALL_EXCEPT);
  return raised;
}

template <typename Hook>
void check_hook(Hook hook) {
  for (const double scale : {0.0, 1e-100, 1.0, 5.0, 1e50}) {
    const auto walk = random_walk(6, 20, 6, 311);
    Trajectory trajectory;
    for (const auto& weights : walk) trajectory.push_back(scale * weights);
    CAPTURE(scale);
    CHECK_FALSE(would_trap([&] { hook = trained(trajectory, hook); }));
    CHECK_FALSE(would_trap([&] { hook.scores(); }));
    const Trajectory still(4, trajectory[0]);
    CHECK_FALSE(would_trap([&] { hook = trained(still, hook); }));
    CHECK_FALSE(would_trap([&] { hook.scores(); }));
  }
}

}  // namespace

TEST_CASE("the counter of traps counts") {
  volatile double zero = 0;
  CHECK(would_trap([&] { zero = 1 / zero; }));
}

TEST_CASE("hooks raise no floating-point exception") {
  for_each_hook([](const auto& hook) { check_hook(hook); });
}

TEST_CASE("the tools raise no floating-point exception") {
  const VectorXd ends = Eigen::Vector3d(-largest, 0, largest);
  const VectorXd zeros = VectorXd::Zero(3);
  CHECK_FALSE(would_trap([&] { return viann::min_max_normalize(ends); }));
  CHECK_FALSE(would_trap([&] { return viann::min_max_normalize(zeros); }));
  CHECK_FALSE(would_trap([&] { return viann::sum_to_one(zeros); }));
  CHECK_FALSE(would_trap([&] { return viann::sum_to_one(ends.cwiseAbs()); }));
  CHECK_FALSE(would_trap([&] { viann::group_scores(ends, {0, 0, 0}, viann::Aggregation::Sum); }));
  for (const auto& scores : {ends, zeros}) {
    CHECK_FALSE(would_trap([&] { viann::pearson(scores, ends); }));
    CHECK_FALSE(would_trap([&] { viann::Report({"a", "b", "c"}, scores).table(); }));
    VectorXd with_nan = scores;
    with_nan[1] = std::numeric_limits<double>::quiet_NaN();
    CHECK_FALSE(would_trap([&] { viann::Report({"a", "b", "c"}, with_nan).table(); }));
    const MatrixXd runs = scores.replicate(1, 19);
    CHECK_FALSE(would_trap([&] { viann::stability_across_runs(runs, 2); }));
  }
}
