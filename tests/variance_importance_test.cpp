// SPDX-License-Identifier: MIT
#include "viann/variance_importance.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
#include "support/trajectories.hpp"

using Eigen::Matrix2d;
using MatrixXd = ColMajorMatrixXd;
using Eigen::Vector2d;
using Eigen::VectorXd;
using viann::features_by_units;
using viann::ScoreCombination;
using viann::units_by_features;
using viann::VarianceImportance;
using viann::VarianceImportanceOptions;

namespace {

/// A hook that has observed weights of shape features x units, in either memory order.
template <typename Scalar = double>
VarianceImportance<Scalar> observed(const Trajectory& trajectory,
                                    VarianceImportanceOptions options = {},
                                    bool row_major = false) {
  VarianceImportance<Scalar> importance(options);
  for (const auto& weights : trajectory) observe(importance, weights, row_major);
  return importance;
}

/// The paper's formula, spelled out in long double.
VectorXd formula(const Trajectory& trajectory, bool with_magnitude = true) {
  const TwoPass exact(trajectory);
  const auto last = trajectory.back().array().abs().cast<long double>();
  if (with_magnitude) return (exact.variance * last).rowwise().sum().matrix().cast<double>();
  return exact.variance.rowwise().sum().matrix().cast<double>();
}

Matrix2d matrix(double a, double b, double c, double d) {
  return (Matrix2d() << a, b, c, d).finished();
}

}  // namespace

TEST_CASE("the options' defaults are the paper's") {
  const VarianceImportanceOptions options;
  CHECK(options.combination == ScoreCombination::VarianceTimesMagnitude);
  CHECK_FALSE(options.observe_initial_weights);
  CHECK(options.max_epochs == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("the paper's formula by hand") {
  VarianceImportance<> importance;
  // Variances over the epochs: feature 0 has 4 and 0, feature 1 has 1 and 9.
  importance.on_epoch_end(features_by_units(matrix(1, 5, 2, -3)));
  importance.on_epoch_end(features_by_units(matrix(3, 5, 3, 0)));
  importance.on_epoch_end(features_by_units(matrix(5, 5, 4, -6)));
  CHECK(importance.features() == 2);
  CHECK(importance.units() == 2);
  CHECK(importance.epochs() == 3);
  CHECK(importance.weight_mean().isApprox(matrix(3, 5, 3, -3).array(), 1e-15));
  CHECK(importance.weight_variance().isApprox(matrix(4, 0, 1, 9).array(), 1e-15));
  CHECK(importance.raw_scores().isApprox(Vector2d(4 * 5 + 0, 1 * 4 + 9 * 6), 1e-15));
  CHECK(importance.scores() == Vector2d(0, 1));
  importance.on_train_end();
}

TEST_CASE("the variance alone by hand") {
  VarianceImportanceOptions options;
  options.combination = ScoreCombination::Variance;
  const auto importance =
      observed({matrix(1, 5, 2, -3), matrix(3, 5, 3, 0), matrix(5, 5, 4, -6)}, options);
  CHECK(importance.raw_scores().isApprox(Vector2d(4, 10), 1e-15));
}

TEMPLATE_TEST_CASE("agrees with the formula for generated layers", "", float, double, long double) {
  const auto shape = GENERATE(from_range(layer_shapes()));
  const bool with_magnitude = GENERATE(true, false);
  const bool row_major = GENERATE(true, false);
  Trajectory trajectory = random_walk(shape.first, shape.second, 12, 41);
  for (auto& weights : trajectory) weights = weights.cast<float>().cast<double>().eval();
  VarianceImportanceOptions options;
  if (!with_magnitude) options.combination = ScoreCombination::Variance;
  const auto importance = observed<TestType>(trajectory, options, row_major);
  CAPTURE(shape, with_magnitude, row_major);
  const double tolerance = std::is_same_v<TestType, float> ? 1e-4 : 1e-12;
  CHECK(relative_error(importance.raw_scores(), formula(trajectory, with_magnitude)) < tolerance);
  const TwoPass exact(trajectory);
  CHECK(relative_error(importance.weight_variance(), exact.variance) < 10 * tolerance);
  CHECK((importance.weight_mean().template cast<long double>() - exact.mean).abs().maxCoeff() <
        tolerance);
}

TEMPLATE_TEST_CASE("weights of any real type", "", float, Eigen::half) {
  using Weights = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  VarianceImportance<> importance;
  Trajectory rounded;
  for (const auto& weights : random_walk(6, 5, 9, 47)) {
    const Weights W = weights.cast<TestType>();
    rounded.push_back(W.template cast<double>());
    importance.on_epoch_end(features_by_units(W));
  }
  CHECK(relative_error(importance.raw_scores(), formula(rounded)) < 1e-12);
}

TEST_CASE("features in another order: the same scores in that order") {
  const auto shape = GENERATE(from_range(layer_shapes()));
  const bool row_major = GENERATE(true, false);
  const Trajectory trajectory = random_walk(shape.first, shape.second, 10, 59);
  const std::vector<int> order = any_order(shape.first, 61);
  Trajectory permuted;
  for (const auto& weights : trajectory) permuted.push_back(weights(order, Eigen::all));
  const auto original = observed<double>(trajectory, {}, row_major);
  const auto reordered = observed<double>(permuted, {}, row_major);
  CAPTURE(shape, row_major);
  CHECK(reordered.raw_scores() == original.raw_scores()(order));
  CHECK(reordered.scores() == original.scores()(order));
}

TEST_CASE("scores may be read after every epoch") {
  const auto trajectory = random_walk(4, 3, 10, 67);
  VarianceImportance<> importance;
  Trajectory so_far;
  for (const auto& weights : trajectory) {
    importance.on_epoch_end(features_by_units(weights));
    so_far.push_back(weights);
    if (so_far.size() < 2) continue;
    CHECK(relative_error(importance.raw_scores(), formula(so_far)) < 1e-12);
  }
}

TEST_CASE("equal raw scores are all zero, never NaN") {
  const auto still = observed(Trajectory(5, MatrixXd::Constant(3, 4, 0.1)));
  CHECK(still.raw_scores() == VectorXd::Zero(3));
  CHECK(still.scores() == VectorXd::Zero(3));
}

TEST_CASE("the weights before training are an observation only if asked for") {
  const auto trajectory = random_walk(4, 3, 6, 71);
  const auto observe = [&](VarianceImportanceOptions options) {
    VarianceImportance<> importance(options);
    importance.on_train_begin(features_by_units(trajectory[0]));
    CHECK(importance.features() == 4);
    CHECK(importance.units() == 3);
    CHECK(importance.epochs() == 0);
    for (std::size_t t = 1; t < trajectory.size(); ++t) {
      importance.on_epoch_end(features_by_units(trajectory[t]));
      CHECK(importance.epochs() == static_cast<std::int64_t>(t));
      if (options.observe_initial_weights) importance.on_train_end();  // from the first epoch on
    }
    return importance.raw_scores();
  };
  VarianceImportanceOptions with_initial;
  with_initial.observe_initial_weights = true;
  const Trajectory after(trajectory.begin() + 1, trajectory.end());
  CHECK(observe({}) == observed(after).raw_scores());
  CHECK(observe(with_initial) == observed(trajectory).raw_scores());
}

TEST_CASE("initial weights that were asked for must come") {
  VarianceImportanceOptions options;
  options.observe_initial_weights = true;
  VarianceImportance<> importance(options);
  CHECK(contains(message_of<std::logic_error>(
                     [&] { importance.on_epoch_end(features_by_units(MatrixXd::Ones(3, 4))); }),
                 "call on_train_begin() with the weights before training first"));
  CHECK(importance == VarianceImportance<>(options));
}

TEST_CASE("fewer than two observations have no score") {
  VarianceImportance<> importance;
  const auto check = [&](const std::string& seen) {
    const std::string name = "viann::VarianceImportance: ";
    check_refusals<std::logic_error>({{[&] { importance.raw_scores(); }, seen},
                                      {[&] { importance.scores(); }, name + "a score takes"},
                                      {[&] { importance.on_train_end(); }, seen}});
  };
  check("there were 0");
  CHECK(importance.features() == 0);
  CHECK(importance.weight_mean().size() == 0);
  importance.on_train_begin(features_by_units(MatrixXd::Ones(3, 4)));
  check("there were 0");
  importance.on_epoch_end(features_by_units(MatrixXd::Ones(3, 4)));
  check("there was 1");
  CHECK(importance.weight_variance().rows() == 3);
  CHECK(importance.weight_variance().cols() == 4);
  CHECK(importance.weight_variance().isNaN().all());
}

TEST_CASE("first weights that are refused change nothing") {
  VarianceImportance<> importance;
  const auto refused = [&](const auto& view) {
    const auto message = message_of<std::invalid_argument>([&] { importance.on_epoch_end(view); });
    CHECK(importance == VarianceImportance<>());
    CHECK(contains(message, "viann::VarianceImportance: epoch 1: "));
    return message;
  };
  CHECK(contains(refused(features_by_units(MatrixXd(0, 4))), "(0 features x 4 units); build"));
  CHECK(contains(refused(units_by_features(MatrixXd(0, 4))), "4 features x 0 units"));
  MatrixXd bad = MatrixXd::Zero(3, 4);
  bad(2, 1) = not_a_number;
  CHECK(contains(refused(features_by_units(bad)), "(feature 2, unit 1) is nan; training has"));
}

TEST_CASE("a hook that was moved from needs no on_train_begin either") {
  const auto small = random_walk(3, 4, 5, 73), large = random_walk(50, 60, 5, 73);
  auto source = observed(small);
  auto target = std::move(source);
  for (const auto& weights : large) {
    source.on_epoch_end(features_by_units(weights));  // NOLINT(bugprone-use-after-move)
  }
  CHECK(source == observed(large));
  CHECK(target == observed(small));
}

TEST_CASE("only the first max_epochs epochs are observed") {
  const std::int64_t most = GENERATE(2, 3, 7, 8, 9);
  const auto trajectory = random_walk(3, 4, 8, 91);
  VarianceImportanceOptions options;
  options.max_epochs = most;
  options.observe_initial_weights = GENERATE(true, false);
  const bool row_major = GENERATE(true, false);
  VarianceImportance<> limited(options), ended;
  options.max_epochs = VarianceImportanceOptions().max_epochs;
  ended = VarianceImportance<>(options);
  limited.on_train_begin(features_by_units(trajectory[0]));
  ended.on_train_begin(features_by_units(trajectory[0]));
  for (const auto& weights : trajectory) {
    observe(limited, weights, row_major);
    if (ended.epochs() < most) observe(ended, weights, row_major);
  }
  CAPTURE(most, options.observe_initial_weights);
  CHECK(limited.epochs() == 8);
  CHECK(limited.raw_scores() == ended.raw_scores());
  CHECK(limited.scores() == ended.scores());
  CHECK((limited.weight_mean() == ended.weight_mean()).all());
  CHECK((limited.weight_variance() == ended.weight_variance()).all());
  limited.on_train_end();

  // Weights that are no longer observed are checked all the same.
  const auto before = limited;
  CHECK(contains(message_of<std::invalid_argument>([&] {
                   limited.on_epoch_end(features_by_units(MatrixXd::Constant(3, 4, infinity)));
                 }),
                 "epoch 9: the weight of (feature 0, unit 0) is inf"));
  CHECK_THROWS_AS(limited.on_epoch_end(features_by_units(MatrixXd::Zero(3, 5))),
                  std::invalid_argument);
  CHECK(limited == before);

  VarianceImportance<> resumed;
  load(resumed, saved(limited));
  CHECK(resumed == limited);
  for (auto* importance : {&limited, &resumed}) observe(*importance, trajectory[0], row_major);
  CHECK(resumed == limited);
  CHECK(resumed != before);
}

TEST_CASE("max_epochs must leave two observations") {
  VarianceImportanceOptions options;
  options.max_epochs = GENERATE(1, 0, -1);
  CHECK(contains(message_of<std::invalid_argument>([&] { VarianceImportance<> refused(options); }),
                 "viann::VarianceImportance: max_epochs is " + std::to_string(options.max_epochs) +
                     ", but a variance takes at least two observations"));
  options.observe_initial_weights = true;
  if (options.max_epochs < 1) {
    CHECK_THROWS_AS(VarianceImportance<>(options), std::invalid_argument);
  } else {
    const auto importance = trained(random_walk(3, 4, 6, 93), VarianceImportance<>(options));
    CHECK(importance.raw_scores().size() == 3);
  }
}

TEST_CASE("scores beyond the range of the state are an error, not infinity") {
  const auto importance = observed({matrix(0, 0, 1, 1), matrix(0, 0, 1e200, 1)});
  CHECK(contains(message_of<std::overflow_error>([&] { importance.raw_scores(); }),
                 "viann::VarianceImportance: after epoch 2 the score of feature 1 is too large"));
  CHECK_THROWS_AS(importance.scores(), std::overflow_error);
}

TEST_CASE("comparison sees options and state") {
  const auto trajectory = random_walk(3, 4, 5, 103);
  const auto importance = observed(trajectory);
  VarianceImportanceOptions options;
  options.combination = ScoreCombination::Variance;
  CHECK(importance != observed(trajectory, options));
  options = {};
  options.max_epochs = 7;
  CHECK(importance != observed(trajectory, options));
  CHECK(observed({-trajectory[0], trajectory[0]}) != observed({2 * trajectory[0], trajectory[0]}));
  // The same two observations, but one was no epoch.
  options = {};
  options.observe_initial_weights = true;
  VarianceImportance<> with_initial(options);
  CHECK(with_initial != VarianceImportance<>());
  with_initial.on_train_begin(features_by_units(trajectory[0]));
  with_initial.on_epoch_end(features_by_units(trajectory[1]));
  CHECK(with_initial != observed({trajectory[0], trajectory[1]}));
  // The same mean and variance, but other last weights.
  CHECK(observed({matrix(1, 1, 1, 1), matrix(3, 3, 3, 3)}) !=
        observed({matrix(3, 3, 3, 3), matrix(1, 1, 1, 1)}));
}

TEST_CASE("a saved hook comes back with its options") {
  VarianceImportanceOptions options;
  options.combination =
      GENERATE(ScoreCombination::Variance, ScoreCombination::VarianceTimesMagnitude);
  options.observe_initial_weights = GENERATE(true, false);
  options.max_epochs = GENERATE(4, 100);
  const auto trajectory = random_walk(3, 4, 8, 107);
  VarianceImportance<> straight(options), resumed;
  straight.on_train_begin(features_by_units(trajectory[0]));
  for (const auto& weights : trajectory) {
    load(resumed, saved(straight));
    CHECK(resumed == straight);
    for (auto* importance : {&straight, &resumed}) observe(*importance, weights);
    CHECK(resumed == straight);
  }
  VarianceImportance<> unused(options);
  load(resumed, saved(unused));
  CHECK(resumed == unused);
}

TEST_CASE("an archive that does not fit together is refused and changes nothing") {
  VarianceImportanceOptions options;
  options.max_epochs = 9;
  auto importance = observed(random_walk(3, 4, 5, 109), options);
  const auto before = importance;
  const Words words = words_of(saved(importance));
  // After the head: combination, observe_initial_weights, max_epochs, epochs, features, units,
  // memory order, and the count of observations; at the end the sums and the checksum.
  REQUIRE(with_words(words, 3, {0, 0, 9, 5, 3, 4, 1, 5}) == words);
  const auto refused = [&](const Words& from, std::size_t first,
                           const std::vector<std::int64_t>& others) {
    CAPTURE(first, others);
    CHECK(contains(
        message_of<std::runtime_error>([&] { load(importance, altered(from, first, others)); }),
        "viann::VarianceImportance: the archive is damaged"));
    CHECK(importance == before);
  };
  constexpr std::int64_t many = std::int64_t{1} << 60;
  using Head = std::vector<std::int64_t>;
  for (const Head& head :
       {Head{7, 0, 9, 5, 3, 4, 1, 5}, Head{-1, 0, 9, 5, 3, 4, 1, 5},
        Head{1 + (many << 2), 0, 9, 5, 3, 4}, Head{0, 1, 9, 5, 3, 4, 1, 5},
        Head{0, 2, 9, 5, 3, 4, 1, 5}, Head{0, 0, 1, 5, 3, 4, 1, 5}, Head{0, 0, 4, 5, 3, 4, 1, 5},
        Head{0, 0, 9, 6, 3, 4, 1, 5}, Head{0, 0, 9, -5, 3, 4, 1, 5}, Head{0, 0, 9, 4, 3, 4, 1, 5},
        Head{0, 0, 5, many, 3, 4, 1, 5}, Head{0, 0, 9, 5, 2, 4, 1, 5}, Head{0, 0, 9, 5, 3, 4, 0, 5},
        Head{0, 0, 9, 5, 3, 4, -1, 5}, Head{0, 0, 9, 5, -3, 4, 1, 5}, Head{0, 0, 9, 5, 3, 0, 1, 5},
        Head{0, 0, 9, 5, 3, 4, 1, 6}, Head{0, 0, 9, 5, many, 4, 1, 5}}) {
    refused(words, 3, head);
  }
  refused(words, words.size() - 2, {word_of(-1.0)});

  // Without an observation, only the shape must make sense.
  VarianceImportance<> unused(options);
  const Words empty = words_of(saved(unused));
  refused(empty, 3, {0, 0, 9, 0, -3, -4, 1, 0, 0, 0});
  refused(empty, 3, {0, 0, 9, 0, 0, 4, 1, 0, 0, 0});
  refused(empty, 3, {0, 1, 9, 1, 0, 0, 1, 0, 0, 0});
  refused(empty, 3, {0, 0, 1});  // max_epochs
}
