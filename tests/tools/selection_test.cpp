// SPDX-License-Identifier: MIT
#include "viann/tools/selection.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using viann::append_knockoffs;
using viann::KnockoffOptions;
using viann::KnockoffSampler;
using viann::select_by_knockoffs;

namespace {

/// Correlated columns on scales from 1 to 10^5, around other means than 0.
MatrixXd correlated(Index rows, Index cols, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  MatrixXd X = drawn(rows, cols, random);
  for (Index j = 1; j < cols; ++j) X.col(j) = 0.7 * X.col(j - 1) + X.col(j);
  for (Index j = 0; j < cols; ++j) X.col(j) *= std::pow(10.0, static_cast<double>(j % 6));
  return X.rowwise() + 3 * drawn(1, cols, random).row(0);
}

MatrixXd covariance(const MatrixXd& X) {
  const MatrixXd centred = X.rowwise() - X.colwise().mean();
  return centred.transpose() * centred / static_cast<double>(X.rows() - 1);
}

/// By how much, of the columns' deviations, an exchange of inputs with twins changes the means and
/// covariances of samples of inputs and twins: 0 if these are C in every block of the diagonal, and
/// C - S in all others, where S is 0 between groups.
double exchange_error(const MatrixXd& Z, Index twins, const std::vector<Index>& groups) {
  const auto p = static_cast<Index>(groups.size());
  const MatrixXd all = covariance(Z);
  double worst = 0;
  for (Index i = 0; i < p; ++i) {
    for (Index j = 0; j < p; ++j) {
      const double scale = std::sqrt(all(i, i) * all(j, j));
      const bool together =
          groups[static_cast<std::size_t>(i)] == groups[static_cast<std::size_t>(j)];
      const double s = together ? all(i, j) - all(i, p + j) : 0;
      for (Index a = 0; a <= twins; ++a) {
        for (Index b = 0; b <= twins; ++b) {
          const double error = all(a * p + i, b * p + j) - all(i, j) + (a == b ? 0 : s);
          worst = std::max(worst, std::abs(error) / scale);
        }
        worst =
            std::max(worst, std::abs((Z.col(a * p + i) - Z.col(i)).mean()) / std::sqrt(all(i, i)));
      }
    }
  }
  return worst;
}

const std::vector<Index> six = {0, 1, 2, 3, 4, 5};

}  // namespace

TEST_CASE("inputs and twins have means and covariances that no exchange changes") {
  const Index twins = GENERATE(1, 2, 4, 7);
  const MatrixXd X = correlated(200, 6, 1);
  KnockoffOptions options;
  options.twins = twins;
  const MatrixXd Z = append_knockoffs(X, options);
  CHECK(Z.rows() == 200);
  CHECK(Z.cols() == 6 * (twins + 1));
  CHECK(Z.leftCols(6) == X);
  CHECK(exchange_error(Z, twins, six) < 1e-7);
  // One more sample than columns in all is enough, and one less is not.
  const Index enough = 6 * (twins + 1) + 1;
  CHECK(exchange_error(append_knockoffs(X.topRows(enough), options), twins, six) < 1e-6);
  const MatrixXd few = append_knockoffs(X.topRows(enough - 1), options);
  CHECK(exchange_error(few, twins, six) > 1e-3);
}

TEST_CASE(
    "with few samples, twins have the inputs' covariance with the other inputs, and their "
    "variance in expectation") {
  const MatrixXd X = correlated(GENERATE(9, 30), 6, 1);
  const MatrixXd C = covariance(X);
  double variance = 0;
  KnockoffOptions options;
  for (; options.seed < 300; ++options.seed) {
    const MatrixXd all = covariance(append_knockoffs(X, options));
    for (Index j = 0; j < 30; ++j) {
      for (Index i = 0; i < 6; ++i) {
        if (i == j % 6) continue;
        const double scale = std::sqrt(C(i, i) * C(j % 6, j % 6));
        CHECK(all(i, j) == Approx(C(i, j % 6)).margin(1e-6 * scale));
      }
      variance += all(j, j) / C(j % 6, j % 6) / (30 * 300);
    }
  }
  CHECK(variance == Approx(1).margin(0.01));
  CHECK(append_knockoffs(X.topRows(8)).allFinite());
}

TEST_CASE("twins of a group keep their correlation with it") {
  KnockoffOptions options;
  options.groups = {0, 1, 0, 1, 2, 3};
  MatrixXd X = correlated(200, 6, 2);
  X.col(2) = 0.999 * X.col(0) + 0.001 * X.col(2);  // hopeless but for the group
  CHECK(exchange_error(append_knockoffs(X, options), 4, options.groups) < 1e-6);
  const MatrixXd C = covariance(X);
  const VectorXd mean = X.colwise().mean();
  const VectorXd together = KnockoffSampler(mean, C, options).distances();
  CHECK(together[0] > 0.2);
  CHECK(together[0] == together[2]);
  CHECK(KnockoffSampler(mean, C).distances()[0] < 0.01);
}

TEST_CASE("s is the least reconstructable") {
  // Of two inputs with covariance ((4, 2 r), (2 r, 1)) and one twin each, by a search.
  const double r = 0.6;
  double best = infinity, best_s = 0;
  for (double s = 0.001; s < 2 - 2 * r; s += 0.001) {
    const double objective = 1 / s + (2 - s) / ((2 - s) * (2 - s) - 4 * r * r);
    if (objective < best) best_s = s;
    best = std::min(best, objective);
  }
  KnockoffOptions options;
  options.twins = 1;
  const MatrixXd C = (MatrixXd(2, 2) << 4, 2 * r, 2 * r, 1).finished();
  const VectorXd s = KnockoffSampler(Eigen::Vector2d(0, 0), C, options).distances();
  CHECK((s.array() - best_s).abs().maxCoeff() < 0.003);
  // Independent inputs have independent twins, also in groups.
  options.groups = {0, 0, 1};
  for (; options.twins <= 4; ++options.twins) {
    const KnockoffSampler sampler(VectorXd::Zero(3), MatrixXd::Identity(3, 3), options);
    CHECK(sampler.distances().isApprox(VectorXd::Ones(3), 1e-3));
  }
}

TEST_CASE(
    "constants are their twins; copies and sums of others nearly so; one-hot columns are not") {
  std::mt19937_64 random(3);
  MatrixXd X = drawn(300, 9, random);
  X.col(1).setConstant(0.1);
  X.col(3) = 5 * X.col(2);
  X.col(5) = X.col(4) - X.col(0);
  for (Index i = 0; i < 300; ++i) {
    for (Index j = 6; j < 9; ++j) X(i, j) = i % 3 == j - 6 ? 1 : 0;
  }
  KnockoffOptions options;
  options.groups = {0, 1, 2, 3, 4, 5, 6, 6, 6};
  const MatrixXd Z = append_knockoffs(X, options);
  CHECK(Z.allFinite());
  for (Index k = 1; k <= 4; ++k) {
    for (const Index copy : {0, 2, 3, 4, 5}) {
      CHECK((Z.col(9 * k + copy) - X.col(copy)).norm() < 1e-3 * X.col(copy).norm());
    }
    CHECK(Z.col(9 * k + 1) == X.col(1));
    // They add up to 1 as the inputs do.
    CHECK((Z.middleCols(9 * k + 6, 3).rowwise().sum().array() - 1).abs().maxCoeff() < 1e-3);
  }
  const VectorXd distances =
      KnockoffSampler(X.colwise().mean(), covariance(X), options).distances();
  CHECK(distances[1] == 0);
  CHECK(distances.head(6).maxCoeff() < 1e-7);
  CHECK(distances[7] > 0.9);
  CHECK(append_knockoffs(MatrixXd::Constant(20, 2, 0.1)) == MatrixXd::Constant(20, 10, 0.1));
}

TEST_CASE("the seed decides the twins, the same ones on every platform") {
  MatrixXd X(6, 1);
  X << 1, 2, 3, 4, 5, 7;
  KnockoffOptions options;
  options.twins = 2;
  VectorXd expected(6);
  expected << 4.28305324211, 1.11437983378, 3.9106785416, 4.08975082906, 7.0755740291,
      1.52656352435;
  CHECK(append_knockoffs(X, options).col(1).isApprox(expected, 1e-6));
  CHECK(append_knockoffs(X.cast<float>(), options) == append_knockoffs(X, options));
  options.seed = 1;
  CHECK_FALSE(append_knockoffs(X, options).col(1).isApprox(expected, 0.01));
}

TEST_CASE("a row has the same twins in any batch, and they have the moments that were asked for") {
  const MatrixXd X = correlated(20000, 3, 4);
  KnockoffOptions options;
  options.twins = 2;
  options.seed = 5;
  const KnockoffSampler sampler(X.colwise().mean(), covariance(X), options);
  const MatrixXd twins = sampler.twins_of(X);
  CHECK(sampler.twins_of(X.middleRows(100, 7), 100).isApprox(twins.middleRows(100, 7), 1e-12));
  CHECK_FALSE(sampler.twins_of(X.middleRows(100, 7)).isApprox(twins.middleRows(100, 7), 0.1));
  MatrixXd Z(20000, 9);
  Z << X, twins;
  CHECK(exchange_error(Z, 2, {0, 1, 2}) < 0.05);  // some standard errors of 0.007
}

namespace {

/// The definition: the least t at which the estimate is at most q, of inputs x (1 + twins).
std::vector<Index> selected_by_search(const MatrixXd& scores, double q) {
  const auto m = static_cast<double>(scores.cols() - 1);
  const VectorXd own = scores.col(0),
                 best = scores.rightCols(scores.cols() - 1).rowwise().maxCoeff();
  double threshold = infinity;
  for (const double t : scores.reshaped()) {
    const auto lost =
        static_cast<double>((own.array() < best.array() && best.array() >= t).count());
    const auto won = static_cast<double>((own.array() > best.array() && own.array() >= t).count());
    if (won > 0 && (1 + lost) / (m * won) <= q) threshold = std::min(threshold, t);
  }
  std::vector<Index> selected;
  for (Index j = 0; j < own.size(); ++j) {
    if (own[j] > best[j] && own[j] >= threshold) selected.push_back(j);
  }
  return selected;
}

}  // namespace

TEST_CASE("selection, against a search of the definition; q-values agree with it at every q") {
  std::mt19937_64 random(6);
  int selections = 0;
  for (int repeat = 0; repeat < 300; ++repeat) {
    const Index p = 1 + static_cast<Index>(random() % 15), twins = 1 + repeat % 4;
    // Whole numbers, so that there are ties; divided by a power of two, so that shares are exact.
    MatrixXd scores = (4 * drawn(p, twins + 1, random)).cwiseAbs().unaryExpr([](double x) {
      return std::floor(x);
    });
    for (Index j = 0; j < p; j += 2) scores(j, 0) += static_cast<double>(random() % 9);
    double rest = -scores.sum();
    for (double power = 1; rest <= 0; power *= 2) rest = power - scores.sum();
    const VectorXd raw = scores.reshaped();
    VectorXd q_values;
    std::vector<Index> before;
    for (const double q : {0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.75, 0.99}) {
      const auto result = select_by_knockoffs(raw, q, twins);
      CAPTURE(repeat, q, scores);
      CHECK(result.selected == selected_by_search(scores, q));
      CHECK(std::includes(result.selected.begin(), result.selected.end(), before.begin(),
                          before.end()));
      CHECK(result.can_select == (1 / static_cast<double>(p * twins) <= q));
      CHECK((result.q_values.array() <= q).count() == static_cast<Index>(result.selected.size()));
      double lowest = infinity;
      for (const Index j : result.selected) lowest = std::min(lowest, result.statistics[j]);
      CHECK(result.threshold == lowest);
      if (q_values.size() == 0) q_values = result.q_values;
      CHECK(result.q_values == q_values);
      CHECK(q_values.maxCoeff() <= 1);
      before = result.selected;
      selections += result.selected.empty() ? 0 : 1;
    }
  }
  CHECK(selections > 100);
}

TEST_CASE("an exchange of an input's score with a twin's changes its sign and nothing else") {
  VectorXd raw(9);
  raw << 5, 1, 2, /**/ 3, 2, 2, /**/ 1, 6, 1;
  const auto statistics = [&]() -> VectorXd {
    return select_by_knockoffs(raw / 23, 0.5, 2).statistics * 23;
  };
  CHECK(statistics().isApprox(Eigen::Vector3d(5, -6, 0), 1e-12));
  std::swap(raw[0], raw[3]);
  std::swap(raw[1], raw[7]);
  CHECK(statistics().isApprox(Eigen::Vector3d(-5, 6, 0), 1e-12));
}

TEST_CASE("scores of groups are sums; several trainings are compared by their mean shares") {
  VectorXd raw(6);  // two groups, of inputs 0 and 2 and of 1, and one twin
  raw << 2, 5, 2, /**/ 3, 1, 0;
  const auto grouped = select_by_knockoffs(raw / 13, 0.5, 1, {0, 1, 0});
  CHECK(grouped.statistics.isApprox(Eigen::Vector2d(4, 5) / 13, 1e-12));
  CHECK(grouped.selected == std::vector<Index>{0, 1});
  CHECK(grouped.q_values == Eigen::Vector2d(0.5, 0.5));
  MatrixXd runs(4, 2);
  runs << 1, 40, 1, 10, /**/ 2, 0, 0, 50;  // shares .25 .4, .25 .1, .5 0, 0 .5
  CHECK(
      select_by_knockoffs(runs, 0.5, 1).statistics.isApprox(Eigen::Vector2d(0.325, -0.25), 1e-12));
}

TEST_CASE("what cannot be made or selected is refused") {
  const MatrixXd X = MatrixXd::Random(20, 2), I = MatrixXd::Identity(2, 2);
  const VectorXd zero = VectorXd::Zero(2), ones = VectorXd::Ones(10);
  MatrixXd bad = X;
  bad(7, 1) = not_a_number;
  KnockoffOptions none, gaps;
  none.twins = 0;
  gaps.groups = {0, 2};
  using Options = KnockoffOptions;
  const auto make = [](const MatrixXd& A, const Options& o = {}) { append_knockoffs(A, o); };
  const auto fit = [&](const MatrixXd& C, const Options& o = {}) { KnockoffSampler(zero, C, o); };
  const auto draw = [&](const MatrixXd& A) { KnockoffSampler(zero, I).twins_of(A); };
  const auto pick = [&](double q, Index twins = 4) { select_by_knockoffs(ones, q, twins); };
  const std::vector<std::pair<std::function<void()>, std::string>> calls = {
      {[&] { make(bad); }, "feature 1 of sample 7 is nan; only finite data"},
      {[&] { make(X.topRows(3)); },
       "append_knockoffs: 3 samples do not show how 2 features are correlated; take 4 samples"},
      {[&] { make(MatrixXd(9, 0)); }, "9 samples x 0 features"},
      {[&] { make(X, none); }, "0 twins of an input are no twins; ask for 1 or more"},
      {[&] { make(X, gaps); }, "append_knockoffs: feature 1 is in group 2"},
      {[&] { fit(MatrixXd::Identity(3, 3)); }, "3 x 3 numbers are no covariance of 2"},
      {[&] { fit(MatrixXd::Identity(1, 1)); }, "1 x 1 numbers are no covariance of 2"},
      {[&] { fit(-I); }, "2 x 2 numbers are no covariance of 2"},
      {[&] { fit((MatrixXd(2, 2) << 1, .5, .51, 1).finished()); }, "a symmetric matrix"},
      {[&] { KnockoffSampler(infinity * ones.head(2), I); }, "pass finite means"},
      {[] { KnockoffSampler(VectorXd(), MatrixXd()); }, "0 x 0 numbers are no covariance of 0"},
      {[&] { fit(infinity * I); }, "pass finite means"},
      {[&] { fit((MatrixXd(2, 2) << 1, 2, 2, 1).finished()); }, "has a negative eigenvalue"},
      {[&] { fit(I, none); }, "KnockoffSampler: 0 twins"},
      {[&] { draw(bad); }, "twins_of: feature 1 of sample 7 is nan"},
      {[&] { draw(MatrixXd::Ones(4, 3)); }, "3 features are not the 2"},
      {[&] { draw(MatrixXd::Ones(4, 1)); }, "1 features are not the 2"},
      {[&] { pick(0.2, 3); }, "10 scores with 3 twins"},
      {[&] { pick(0.2, 0); }, "0 twins of an input"},
      {[&] { pick(0); }, "q = 0: pass"},
      {[&] { pick(1); }, "a rate between 0 and 1"},
      {[&] { pick(not_a_number); }, "a rate between 0 and 1"},
      {[&] { select_by_knockoffs(-ones, 0.2); }, "must not be negative"},
      {[&] { select_by_knockoffs(ones, 0.2, 4, six); }, "there are 6 groups for 2 features"},
      {[&] { select_by_knockoffs(VectorXd(), 0.2); }, "are no scores"}};
  for (const auto& [call, phrase] : calls) {
    const std::string message = message_of<std::invalid_argument>(call);
    CAPTURE(phrase, message);
    CHECK((contains(message, phrase) && contains(message, "viann::")));
  }
  CHECK(
      contains(message_of<std::overflow_error>([&] { make(1e200 * X); }), "a variance is beyond"));
}

TEST_CASE("the share of false ones among those selected is at most q", "[simulation]") {
  std::mt19937_64 random(7);
  const double q = 0.2;
  const int repeats = 400;
  double rate = 0, power = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const MatrixXd X = correlated(120, 15, random());
    VectorXd y = 2 * drawn(120, 1, random);
    for (Index j = 0; j < 15; j += 3) y += X.col(j) / std::sqrt(covariance(X.col(j))(0, 0));
    KnockoffOptions options;
    options.seed = random();
    MatrixXd Z = append_knockoffs(X, options);
    Z.rowwise() -= Z.colwise().mean().eval();
    Z.colwise().normalize();
    VectorXd w = VectorXd::Zero(Z.cols());
    for (int step = 0; step < 100; ++step) w -= 0.03 * (Z.transpose() * (Z * w - y));
    const auto result = select_by_knockoffs(w.cwiseAbs(), q);
    double found = 0;
    for (const Index j : result.selected) found += j % 3 == 0 ? 1 : 0;
    const auto count = static_cast<double>(result.selected.size());
    rate += (count - found) / std::max(1.0, count) / repeats;
    power += found / 5 / repeats;
  }
  CAPTURE(rate, power);
  CHECK(rate < q + 3 * 0.3 / std::sqrt(repeats));
  CHECK(rate > 0.02);  // the test can detect errors
  CHECK(power > 0.3);
}
