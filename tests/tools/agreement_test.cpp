// SPDX-License-Identifier: MIT
#include "viann/tools/agreement.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "support/catch.hpp"

using Eigen::Index;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace {

VectorXd scores(std::initializer_list<double> values) {
  return Eigen::Map<const VectorXd>(values.begin(), static_cast<Index>(values.size()));
}

bool near(double value, double expected) { return std::abs(value - expected) < 1e-14; }

/// Scores of `n` features, with `levels` different values at most.
VectorXd random_scores(Index n, int levels, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> level(1, levels);
  return VectorXd::NullaryExpr(n, [&] { return 0.1 * level(random); });
}

/// One more than the number of smaller scores, plus half the number of other equal scores.
VectorXd ranks_by_counting(const VectorXd& a) {
  return VectorXd::NullaryExpr(a.size(), [&](Index i) {
    const auto smaller = static_cast<double>((a.array() < a[i]).count());
    const auto equal = static_cast<double>((a.array() == a[i]).count());
    return smaller + 0.5 * (equal + 1);
  });
}

/// The definition, in long double.
double pearson_by_sums(const VectorXd& a, const VectorXd& b) {
  using Vector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;
  Vector x = a.cast<long double>(), y = b.cast<long double>();
  x.array() -= x.mean();
  y.array() -= y.mean();
  return static_cast<double>(x.dot(y) / std::sqrt(x.squaredNorm() * y.squaredNorm()));
}

}  // namespace

// The values that the documentation of scipy.stats gives for these vectors.
TEST_CASE("published values") {
  CHECK(near(viann::pearson(scores({1, 2, 3, 4, 5}), scores({10, 9, 2.5, 6, 4})),
             -0.7426106572325057));
  CHECK(
      near(viann::spearman(scores({1, 2, 3, 4, 5}), scores({5, 6, 7, 8, 7})), 0.8207826816681233));
}

TEST_CASE("agrees with the definitions, with many ties and with none") {
  const Index n = GENERATE(2, 3, 10, 64, 65, 300);
  const int levels = GENERATE(2, 5, 1000000);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const VectorXd a = random_scores(n, levels, seed), b = random_scores(n, levels, 1000 + seed);
    if ((a.array() == a[0]).all() || (b.array() == b[0]).all()) continue;
    CAPTURE(n, levels, seed);
    CHECK(std::abs(viann::pearson(a, b) - pearson_by_sums(a, b)) < 1e-13);
    CHECK(std::abs(viann::spearman(a, b) -
                   pearson_by_sums(ranks_by_counting(a), ranks_by_counting(b))) < 1e-13);
  }
}

TEST_CASE("equal scores share the mean of their places") {
  CHECK(viann::detail::average_ranks(scores({20, 10, 30, 10, 10})) == scores({4, 2, 5, 2, 2}));
}

TEST_CASE("agreement with itself, with its opposite, and with a monotone function of itself") {
  const VectorXd a = random_scores(50, 30, 1);
  for (auto* agreement : {viann::pearson, viann::spearman}) {
    CHECK(near(agreement(a, a), 1));
    CHECK(near(agreement(a, -a), -1));
    CHECK(near(agreement(a, 3 * a.array() + 7), 1));
  }
  const VectorXd cubed = a.array().cube();
  CHECK(near(viann::spearman(a, cubed), 1));
  CHECK(viann::pearson(a, cubed) < 0.99);
}

TEST_CASE("equal scores have no order to agree with") {
  const VectorXd equal = VectorXd::Constant(5, 0.1);  // their mean is not exactly 0.1
  for (auto* agreement : {viann::pearson, viann::spearman}) {
    CHECK(agreement(equal, random_scores(5, 100, 1)) == 0);
    CHECK(agreement(random_scores(5, 100, 1), equal) == 0);
    CHECK(agreement(equal, equal) == 0);
    CHECK(agreement(scores({3}), scores({4})) == 0);
  }
}

TEST_CASE("scores at the ends of double") {
  CHECK(near(viann::pearson(scores({-largest, 0, largest}), scores({-1, 0, 1})), 1));
  CHECK(near(viann::pearson(scores({-largest, -largest / 2, 0}), scores({-3, -2, -1})), 1));
  CHECK(near(viann::pearson(scores({0, least, 2 * least}), scores({3, 2, 1})), -1));
  CHECK(near(viann::pearson(scores({largest, -largest, largest}), scores({1, 0, 1})), 1));
}

TEST_CASE("the overlap of the most important features") {
  const VectorXd a = scores({5, 4, 3, 2, 1}), b = scores({1, 5, 4, 3, 2});
  CHECK(viann::top_k_overlap(a, b, 1) == 0);
  CHECK(near(viann::top_k_overlap(a, b, 2), 1.0 / 3));  // {0, 1} and {1, 2}
  CHECK(near(viann::top_k_overlap(a, b, 3), 0.5));      // {0, 1, 2} and {1, 2, 3}
  CHECK(viann::top_k_overlap(a, b, 5) == 1);
  CHECK(viann::top_k_overlap(a, a, 2) == 1);

  // Features 1 and 2 tie for the second place: both are in.
  const VectorXd tied = scores({9, 4, 4, 0, 0});
  CHECK(near(viann::top_k_overlap(tied, a, 2), 2.0 / 3));
  CHECK(near(viann::top_k_overlap(a, tied, 2), 2.0 / 3));
  CHECK(near(viann::top_k_overlap(VectorXd::Zero(5), a, 2), 0.4));
}

TEST_CASE("what cannot be compared is refused") {
  const auto check = [](const std::string& name, const auto& agreement) {
    const Vector3d good(1, 2, 3);
    check_refusals(
        {{[&] {
            agreement(good, scores({1, 2}));
          },
          name + ": 3 scores cannot be compared with 2"},
         {[&] { agreement(VectorXd(), VectorXd()); }, "viann::" + name + ": there are no scores"},
         {[&] { agreement(good, Vector3d(1, not_a_number, 2)); },
          name + ": the score of feature 1 is"},
         {[&] { agreement(Vector3d(1, 2, infinity), good); }, "the score of feature 2 is inf"}});
  };
  check("pearson", viann::pearson);
  check("spearman", viann::spearman);
  check("top_k_overlap",
        [](const VectorXd& a, const VectorXd& b) { return viann::top_k_overlap(a, b, 1); });
  for (const Index k : {-1, 0, 4}) {
    check_refusals({{[&] { viann::top_k_overlap(Vector3d(1, 2, 3), Vector3d(1, 2, 3), k); },
                     "there is no top " + std::to_string(k) + " of 3 features"}});
  }
}

TEST_CASE("no rounding takes a correlation beyond 1") {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::srand(seed);
    const Eigen::VectorXd x = Eigen::VectorXd::Random(3 + seed % 40);
    CAPTURE(seed);
    CHECK(viann::pearson(x, 3 * x) <= 1);
    CHECK(viann::pearson(x, -0.7 * x) >= -1);
    CHECK(viann::spearman(x, x) <= 1);
  }
}
