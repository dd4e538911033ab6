// SPDX-License-Identifier: MIT
//
// Compiled with OpenMP: several threads walk large layers, and that changes no bit.

#include <omp.h>

#include <atomic>
#include <limits>
#include <stdexcept>
#include <utility>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

// LLVM's OpenMP runtime never frees its threads' memory; LeakSanitizer need not report it.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libomp.so\n"; }

using Eigen::Index;
using viann::detail::Axis;
using viann::detail::Chunk;

namespace {

template <typename Hook>
Hook observed(const Trajectory& trajectory, bool row_major, int threads) {
  Eigen::setNbThreads(threads);
  auto hook = trained<Hook>(trajectory, row_major);
  if constexpr (std::is_same_v<Hook, viann::DisplacementImportance<>>) {
    hook.on_epoch_end(viann::features_by_units(trajectory[1]),
                      viann::features_by_units(trajectory[2]));
  }
  Eigen::setNbThreads(0);
  return hook;
}

int threads_used(Axis down, Index rows, Index cols) {
  std::atomic<int> most{0};
  viann::detail::walk(down, rows, cols, [&](const Chunk&) {
    int seen = most;
    while (seen < omp_get_num_threads() &&
           !most.compare_exchange_weak(seen, omp_get_num_threads())) {
    }
  });
  return most;
}

}  // namespace

TEMPLATE_TEST_CASE("any number of threads gives the same bits", "", viann::VarianceImportance<>,
                   viann::DisplacementImportance<>) {
  const auto [features, units] =
      GENERATE(table<int, int>({{33000, 5}, {7, 19000}, {350, 401}, {9000, 16}, {4500, 33}}));
  const bool row_major = GENERATE(true, false);
  const auto trajectory = random_walk(features, units, 3, 113);
  const auto serial = observed<TestType>(trajectory, row_major, 1);
  CAPTURE(features, units, row_major);
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    const auto parallel = observed<TestType>(trajectory, row_major, threads);
    CHECK(parallel == serial);
    CHECK(parallel.raw_scores() == serial.raw_scores());
  }
}

TEST_CASE("threads that convert weights do not share where they put them") {
  const auto trajectory = random_walk(500, 401, 20, 127);
  const auto observed_by = [&](int threads) {
    Eigen::setNbThreads(threads);
    viann::VarianceImportance<> hook;
    hook.on_train_begin(viann::features_by_units(trajectory[0]));
    for (const auto& weights : trajectory) {
      hook.on_epoch_end(viann::features_by_units(Eigen::MatrixXf(weights.cast<float>())));
      observe(hook, weights, true);
    }
    Eigen::setNbThreads(0);
    return hook;
  };
  CHECK(observed_by(3) == observed_by(1));
}

TEST_CASE("threads find a weight that is not finite, wherever it is") {
  Eigen::setNbThreads(3);
  for (const auto& [row, col] : {std::pair<Index, Index>{0, 0}, {250, 200}, {499, 400}}) {
    Eigen::MatrixXd weights = Eigen::MatrixXd::Random(500, 401);
    weights(row, col) = std::numeric_limits<double>::quiet_NaN();
    viann::VarianceImportance<> hook;
    CAPTURE(row, col);
    CHECK_THROWS_AS(observe(hook, weights, true), std::invalid_argument);
    CHECK_THROWS_AS(observe(hook, weights, false), std::invalid_argument);
  }
  Eigen::setNbThreads(0);
}

TEST_CASE("large layers use the threads that Eigen is allowed, small ones stay alone") {
  Eigen::setNbThreads(3);
  CHECK(threads_used(Axis::Features, 100000, 10) == 3);
  CHECK(threads_used(Axis::Units, 10, 100000) == 3);
  CHECK(threads_used(Axis::Features, 1000, 1000) == 3);
  CHECK(threads_used(Axis::Features, 100, 10000) == 1);  // one chunk of features
  CHECK(threads_used(Axis::Features, 64, 50) == 1);
  CHECK(threads_used(Axis::Units, 64, 50) == 1);
  Eigen::setNbThreads(1);
  CHECK(threads_used(Axis::Features, 100000, 10) == 1);
  Eigen::setNbThreads(0);
}
