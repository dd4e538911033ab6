// SPDX-License-Identifier: MIT
#include "viann/displacement_importance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <type_traits>

#include "support/catch.hpp"
#include "support/displacement_formula.hpp"
#include "support/hooks.hpp"
#include "support/stream_archive.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using MatrixXd = ColMajorMatrixXd;
using Eigen::Vector2d;
using Eigen::VectorXd;
using viann::DisplacementImportance;
using viann::DisplacementImportanceOptions;
using viann::features_by_units;

namespace {

/// The layers that every hook is tested with, and some with enough units to remove decay from.
std::vector<std::pair<int, int>> shapes() {
  auto shapes = layer_shapes();
  for (const auto& shape : {std::pair{5, 16}, {600, 17}, {3, 1500}}) shapes.push_back(shape);
  return shapes;
}

}  // namespace

TEST_CASE("the plain displacement by hand") {
  DisplacementImportance<> importance(plain());
  importance.on_train_begin(features_by_units((MatrixXd(2, 2) << 1, 1, 1, 1).finished()));
  CHECK_FALSE(importance.removes_decay());
  CHECK(importance.features() == 2);
  CHECK(importance.units() == 2);
  CHECK(importance.epochs() == 0);
  // |D|^2 is 9 and 1, with shares 0.9 and 0.1; then 4 and 12, with shares 0.25 and 0.75.
  importance.on_epoch_end(features_by_units((MatrixXd(2, 2) << 4, 1, 1, 2).finished()));
  CHECK(importance.epochs() == 1);
  CHECK(importance.raw_scores().isApprox(
      Vector2d(std::sqrt(0.9 * 17 / 22), std::sqrt(0.1 * 5 / 22)), 1e-15));
  importance.on_epoch_end(
      features_by_units((MatrixXd(2, 2) << 1, 3, 1 + std::sqrt(12), 1).finished()));
  const double last = 10 + std::pow(1 + std::sqrt(12), 2) + 1;
  const Vector2d L((0.9 + 0.25 / 2) / 1.5, (0.1 + 0.75 / 2) / 1.5);
  CHECK(importance.raw_scores().isApprox(
      Vector2d(std::sqrt(L[0] * 10 / last), std::sqrt(L[1] * (last - 10) / last)), 1e-15));
  CHECK(importance.scores() == Vector2d(1, 0));
  importance.on_train_end();
}

TEMPLATE_TEST_CASE("the displacement agrees with the formula for generated layers", "", float,
                   double, long double) {
  const auto shape = GENERATE(from_range(shapes()));
  const bool remove_decay = GENERATE(true, false);
  const auto trajectory = decaying_walk(shape.first, shape.second, 41);
  const auto options = displacement_options(remove_decay, false);
  const VectorXd expected = formula(trajectory, options);
  for (const bool row_major : {true, false}) {
    CAPTURE(shape, remove_decay, row_major);
    const auto importance =
        trained(trajectory, DisplacementImportance<TestType>(options), row_major);
    CHECK(importance.removes_decay() == (remove_decay && shape.second >= 16));
    CHECK_FALSE(importance.weighs_directions());
    CHECK(relative_error(importance.raw_scores(), expected) < 1e-11);
  }
}

TEMPLATE_TEST_CASE("displacements of weights of any real type", "", float, Eigen::half) {
  using Weights = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  DisplacementImportance<> importance;
  Trajectory rounded;
  for (const auto& weights : random_walk(6, 20, 9, 47)) {
    const Weights W = weights.cast<TestType>();
    rounded.push_back(W.template cast<double>());
    if (rounded.size() == 1) {
      importance.on_train_begin(features_by_units(W));
    } else {
      importance.on_epoch_end(features_by_units(W));
    }
  }
  CHECK(relative_error(importance.raw_scores(), formula(rounded)) < 1e-12);
}

TEST_CASE("all weights times c: the same scores") {
  const double c = GENERATE(-2.0, 0.125, 3.0, 1e-12, 1e12);
  const auto shape = GENERATE(from_range(shapes()));
  const bool row_major = GENERATE(true, false);
  const auto trajectory = decaying_walk(shape.first, shape.second, 53);
  Trajectory scaled = trajectory;
  for (auto& weights : scaled) weights *= c;
  const auto original = trained<DisplacementImportance<>>(trajectory, row_major);
  const auto times_c = trained<DisplacementImportance<>>(scaled, row_major);
  CAPTURE(c, shape, row_major);
  const double tolerance = 1e-11;
  CHECK(relative_error(times_c.raw_scores(), original.raw_scores()) < tolerance);
}

TEST_CASE("features in another order: the same displacement scores in that order") {
  const auto shape = GENERATE(from_range(shapes()));
  const bool row_major = GENERATE(true, false);
  const auto trajectory = decaying_walk(shape.first, shape.second, 59);
  const std::vector<int> order = any_order(shape.first, 61);
  Trajectory permuted;
  for (const auto& weights : trajectory) permuted.push_back(weights(order, Eigen::all));
  const auto original = trained<DisplacementImportance<>>(trajectory, row_major);
  const auto reordered = trained<DisplacementImportance<>>(permuted, row_major);
  CAPTURE(shape, row_major);
  // Not to the bit: the total over all features is summed in their order.
  CHECK(relative_error(reordered.raw_scores(), original.raw_scores()(order)) < 1e-12);
}

TEST_CASE("a feature that never moves scores 0") {
  const int units = GENERATE(3, 16, 700);
  const bool row_major = GENERATE(true, false);
  // A float cannot hold these weights: not even their rounding counts as movement.
  Trajectory trajectory = random_walk(4, units, 8, 61);
  for (auto& weights : trajectory) weights.row(1) = trajectory[0].row(1);
  const auto importance = trained<DisplacementImportance<float>>(trajectory, row_major);
  CAPTURE(units, row_major);
  CHECK(importance.raw_scores()[1] == 0);
  CHECK(importance.raw_scores().minCoeff() == 0);
  CHECK((importance.raw_scores().array() > 0).count() == 3);
}

TEMPLATE_TEST_CASE("a feature that only decays scores 0 up to rounding", "", float, double) {
  const int units = GENERATE(16, 100, 3000);
  const bool row_major = GENERATE(true, false);
  // The angle between the directions: from normal weights to nearly equal magnitudes.
  const double spread = GENERATE(1.0, 1e-2, 1e-4, 1e-6, 0.0);
  Trajectory trajectory = random_walk(5, units, 40, 67);
  const MatrixXd signs = trajectory[0].array().sign();
  trajectory[0] = spread == 1 ? trajectory[0] : MatrixXd(signs + spread * trajectory[0]);
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    auto& W = trajectory[t];
    const auto& before = trajectory[t - 1];
    W.row(0) = 0.97 * before.row(0);                         // in proportion to the weight
    W.row(1) = before.row(1) - 0.002 * signs.row(1);         // by the same amount
    W.row(2) = 0.99 * before.row(2) - 0.001 * signs.row(2);  // both
    W.row(3) = 1.01 * before.row(3) + 0.001 * signs.row(3);  // the other way
  }
  const auto importance = trained<DisplacementImportance<TestType>>(trajectory, row_major);
  CAPTURE(units, row_major, spread);
  const VectorXd raw = importance.raw_scores();
  CHECK(raw.head(4).maxCoeff() < 1e-6 * raw[4]);
  if (spread > 1e-5 && !std::is_same_v<TestType, float>) CHECK(raw.head(4).isZero(0));
  // Without the regression they have scores.
  const auto with_decay = trained(trajectory, DisplacementImportance<TestType>(plain()), row_major);
  CHECK(with_decay.raw_scores().minCoeff() > 1e-3);
}

TEST_CASE("decay is told from a movement that is much smaller") {
  Trajectory trajectory = random_walk(2, 64, 6, 71);
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    const double decay = 1 - 0.1 * static_cast<double>(t);
    const MatrixXd movement = 1e-5 * (trajectory[t].row(1) - trajectory[0].row(1));
    trajectory[t] = decay * trajectory[0];
    trajectory[t].row(1) += movement;
  }
  const auto raw = trained(trajectory, DisplacementImportance<>(without_directions())).raw_scores();
  CHECK(raw[0] == 0);
  // Only feature 1 moves.
  CHECK(raw[1] * raw[1] ==
        Approx(trajectory.back().row(1).squaredNorm() / trajectory.back().squaredNorm()));
}

TEST_CASE("directions that coincide or vanish are projected on what there is") {
  const bool row_major = GENERATE(true, false);
  Trajectory trajectory = random_walk(5, 32, 8, 79);
  MatrixXd& start = trajectory[0];
  start.row(0).setZero();                            // none
  start.row(1) = 0.3 * start.row(1).array().sign();  // one
  start.row(2).head(20).setZero();                   // zeros have no sign
  start.row(3).setZero();
  start(3, 5) = -2;  // one weight: again only one
  const auto importance = trained<DisplacementImportance<>>(trajectory, row_major);
  CHECK(importance.removes_decay());
  CHECK(relative_error(importance.raw_scores(), formula(trajectory)) < 1e-12);
}

TEST_CASE("initial weights whose squares are next to nothing count as none") {
  const double tiny = GENERATE(1e-140, 1e-155, 1e-160, 1e-170, 1e-310);
  Trajectory trajectory = random_walk(3, 20, 6, 80);
  trajectory[0] *= tiny;
  const VectorXd raw = trained<DisplacementImportance<>>(trajectory).raw_scores();
  CHECK(raw.allFinite());
  CHECK(raw.minCoeff() > 0);
}

TEST_CASE("directions that all but coincide count as one") {
  // Feature 1 starts at +-1 up to `spread`, and moves as if along the small difference between its
  // w(0) and sign w(0).
  const auto trained_with = [](double spread) {
    Trajectory trajectory = random_walk(2, 32, 6, 81);
    const Eigen::ArrayXXd pattern = trajectory[5].row(1).array();
    const Eigen::ArrayXXd signs = trajectory[0].row(1).array().sign();
    for (std::size_t t = 0; t < trajectory.size(); ++t) {
      trajectory[t].row(1) = signs * (1 + (spread + 0.1 * static_cast<double>(t)) * pattern);
    }
    return trained<DisplacementImportance<>>(trajectory).raw_scores();
  };
  CHECK(relative_error(trained_with(1e-8), trained_with(0)) < 1e-6);
  CHECK(relative_error(trained_with(1e-6), trained_with(0)) < 1e-4);
  CHECK(trained_with(0)[1] > 0.1);
  CHECK(trained_with(1e-3)[1] < 1e-4);
}

TEST_CASE("without enough units weight decay stays in, and the hook says so") {
  const auto few = decaying_walk(4, 15, 83), enough = decaying_walk(4, 16, 83);
  CHECK(DisplacementImportance<>::min_units_without_decay == 16);
  CHECK_FALSE(DisplacementImportance<>().removes_decay());
  CHECK_FALSE(trained<DisplacementImportance<>>(few).removes_decay());
  CHECK(trained<DisplacementImportance<>>(enough).removes_decay());
  CHECK_FALSE(trained(enough, DisplacementImportance<>(plain())).removes_decay());
  CHECK(trained<DisplacementImportance<>>(few).raw_scores() ==
        trained(few, DisplacementImportance<>(displacement_options(false, true))).raw_scores());
  CHECK(trained<DisplacementImportance<>>(enough).raw_scores() !=
        trained(enough, DisplacementImportance<>(displacement_options(false, true))).raw_scores());
}

TEST_CASE("scores may be read after every epoch, the first included") {
  const auto options = GENERATE(DisplacementImportanceOptions(), without_directions());
  const auto trajectory = decaying_walk(4, 20, 89, 40);
  DisplacementImportance<> importance(options);
  importance.on_train_begin(features_by_units(trajectory[0]));
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    observe(importance, trajectory[t]);
    importance.on_train_end();
    CHECK(importance.epochs() == static_cast<std::int64_t>(t));
    const auto begin = trajectory.begin();
    const Trajectory so_far(begin, begin + static_cast<std::ptrdiff_t>(t) + 1);
    CHECK(relative_error(importance.raw_scores(), formula(so_far, options)) < 1e-12);
  }
}

TEST_CASE("nothing has moved, or nothing is left: all scores are 0, never NaN") {
  const int units = GENERATE(4, 16);
  const MatrixXd W = random_walk(3, units, 1, 97)[0];
  const auto still = trained<DisplacementImportance<>>({W, W, W});
  CHECK(still.raw_scores().isZero(0));
  CHECK(still.scores().isZero(0));
  const auto gone = trained<DisplacementImportance<>>({W, MatrixXd::Zero(3, units)});
  CHECK(gone.raw_scores().isZero(0));
  const auto never = trained<DisplacementImportance<>>(Trajectory(3, MatrixXd::Zero(3, units)));
  CHECK(never.raw_scores().isZero(0));
  // An epoch without movement counts as one in which every feature's share is 0.
  const Trajectory late = {W, W, 2 * W + MatrixXd::Random(3, units)};
  CHECK(relative_error(trained<DisplacementImportance<>>(late).raw_scores(), formula(late)) <
        1e-12);
}

TEST_CASE("the weights before training are required") {
  DisplacementImportance<> importance;
  const auto message = message_of<std::logic_error>(
      [&] { importance.on_epoch_end(features_by_units(MatrixXd::Ones(3, 4))); });
  CHECK(contains(message, "viann::DisplacementImportance: "));
  CHECK(contains(message, "call on_train_begin() with them first"));
  CHECK(importance == DisplacementImportance<>());
  CHECK(importance.features() == 0);
}

TEST_CASE("without an epoch there is no score") {
  DisplacementImportance<> importance;
  const auto check = [&] {
    for (const auto& message : {message_of<std::logic_error>([&] { importance.raw_scores(); }),
                                message_of<std::logic_error>([&] { importance.scores(); }),
                                message_of<std::logic_error>([&] { importance.on_train_end(); })}) {
      CHECK(contains(message, "viann::DisplacementImportance: "));
      CHECK(contains(message,
                     "takes at least 1 observation, but there were 0; train for more epochs, and "
                     "call on_epoch_end"));
    }
  };
  check();
  importance.on_train_begin(features_by_units(MatrixXd::Ones(3, 4)));
  check();
}

TEST_CASE("squares beyond the range of double are an error, not infinity") {
  const int units = GENERATE(4, 16);
  const bool row_major = GENERATE(true, false);
  const auto options = GENERATE(DisplacementImportanceOptions(), without_directions());
  Trajectory trajectory = random_walk(3, units, 4, 101);
  const auto check = [&] {
    const auto importance = trained(trajectory, DisplacementImportance<>(options), row_major);
    CHECK(contains(message_of<std::overflow_error>([&] { importance.raw_scores(); }),
                   "viann::DisplacementImportance: after epoch 3 the score of feature 1 is too "
                   "large for a number"));
    CHECK_THROWS_AS(importance.scores(), std::overflow_error);
  };
  SECTION("at the start") {
    trajectory[0].row(1) *= 1e200;
    check();
  }
  SECTION("at the end") {
    trajectory[3].row(1) *= 1e200;
    check();
  }
  SECTION("in between") {
    trajectory[2].row(1) *= -1e200;
    check();
  }
  SECTION("from zero") {
    trajectory[0].row(1).setZero();
    trajectory[2].row(1) *= 1e200;
    check();
  }
  SECTION("a sum of squares that could be held is") {
    // Each row's squares, but not those of all rows together.
    const Trajectory small = random_walk(40, units, 4, 103);
    Trajectory large = small;
    for (auto& weights : large) weights *= 0.5e154 / small[0].rowwise().norm().maxCoeff();
    const DisplacementImportance<> start(options);
    CHECK(relative_error(trained(large, start, row_major).raw_scores(),
                         trained(small, start, row_major).raw_scores()) < 1e-12);
  }
}

TEST_CASE("comparison sees options and displacement") {
  const auto trajectory = decaying_walk(3, 20, 103);
  const auto importance = trained<DisplacementImportance<>>(trajectory);
  CHECK(importance != trained(trajectory, DisplacementImportance<>(plain())));
  CHECK(DisplacementImportance<>() != DisplacementImportance<>(plain()));
  CHECK(DisplacementImportance<>() != DisplacementImportance<>(without_directions()));
  CHECK(importance != trained(trajectory, DisplacementImportance<>(without_directions())));
  CHECK(trained<DisplacementImportance<>>({trajectory[0]}) !=
        trained<DisplacementImportance<>>({trajectory[1]}));
  const auto with = [&](std::size_t epoch) {
    Trajectory other = trajectory;
    other[epoch](1, 2) += 1;
    return trained<DisplacementImportance<>>(other);
  };
  CHECK(importance != with(0));
  CHECK(importance != with(3));
  CHECK(importance != with(trajectory.size() - 1));
  // The same movement and the same start, but other last weights: they only differ by decay.
  CHECK(trained<DisplacementImportance<>>({trajectory[0], 0.5 * trajectory[0]}) !=
        trained<DisplacementImportance<>>({trajectory[0], 0.25 * trajectory[0]}));
}

TEST_CASE("a saved displacement comes back with its options") {
  const auto options = GENERATE(plain(), without_directions(), displacement_options(true, true),
                                displacement_options(false, true));
  const auto trajectory = decaying_walk(3, 20, 107);
  auto saved_hook = trained(trajectory, DisplacementImportance<>(options));
  DisplacementImportance<> loaded;
  load(loaded, saved(saved_hook));
  CHECK(loaded == saved_hook);
  CHECK(loaded.removes_decay() == options.remove_decay);
  observe(loaded, trajectory[3]);
  observe(saved_hook, trajectory[3]);
  CHECK(loaded == saved_hook);
}

TEST_CASE("a displacement that does not fit together is refused and changes nothing") {
  auto importance = trained({MatrixXd::Ones(3, 4), MatrixXd::Zero(3, 4)},
                            DisplacementImportance<>(without_directions()));
  const auto before = importance;
  const Words words = words_of(saved(importance));
  // After the head: the two options, epochs, the sum of 1/t, features, units, memory order, then a
  // checksum and the initial weights, |w|^2, and last the movement and the checksum.
  const std::int64_t one = word_of(1.0);
  REQUIRE(with_words(words, 3, {1, 0, 1, one, 3, 4, 1}) == words);
  REQUIRE(with_words(words, 11, {one, one}) == words);
  const auto refused = [&](std::size_t first, const std::vector<std::int64_t>& others) {
    CAPTURE(first, others);
    CHECK(contains(
        message_of<std::runtime_error>([&] { load(importance, altered(words, first, others)); }),
        "viann::DisplacementImportance: the archive is "));
    CHECK(importance == before);
  };
  constexpr std::int64_t many = std::int64_t{1} << 62;
  for (const auto& head :
       std::vector<std::vector<std::int64_t>>{{2, 0, 1, one, 3, 4, 1},
                                              {1, 0, -1, one, 3, 4, 1},
                                              {1, 0, -1, word_of(0.0), 3, 4, 1},
                                              {1, 0, 0, one, 3, 4, 1},
                                              {1, 0, 1, word_of(0.0), 3, 4, 1},
                                              {1, 0, 1, word_of(-1.0), 3, 4, 1},
                                              {1, 0, 1, word_of(1.5), 3, 4, 1},
                                              {1, 0, 100, word_of(4.5), 3, 4, 1},
                                              {1, 0, 100, word_of(5.7), 3, 4, 1},
                                              {1, 0, many, word_of(43.0), 3, 4, 1},
                                              {1, 0, 1, one, -3, 4, 1},
                                              {1, 0, 1, one, -3, -4, 1},
                                              {1, 0, 1, one, 3, 0, 1},
                                              {1, 0, 1, one, 0, 4, 1},
                                              {1, 0, 1, one, 0, 0, 1},
                                              {1, 0, 1, one, many, 4, 1},
                                              {1, 0, 1, one, 3, many, 1},
                                              {1, 2, 1, one, 3, 4, 1},
                                              {1, 0, 1, one, 3, 4, 2}}) {
    refused(3, head);
  }
  refused(11, {word_of(infinity)});            // w(0)
  refused(24, {word_of(-1.0)});                // |w|^2
  refused(words.size() - 2, {word_of(-1.0)});  // movement
  refused(words.size() - 2, {word_of(1.5)});
  refused(words.size() - 2, {word_of(infinity)});
}
