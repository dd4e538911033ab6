// SPDX-License-Identifier: MIT
#include "viann/tools/baselines.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;
using viann::features_by_units;
using viann::garson;
using viann::leave_one_feature_out;
using viann::olden;
using viann::permutation_importance;
using viann::PermutationImportanceOptions;
using viann::Replacement;
using viann::units_by_features;

namespace {

MatrixXd drawn(Index rows, Index cols, unsigned seed) {
  std::mt19937_64 random(seed);
  return ::drawn(rows, cols, random);
}

// Two inputs, two hidden units, one output: the shares of unit 0 are 1/4 and 3/4, of unit 1 both
// 1/2.
const MatrixXd W = (MatrixXd(2, 2) << 1, -2, -3, 2).finished();

}  // namespace

TEST_CASE("Garson's textbook form weighs each unit's shares by its weight to the output") {
  const MatrixXd v = (MatrixXd(2, 1) << -3, 1).finished();
  const VectorXd scores = garson(features_by_units(W), features_by_units(v));
  // By hand: (1/4 * 3 + 1/2 * 1) / 4 and (3/4 * 3 + 1/2 * 1) / 4.
  REQUIRE(scores.size() == 2);
  CHECK(scores[0] == Approx(1.25 / 4).epsilon(1e-15));
  CHECK(scores[1] == Approx(2.75 / 4).epsilon(1e-15));
}

TEST_CASE("Garson adds up the outputs") {
  const MatrixXd v = (MatrixXd(2, 2) << -3, 0, 1, 5).finished();
  const VectorXd scores = garson(features_by_units(W), features_by_units(v));
  // The second output is fed by unit 1 alone.
  CHECK(scores[0] == Approx(1.25 / 4 + 0.5).epsilon(1e-15));
  CHECK(scores[1] == Approx(2.75 / 4 + 0.5).epsilon(1e-15));
}

TEST_CASE("Garson of units without weights") {
  const MatrixXd w = (MatrixXd(2, 3) << 1, 0, 4, 3, 0, 4).finished();  // nothing feeds unit 1
  const MatrixXd v = (MatrixXd(3, 1) << 1, 9, 0).finished();           // unit 2 feeds nothing
  CHECK(garson(features_by_units(w), features_by_units(v))
            .isApprox(Eigen::Vector2d(0.25, 0.75), 1e-15));
  CHECK(garson(features_by_units(MatrixXd::Zero(2, 3)), features_by_units(v)).isZero(0));
  CHECK(garson(features_by_units(w), features_by_units(MatrixXd::Zero(3, 1))).isZero(0));
}

TEST_CASE("Garson does not overflow or vanish with large and small weights") {
  const MatrixXd v = (MatrixXd(2, 1) << -3, 1).finished();
  const VectorXd scores = garson(features_by_units(W), features_by_units(v));
  for (const double c : {5e307, 1e-300}) {
    CHECK(garson(features_by_units(c * W), features_by_units(c * v)).isApprox(scores, 1e-14));
  }
  // A unit of tiny weights has its shares beside one of large weights.
  MatrixXd unequal = W;
  unequal.col(0) *= 1e-200;
  unequal.col(1) *= 1e200;
  CHECK(garson(features_by_units(unequal), features_by_units(v)).isApprox(scores, 1e-14));
}

TEST_CASE("the axis is said for the baselines, too") {
  const MatrixXd w = drawn(5, 4, 1);
  const MatrixXd v = drawn(4, 3, 2);
  const MatrixXf transposed = w.transpose().cast<float>();
  CHECK(garson(units_by_features(transposed), units_by_features(v.transpose()))
            .isApprox(garson(features_by_units(w), features_by_units(v)), 1e-6));
  CHECK(olden(units_by_features(w.transpose()), units_by_features(v.transpose())) ==
        olden(features_by_units(w), features_by_units(v)));
}

TEST_CASE("Olden is the product of all layers, signs and all") {
  const MatrixXd v = (MatrixXd(2, 1) << -3, 1).finished();
  // By hand: 1 * -3 + -2 * 1 and -3 * -3 + 2 * 1.
  CHECK(olden(features_by_units(W), features_by_units(v)) == Eigen::Vector2d(-5, 11));
  CHECK(olden(features_by_units(W)) == W);

  // A network without activations has this product as its derivative.
  const MatrixXd a = drawn(4, 6, 1);
  const MatrixXd b = drawn(6, 5, 2);
  const MatrixXd c = drawn(5, 2, 3);
  const MatrixXd derivative =
      olden(features_by_units(a), features_by_units(b), features_by_units(c));
  const auto net = [&](MatrixXd x) {
    for (const auto* layer : {&a, &b, &c}) x = x * *layer;
    return x;
  };
  for (Index i = 0; i < 4; ++i) {
    const MatrixXd unit = MatrixXd::Identity(4, 4).row(i);
    CHECK(derivative.row(i).isApprox(net(unit), 1e-13));
  }
}

TEST_CASE("layers that cannot be are refused, by name") {
  const auto layer = [](Index inputs, Index units) {
    return features_by_units(MatrixXd(MatrixXd::Ones(inputs, units)));
  };
  const MatrixXd large = MatrixXd::Constant(2, 2, 1e200);
  MatrixXd bad = MatrixXd::Ones(3, 4);
  bad(2, 1) = not_a_number;
  check_refusals(
      {{[&] { garson(layer(3, 6), layer(5, 1)); },
        "viann::garson: a layer of 6 units cannot feed a layer of 5 inputs"},
       {[&] { olden(layer(3, 4), layer(4, 2), layer(3, 1)); },
        "viann::olden: a layer of 2 units cannot feed a layer of 3 inputs"},
       {[&] { garson(features_by_units(bad), layer(4, 1)); },
        "viann::garson: the weight from input 2 to unit 1 is nan"},
       {[&] { olden(layer(3, 4), layer(4, 0)); }, "4 inputs x 0 units has no weights"},
       {[&] { garson(layer(0, 4), layer(4, 1)); }, "viann::garson: a layer of 0 inputs x 4"}});
  check_refusals<std::overflow_error>(
      {{[&] { olden(features_by_units(large), features_by_units(large)); },
        "viann::olden: a product of weights is beyond the range of double"}});
}

namespace {

// A linear model with its targets: y = X beta exactly, and the mean squared error as its loss. If
// feature i is replaced, the error is beta_i (x_i - replacement).
struct Linear {
  MatrixXd X = drawn(400, 4, 5);
  VectorXd beta = Eigen::Vector4d(2, -1, 0, 0.5);
  VectorXd y = X * beta;
  double loss(const MatrixXd& Z) const {
    return (Z * beta - y).squaredNorm() / static_cast<double>(y.size());
  }
};

}  // namespace

TEST_CASE("leaving one feature out of a linear model costs beta^2 times its variance") {
  Linear model;
  model.X.col(1).array() += 3;  // so that its mean differs from zero
  model.y = model.X * model.beta;
  const auto loss = [&](const MatrixXd& Z) { return model.loss(Z); };
  const MatrixXd before = model.X;
  const VectorXd by_mean = leave_one_feature_out(model.X, loss);
  const VectorXd by_zero = leave_one_feature_out(model.X, loss, Replacement::Zero);
  CHECK(model.X == before);
  for (Index i = 0; i < 4; ++i) {
    const auto x = model.X.col(i).array();
    const double b2 = model.beta[i] * model.beta[i];
    CHECK(by_mean[i] == Approx(b2 * (x - x.mean()).square().mean()).margin(1e-12));
    CHECK(by_zero[i] == Approx(b2 * x.square().mean()).margin(1e-12));
  }
  CHECK(by_zero[1] > 5 * by_mean[1]);
}

TEST_CASE("the loss without a feature is told as an increase over the loss with it") {
  const Linear model;
  const auto offset = [&](const MatrixXd& Z) { return model.loss(Z) + 100; };
  const auto plain = [&](const MatrixXd& Z) { return model.loss(Z); };
  CHECK(leave_one_feature_out(model.X, offset)
            .isApprox(leave_one_feature_out(model.X, plain), 1e-11));
  CHECK(permutation_importance(model.X, offset)
            .mean.isApprox(permutation_importance(model.X, plain).mean, 1e-11));
}

TEST_CASE("permutation importance of a linear model is about 2 beta^2 times the variance") {
  const Linear model;
  PermutationImportanceOptions options;
  options.repeats = 50;
  const auto result = permutation_importance(
      model.X, [&](const MatrixXd& Z) { return model.loss(Z); }, options);
  CHECK(PermutationImportanceOptions().repeats == 5);
  CHECK(PermutationImportanceOptions().seed == 0);
  REQUIRE(result.loss_increases.rows() == 4);
  REQUIRE(result.loss_increases.cols() == 50);
  for (Index i = 0; i < 4; ++i) {
    // Over all permutations p, the mean of (x_i - x_p(i))^2 is exactly 2 n / (n - 1) times the mean
    // square deviation, less the pairs i = p(i); the result has the standard error over 50.
    const auto x = model.X.col(i).array();
    const double expected = 2 * model.beta[i] * model.beta[i] * (x - x.mean()).square().mean();
    const double standard_error = result.standard_deviation[i] / std::sqrt(50.0);
    CHECK(std::abs(result.mean[i] - expected) <= 6 * standard_error + 1e-12);
    const auto row = result.loss_increases.row(i).array();
    CHECK(result.mean[i] == Approx(row.mean()).margin(1e-14));
    CHECK(result.standard_deviation[i] ==
          Approx(std::sqrt((row - row.mean()).square().mean())).margin(1e-14));
  }
  CHECK(result.mean[0] > 0);
  CHECK(result.standard_deviation[0] > 0);
  CHECK(result.mean[2] == 0);
}

TEST_CASE("every call of the loss sees one column permuted and the others as they were") {
  const MatrixXd X = drawn(30, 3, 7);
  std::vector<MatrixXd> seen;
  PermutationImportanceOptions options;
  options.repeats = 2;
  permutation_importance(
      X,
      [&](const MatrixXd& Z) {
        seen.push_back(Z);
        return 0.0;
      },
      options);
  REQUIRE(seen.size() == 7);
  CHECK(seen[0] == X);
  for (Index call = 1; call < 7; ++call) {
    const MatrixXd& Z = seen[static_cast<std::size_t>(call)];
    const Index permuted = (call - 1) / 2;
    for (Index j = 0; j < 3; ++j) {
      CHECK((Z.col(j) == X.col(j)) == (j != permuted));
      CHECK(std::multiset<double>(Z.col(j).begin(), Z.col(j).end()) ==
            std::multiset<double>(X.col(j).begin(), X.col(j).end()));
    }
  }
  CHECK(seen[1] != seen[2]);
}

TEST_CASE("features of a group are permuted together, and the result is by group") {
  const MatrixXd X = drawn(30, 4, 7);
  std::vector<MatrixXd> seen;
  PermutationImportanceOptions options;
  options.repeats = 2;
  options.groups = {1, 0, 1, 0};
  const auto result = permutation_importance(
      X,
      [&](const MatrixXd& Z) {
        seen.push_back(Z);
        return (Z.col(0) - X.col(0)).norm();
      },
      options);
  REQUIRE(seen.size() == 5);
  for (std::size_t call = 1; call < 5; ++call) {
    const Index group = call < 3 ? 0 : 1;
    std::set<Index> rows;  // where X's rows of the group have come from
    for (Index row = 0; row < 30; ++row) {
      Index from = 0;
      while (X(from, 1 - group) != seen[call](row, 1 - group)) ++from;
      rows.insert(from);
      CHECK(seen[call](row, 3 - group) == X(from, 3 - group));
      CHECK(seen[call](row, group) == X(row, group));
      CHECK(seen[call](row, 2 + group) == X(row, 2 + group));
    }
    CHECK(rows.size() == 30);
    CHECK(seen[call].col(1 - group) != X.col(1 - group));
  }
  CHECK(seen[1] != seen[2]);
  CHECK(result.mean[0] == 0);
  CHECK(result.mean[1] == Approx(result.loss_increases.row(1).mean()));
  CHECK(result.mean[1] > 0);
  CHECK(result.standard_deviation.size() == 2);
  CHECK(result.loss_increases.rows() == 2);
}

TEST_CASE("a seed gives the same permutations with every standard library") {
  const MatrixXd X = VectorXd::LinSpaced(6, 0, 5).replicate(1, 2);
  std::vector<std::vector<double>> orders;
  permutation_importance(X,
                         [&](const MatrixXd& Z) {
                           const Index permuted = orders.size() < 3 ? 0 : 1;
                           orders.emplace_back(Z.col(permuted).begin(), Z.col(permuted).end());
                           return 0.0;
                         },
                         {2, 1});
  CHECK(orders == std::vector<std::vector<double>>{{0, 1, 2, 3, 4, 5},
                                                   {1, 3, 0, 4, 5, 2},
                                                   {4, 0, 2, 1, 5, 3},
                                                   {4, 0, 5, 1, 3, 2},
                                                   {1, 0, 5, 2, 4, 3}});
  const auto first = [](const MatrixXd& Z) { return Z(0, 0); };
  CHECK(permutation_importance(X, first, {9, 1}).loss_increases !=
        permutation_importance(X, first, {9, 2}).loss_increases);
}

TEST_CASE("groups that leave something out, or a group's loss that tells nothing, are refused") {
  const MatrixXd X = drawn(10, 3, 1);
  int calls = 0;
  const auto refused = [&](const std::vector<Index>& groups) {
    PermutationImportanceOptions options;
    options.groups = groups;
    return message_of<std::invalid_argument>([&] {
      permutation_importance(
          X, [&](const MatrixXd&) { return ++calls == 1 ? 0.0 : not_a_number; }, options);
    });
  };
  CHECK(contains(refused({0, 1}),
                 "viann::permutation_importance: there are 2 groups for 3 features"));
  CHECK(contains(refused({0, 3, 1}), "feature 1 is in group 3; number the groups 0, 1, ..."));
  CHECK(contains(refused({0, 0, 2}), "no feature is in group 1"));
  CHECK(calls == 0);
  CHECK(contains(refused({0, 0, 1}), "the loss without group 0 is nan"));
}

TEST_CASE("the loss gets X's own type and storage order") {
  using RowMajorF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajorF X = drawn(20, 3, 1).cast<float>();
  const auto loss = [](const auto& Z) {
    static_assert(std::is_same_v<decltype(Z), const RowMajorF&>);
    return Z.col(0).squaredNorm();
  };
  CHECK(leave_one_feature_out(X, loss, Replacement::Zero)[0] ==
        Approx(-X.col(0).squaredNorm()).epsilon(1e-6));
  CHECK(permutation_importance(X, loss).mean.size() == 3);
  CHECK(leave_one_feature_out(X.topRows(10), loss).size() == 3);  // an expression
}

TEST_CASE("data and losses that tell nothing are refused") {
  const MatrixXd X = drawn(10, 2, 1);
  const auto zero = [](const MatrixXd&) { return 0.0; };
  check_refusals(
      {{[&] { permutation_importance(MatrixXd(0, 3), zero); }, "X is 0 samples x 3 features"},
       {[&] { leave_one_feature_out(MatrixXd(3, 0), zero); }, "X is 3 samples x 0 features"},
       {[&] {
          permutation_importance(X, zero, {0, 0});
        },
        "0 repeats score nothing"},
       {[&] { permutation_importance(X, [](const MatrixXd&) { return not_a_number; }); },
        "viann::permutation_importance: the loss on X as it is is nan"},
       {[&] {
          leave_one_feature_out(
              X, [&](const MatrixXd& Z) { return Z(0, 1) == X(0, 1) ? 0.0 : not_a_number; });
        },
        "viann::leave_one_feature_out: the loss without feature 1 is nan"},
       {[&] {
          permutation_importance(
              X, [&](const MatrixXd& Z) { return Z.col(1) == X.col(1) ? 0.0 : infinity; });
        },
        "viann::permutation_importance: the loss without feature 1 is inf"}});
}

TEST_CASE("a feature's mean is taken in double, whatever the data's type") {
  const auto value_of = [](auto number, Index rows, const auto& at) {
    using Scalar = decltype(number);
    using Data = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Data X(rows, 2);
    for (Index i = 0; i < rows; ++i) X(i, 0) = X(i, 1) = static_cast<Scalar>(at(i));
    double seen = 0;
    int calls = 0;
    viann::leave_one_feature_out(X, [&](const Data& data) {
      if (++calls == 2) seen = static_cast<double>(data(0, 0));
      return 0.0;
    });
    return seen;
  };
  CHECK(value_of(1.0F, 1000000, [](Index i) { return 100 + i % 3; }) == Approx(101).epsilon(1e-6));
  CHECK(value_of(Eigen::half(), 100000, [](Index i) { return 1 + i % 3; }) == 2);
  CHECK(value_of(Eigen::bfloat16(), 100000, [](Index i) { return 1 + i % 3; }) == 2);
  CHECK(value_of(1.0, 4, [](Index) { return 1e308; }) == 1e308);
  const double missing[] = {not_a_number, 1, infinity, 3};
  CHECK(value_of(1.0, 4, [&](Index i) { return missing[i]; }) == 2);
  CHECK(value_of(1.0F, 4, [&](Index i) { return missing[i]; }) == 2);
  CHECK(contains(message_of<std::invalid_argument>(
                     [&] { value_of(1.0, 2, [](Index) { return not_a_number; }); }),
                 "feature 0 has no finite value, and so no mean; pass Replacement::Zero."));
}
