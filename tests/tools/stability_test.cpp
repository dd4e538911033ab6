// SPDX-License-Identifier: MIT
#include "viann/tools/stability.hpp"

#include <cmath>
#include <random>

#include "support/catch.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using viann::stability_across_runs;

namespace {

/// Runs in which every score is its true value, the feature's index / `features`, plus noise.
MatrixXd noisy_runs(Index features, Index runs, double noise, std::mt19937_64& random) {
  const VectorXd truth = VectorXd::LinSpaced(features, 0, 1);
  return (noise * drawn(features, runs, random)).colwise() + truth;
}

}  // namespace

TEST_CASE("three runs by hand") {
  MatrixXd scores(4, 3);
  scores << 1, 1, 4,  //
      2, 2, 3,        //
      3, 4, 2,        //
      4, 3, 1;
  const auto stable = stability_across_runs(scores, 1);
  CHECK(stable.mean == Eigen::Vector4d(2, 7.0 / 3, 3, 8.0 / 3));
  CHECK(stable.standard_deviation[0] == Approx(std::sqrt(3)).epsilon(1e-14));
  CHECK(stable.lower[0] == Approx(2 - 4.30265273).epsilon(1e-8));  // t * sqrt(3) / sqrt(3)
  CHECK(stable.upper[0] == Approx(2 + 4.30265273).epsilon(1e-8));

  // Pairs: 0.8, -1 and -0.8. Without run 0: -0.8, without 1: -1, without 2: 0.8.
  CHECK(stable.spearman.mean == Approx(-1.0 / 3).epsilon(1e-14));
  const double mean = -1.0 / 3;
  const double squares =
      std::pow(-0.8 - mean, 2) + std::pow(-1 - mean, 2) + std::pow(0.8 - mean, 2);
  const double half_width = 4.30265273 * std::sqrt(2.0 / 3 * squares);
  CHECK(stable.spearman.lower == -1);
  CHECK(stable.spearman.upper == std::min(1.0, mean + half_width));
  const auto less_sure = stability_across_runs(scores, 1, 0.2);
  const double t = std::sqrt(2.0) * 0.2 / std::sqrt(1 - 0.04);
  CHECK(less_sure.spearman.lower == Approx(mean - t * std::sqrt(2.0 / 3 * squares)).epsilon(1e-12));
  CHECK(less_sure.spearman.upper == Approx(mean + t * std::sqrt(2.0 / 3 * squares)).epsilon(1e-12));

  // The first places are features 3, 2 and 0.
  CHECK(stable.top_k_overlap.mean == 0);
  CHECK(stability_across_runs(scores, 2).top_k_overlap.mean == Approx(1.0 / 3).epsilon(1e-14));
  CHECK(stability_across_runs(scores, 2).top_k_overlap.lower == 0);
}

TEST_CASE("runs that repeat each other") {
  const auto stable = stability_across_runs(VectorXd::LinSpaced(5, 0, 1).replicate(1, 4), 2);
  CHECK(stable.standard_deviation == VectorXd::Zero(5));
  CHECK(stable.lower == stable.upper);
  for (const auto& agreement : {stable.spearman, stable.top_k_overlap}) {
    CHECK(agreement.mean == Approx(1).epsilon(1e-14));
    CHECK(agreement.lower == Approx(1).epsilon(1e-12));
    CHECK(agreement.upper == 1);
  }
}

namespace {

/// In how many of `repeats` simulations the intervals hold the truth.
struct Coverage {
  double mean = 0;
  double spearman = 0;
  double top_k_overlap = 0;
};

Coverage coverage(Index runs, double noise, int repeats) {
  std::mt19937_64 random(7);
  const Index features = 12;
  // The truth about pairs, from many independent ones.
  double spearman = 0;
  double overlap = 0;
  const int pairs = 40000;
  for (int pair = 0; pair < pairs; ++pair) {
    const MatrixXd two = noisy_runs(features, 2, noise, random);
    spearman += viann::spearman(two.col(0), two.col(1)) / pairs;
    overlap += viann::top_k_overlap(two.col(0), two.col(1), 3) / pairs;
  }
  const auto covers = [](double lower, double upper, double truth) {
    return lower <= truth && truth <= upper ? 1 : 0;
  };
  Coverage result;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto stable = stability_across_runs(noisy_runs(features, runs, noise, random), 3);
    result.mean += covers(stable.lower[0], stable.upper[0], 0);
    result.spearman += covers(stable.spearman.lower, stable.spearman.upper, spearman);
    result.top_k_overlap += covers(stable.top_k_overlap.lower, stable.top_k_overlap.upper, overlap);
  }
  result.mean /= repeats;
  result.spearman /= repeats;
  result.top_k_overlap /= repeats;
  return result;
}

}  // namespace

TEST_CASE("intervals hold the truth about as often as they say", "[simulation]") {
  const Index runs = GENERATE(5, 10, 30);
  const double noise = GENERATE(0.1, 0.3, 100.0);  // the last: nothing but noise
  const auto covered = coverage(runs, noise, 1000);
  CAPTURE(runs, noise, covered.mean, covered.spearman, covered.top_k_overlap);
  CHECK(std::abs(covered.mean - 0.95) < 0.021);  // three standard errors
  // If runs are all noise, the jackknife underestimates how certain agreement is.
  const double most = noise == 100 ? 1 : 0.971;
  CHECK((covered.spearman > 0.929 && covered.spearman <= most));
  CHECK((covered.top_k_overlap > (runs == 5 ? 0.87 : 0.929) && covered.top_k_overlap <= most));
}

TEST_CASE("runs that cannot be compared are refused") {
  const MatrixXd good = MatrixXd::Identity(3, 3);
  MatrixXd bad = good;
  bad(1, 2) = not_a_number;
  check_refusals(
      {{[&] { stability_across_runs(good.leftCols(2), 1); },
        "viann::stability_across_runs: 2 runs do not show how far pairs of runs differ; make 3"},
       {[&] { stability_across_runs(MatrixXd(0, 3), 1); },
        "viann::stability_across_runs: 0 features x 3 runs are no scores"},
       {[&] { stability_across_runs(good, 4); }, "there is no top 4 of 3 features"},
       {[&] { stability_across_runs(good, 1, 0.0); },
        "viann::stability_across_runs: confidence is 0; it lies between 0 and 1"},
       {[&] { stability_across_runs(good, 1, 1.0); }, "confidence is 1; it lies"},
       {[&] { stability_across_runs(good, 1, not_a_number); }, "confidence is nan; it lies"},
       {[&] { stability_across_runs(bad, 1); }, "the score of feature 1 in run 2 is nan"}});
}

TEST_CASE("runs are columns in either memory order, also those of a larger matrix") {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const MatrixXd scores = MatrixXd::Random(5, 4);
  const auto expected = viann::stability_across_runs(scores, 2);
  const auto same = viann::stability_across_runs(RowMajor(scores), 2);
  MatrixXd larger = MatrixXd::Random(8, 4);
  larger.middleRows(2, 5) = scores;
  const auto block = viann::stability_across_runs(larger.middleRows(2, 5), 2);
  for (const auto& other : {same, block}) {
    CHECK(other.mean == expected.mean);
    CHECK(other.spearman.mean == expected.spearman.mean);
    CHECK(other.top_k_overlap.mean == expected.top_k_overlap.mean);
  }
}
