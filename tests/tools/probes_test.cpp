// SPDX-License-Identifier: MIT
#include "viann/tools/probes.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <type_traits>

#include "support/catch.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using viann::append_probes;
using viann::decide_by_probes;
using viann::ProbeShuffle;
using viann::Relevance;

namespace {

MatrixXd drawn(Index rows, Index cols, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  return MatrixXd::NullaryExpr(rows, cols, [&] { return normal(random); });
}

/// Scores of runs x (inputs, probes) in which input i beats the only other probe in hits[i] runs.
MatrixXd scores_with_hits(const std::vector<Index>& hits, Index runs) {
  const auto features = static_cast<Index>(hits.size());
  MatrixXd scores = MatrixXd::Zero(2 * features, runs);
  scores.row(features).setConstant(1);  // the best probe
  for (Index i = 0; i < features; ++i) {
    scores.row(i).head(hits[static_cast<std::size_t>(i)]).setConstant(2);
  }
  return scores;
}

}  // namespace

TEST_CASE("probes by rows: the inputs' rows in another order") {
  std::mt19937_64 random(1);
  const MatrixXd X = drawn(50, 3, random);
  const MatrixXd both = append_probes(X);
  REQUIRE(both.rows() == 50);
  REQUIRE(both.cols() == 6);
  CHECK(both.leftCols(3) == X);
  std::map<double, Index> row_of;
  for (Index row = 0; row < 50; ++row) row_of[X(row, 0)] = row;
  std::set<Index> seen;
  for (Index row = 0; row < 50; ++row) {
    const Index from = row_of.at(both(row, 3));
    CHECK(both.row(row).tail(3) == X.row(from));
    seen.insert(from);
  }
  CHECK(seen.size() == 50);
  CHECK(both.rightCols(3) != X);
}

TEST_CASE("probes column by column: each in an order of its own") {
  std::mt19937_64 random(1);
  const VectorXd x = drawn(50, 1, random);
  const MatrixXd X = x.replicate(1, 3);
  const MatrixXd both = append_probes(X, {ProbeShuffle::EachColumn, 7});
  CHECK(both.leftCols(3) == X);
  for (Index j = 3; j < 6; ++j) {
    CHECK(both.col(j) != x);
    CHECK(both.col(j) != both.col(j == 3 ? 5 : j - 1));
    CHECK(std::multiset<double>(both.col(j).begin(), both.col(j).end()) ==
          std::multiset<double>(x.begin(), x.end()));
  }
}

TEST_CASE("the seed decides the probes, the same ones with every standard library") {
  const auto numbers = VectorXd::LinSpaced(6, 0, 5);
  const auto probe = [&](ProbeShuffle shuffle, std::uint64_t seed) -> VectorXd {
    return append_probes(numbers, {shuffle, seed}).col(1);
  };
  for (const auto shuffle : {ProbeShuffle::Rows, ProbeShuffle::EachColumn}) {
    VectorXd expected(6);
    expected << 1, 3, 0, 4, 5, 2;
    CHECK(probe(shuffle, 1) == expected);
    CHECK(probe(shuffle, 2) != expected);
  }
}

TEST_CASE("data of any type, in its own storage order; NaN is moved with the rest") {
  using RowMajorF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  RowMajorF X = RowMajorF::Random(20, 2);
  X(3, 1) = std::numeric_limits<float>::quiet_NaN();
  for (const auto shuffle : {ProbeShuffle::Rows, ProbeShuffle::EachColumn}) {
    const auto both = append_probes(X, {shuffle, 0});
    static_assert(std::is_same_v<decltype(both), const RowMajorF>);
    CHECK(both.col(1).array().isNaN().count() == 1);
    CHECK(both.col(3).array().isNaN().count() == 1);
  }
  CHECK(append_probes(Eigen::ArrayXXi::Ones(4, 2) * 3) == Eigen::MatrixXi::Constant(4, 4, 3));
}

TEST_CASE("probes of nothing are refused") {
  CHECK(contains(message_of<std::invalid_argument>([] { append_probes(MatrixXd(1, 3)); }),
                 "viann::append_probes: X is 1 samples x 3 features"));
  CHECK_THROWS_AS(append_probes(MatrixXd(5, 0)), std::invalid_argument);
}

TEST_CASE("hits are runs in which an input beats every probe") {
  MatrixXd scores = scores_with_hits({19, 18, 5, 4, 0}, 19);
  scores(0, 0) = 1;  // as high as the best probe is no hit
  const auto decided = decide_by_probes(scores, 0.1);
  CHECK((decided.hits == Eigen::Array<Index, 5, 1>(18, 18, 5, 4, 0)).all());
  CHECK(decided.p_confirmed[0] == 2.0 / 20);
  CHECK(decided.p_confirmed[4] == 1);
  // There are 2^19 = 524288 sequences of tosses: 1 has no head, 5036 have at most 4 and 16664 at
  // most 5. Three hypotheses are left at the third's turn.
  CHECK(decided.p_rejected[4] == Approx(5 * 1 / 524288.0).epsilon(1e-12));
  CHECK(decided.p_rejected[3] == Approx(4 * 5036 / 524288.0).epsilon(1e-12));
  CHECK(decided.p_rejected[2] == Approx(3 * 16664 / 524288.0).epsilon(1e-12));
  CHECK(decided.p_rejected[0] == 1);
  CHECK(decided.decisions == std::vector<Relevance>{Relevance::Confirmed, Relevance::Confirmed,
                                                    Relevance::Rejected, Relevance::Rejected,
                                                    Relevance::Rejected});
  CHECK(decide_by_probes(scores).decisions ==
        std::vector<Relevance>{Relevance::Undecided, Relevance::Undecided, Relevance::Undecided,
                               Relevance::Rejected, Relevance::Rejected});
  CHECK(to_string(Relevance::Confirmed) == "confirmed");
  CHECK(to_string(Relevance::Rejected) == "rejected");
  CHECK(to_string(Relevance::Undecided) == "undecided");
}

TEST_CASE("Holm's adjustment") {
  // By hand: 4 * 0.01, 3 * 0.02; 2 * 0.02 is less than what came before; 1 * 0.9.
  const VectorXd adjusted = viann::detail::holm_adjusted(Eigen::Vector4d(0.9, 0.02, 0.01, 0.02));
  CHECK(adjusted.isApprox(Eigen::Vector4d(0.9, 0.06, 0.04, 0.06), 1e-15));
  CHECK(viann::detail::holm_adjusted(Eigen::Vector2d(0.7, 0.6)) == Eigen::Vector2d(1, 1));
}

TEST_CASE("tosses of a coin, also more than a double's exponent can tell") {
  const VectorXd four = viann::detail::coin_tosses_at_most(4);
  VectorXd expected(5);
  expected << 1, 5, 11, 15, 16;
  CHECK(four.isApprox(expected / 16, 1e-14));
  const VectorXd many = viann::detail::coin_tosses_at_most(3001);
  CHECK(many[1500] == Approx(0.5).epsilon(1e-9));
  CHECK(many[3001] == Approx(1).epsilon(1e-9));
}

namespace {

struct Rates {
  double confirmed_in_error = 0;  // of data sets: some irrelevant input
  double rejected_in_error = 0;   // of data sets: some relevant input
  double confirmed = 0;           // of relevant inputs
  double binomial_is_wrong = 0;   // as the first, by a binomial test of the hits
};

/// Draws data sets of 6 inputs: the first few determine the target, the others, correlated with
/// each other, do not. Fits a linear regression with probes in each of `runs` runs, by a few steps
/// of gradient descent, scores by the size of its coefficients, and counts how often decisions are
/// wrong.
Rates simulate(int data_sets, Index runs, Index relevant, double noise_of_training) {
  const Index n = 60;
  const Index p = 6;
  Rates rates;
  std::mt19937_64 random(2024);
  for (int set = 0; set < data_sets; ++set) {
    MatrixXd X = drawn(n, p, random);
    X.rightCols(p - relevant).colwise() += drawn(n, 1, random).col(0);
    X.rightCols(p - relevant) /= std::sqrt(2.0);
    const VectorXd y = X.leftCols(relevant).rowwise().sum() + drawn(n, 1, random);
    MatrixXd scores(2 * p, runs);
    for (Index run = 0; run < runs; ++run) {
      const MatrixXd Z = append_probes(X, {ProbeShuffle::Rows, random()});
      VectorXd coefficients = VectorXd::Zero(2 * p);
      for (int step = 0; step < 20; ++step) {
        coefficients -= 0.2 / static_cast<double>(n) * (Z.transpose() * (Z * coefficients - y));
      }
      scores.col(run) = (coefficients + noise_of_training * drawn(2 * p, 1, random)).cwiseAbs();
    }
    const auto decided = decide_by_probes(scores);
    const VectorXd binomial = viann::detail::holm_adjusted(
        viann::detail::coin_tosses_at_most(runs)((runs - decided.hits).eval()));
    bool wrong = false;
    bool binomial_is_wrong = false;
    bool rejected = false;
    for (Index i = 0; i < p; ++i) {
      const auto decision = decided.decisions[static_cast<std::size_t>(i)];
      if (i < relevant) {
        rates.confirmed += decision == Relevance::Confirmed;
        rejected |= decision == Relevance::Rejected;
      } else {
        wrong |= decision == Relevance::Confirmed;
        binomial_is_wrong |= binomial[i] <= 0.05;
      }
    }
    rates.confirmed_in_error += wrong;
    rates.rejected_in_error += rejected;
    rates.binomial_is_wrong += binomial_is_wrong;
  }
  rates.confirmed_in_error /= data_sets;
  rates.rejected_in_error /= data_sets;
  rates.confirmed /= static_cast<double>(data_sets * std::max(relevant, Index{1}));
  rates.binomial_is_wrong /= data_sets;
  return rates;
}

/// alpha and three standard errors of a rate over that many data sets.
double at_most_alpha(int data_sets) { return 0.05 + 3 * std::sqrt(0.05 * 0.95 / data_sets); }

}  // namespace

TEST_CASE("where nothing matters, something is confirmed in alpha of the data sets at most",
          "[simulation]") {
  const Index runs = GENERATE(19, 39);
  const double noise = GENERATE(0.0, 0.1);
  const int data_sets = 500;
  const Rates rates = simulate(data_sets, runs, 0, noise);
  CAPTURE(runs, noise, rates.confirmed_in_error, rates.binomial_is_wrong);
  CHECK(rates.confirmed_in_error <= at_most_alpha(data_sets));
  if (noise == 0) CHECK(rates.confirmed_in_error > 0.005);  // the test can detect errors
}

TEST_CASE("a binomial test of hits is fooled by runs that share the luck of their data",
          "[simulation]") {
  const Rates rates = simulate(200, 99, 0, 0);
  CAPTURE(rates.confirmed_in_error, rates.binomial_is_wrong);
  CHECK(rates.confirmed_in_error <= at_most_alpha(200));
  CHECK(rates.binomial_is_wrong > 0.2);
}

TEST_CASE("what matters is confirmed, and what does not beside it is not", "[simulation]") {
  const int data_sets = 500;
  const Rates rates = simulate(data_sets, 19, 2, 0.1);
  CAPTURE(rates.confirmed, rates.confirmed_in_error, rates.rejected_in_error);
  CHECK(rates.confirmed > 0.95);
  CHECK(rates.confirmed_in_error <= at_most_alpha(data_sets));
  CHECK(rates.rejected_in_error == 0);
}

TEST_CASE("given the data, an input that wins half of the runs is seldom rejected",
          "[simulation]") {
  std::mt19937_64 random(9);
  const int repeats = 1000;
  int wrong = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    MatrixXd scores = MatrixXd::Zero(16, 24);
    scores.row(8).setConstant(1);
    for (Index i = 0; i < 8; ++i) {
      for (Index run = 0; run < 24; ++run) scores(i, run) = random() % 2 == 0 ? 0 : 2;
    }
    const auto decisions = decide_by_probes(scores).decisions;
    wrong += std::count(decisions.begin(), decisions.end(), Relevance::Rejected) > 0;
  }
  CHECK(wrong <= at_most_alpha(repeats) * repeats);
  CHECK(wrong > 0);
}

TEST_CASE("as many runs as it takes are asked for, not one more") {
  for (const int denominator : {3, 20, 49, 98, 103, 107, 1000}) {
    const double alpha = 1.0 / denominator;
    CAPTURE(denominator);
    const auto runs = [](Eigen::Index n) -> MatrixXd {
      return Eigen::Vector2d(1, 0).replicate(1, n);
    };
    // alpha is rounded, and 1 / denominator may be above it; in double it is equal.
    CHECK(viann::decide_by_probes(runs(denominator - 1), alpha).decisions[0] ==
          viann::Relevance::Confirmed);
    CHECK(contains(message_of<std::invalid_argument>(
                       [&] { viann::decide_by_probes(runs(denominator - 2), alpha); }),
                   "make " + std::to_string(denominator - 1) + " runs or more"));
  }
}

TEST_CASE("an error rate that no number of runs can reach is refused, too") {
  const MatrixXd scores = MatrixXd::Random(4, 30);
  for (const double alpha : {1e-15, 1e-16, 1e-17, 1e-300}) {
    CHECK_THROWS_AS(viann::decide_by_probes(scores, alpha), std::invalid_argument);
  }
  CHECK(contains(
      message_of<std::invalid_argument>([&] { viann::decide_by_probes(scores, 1.0 / 1234567); }),
      "make 1234566 runs or more"));
}

TEST_CASE("scores that are none of inputs and probes are refused") {
  CHECK(contains(message_of<std::invalid_argument>([] { decide_by_probes(MatrixXd::Ones(3, 19)); }),
                 "viann::decide_by_probes: 3 scores are not those"));
  CHECK(contains(message_of<std::invalid_argument>([] { decide_by_probes(MatrixXd(4, 0)); }),
                 "4 features x 0 runs are no scores"));
  MatrixXd scores = MatrixXd::Ones(4, 19);
  for (const double alpha : {0.0, 0.5, not_a_number}) {
    CHECK(contains(message_of<std::invalid_argument>([&] { decide_by_probes(scores, alpha); }),
                   "an error rate lies between 0 and 0.5"));
  }
  CHECK(
      contains(message_of<std::invalid_argument>([&] { decide_by_probes(scores.leftCols(18)); }),
               "18 runs can confirm nothing at alpha = 0.05, because no p-value is below 1 / (1 + "
               "runs); make 19 runs or more"));
  scores(2, 7) = not_a_number;
  CHECK(contains(message_of<std::invalid_argument>([&] { decide_by_probes(scores); }),
                 "the score of feature 2 in run 7 is nan"));
}
