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
#include "support/saved.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using MatrixXd = ColMajorMatrixXd;
using Eigen::Vector2d;
using Eigen::VectorXd;
using viann::DisplacementImportance;
using viann::DisplacementImportanceOptions;
using viann::features_by_units;
using viann::units_by_features;

namespace {

/// The layers that every hook is tested with, and more that tiles cut into, or whose features are
/// walked in parts.
std::vector<std::pair<int, int>> shapes() {
  auto shapes = layer_shapes();
  for (const auto& shape : {std::pair{5, 16}, {600, 17}, {3, 1500}}) shapes.push_back(shape);
  return shapes;
}

/// A hook that has seen a whole training with gradients; an empty one is not handed over.
template <typename Hook>
Hook trained_with(const Trajectory& gradients, const Trajectory& trajectory, Hook hook = {},
                  bool row_major = false) {
  hook.on_train_begin(features_by_units(trajectory[0]));
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    const MatrixXd& G = gradients[t - 1];
    if (G.size() == 0) {
      observe(hook, trajectory[t], row_major);
    } else if (row_major) {
      hook.on_epoch_end(features_by_units(RowMajorMatrixXd(trajectory[t])),
                        units_by_features(G.transpose()));
    } else {
      hook.on_epoch_end(features_by_units(trajectory[t]), features_by_units(RowMajorMatrixXd(G)));
    }
  }
  return hook;
}

/// Gradients for the epochs of a training, without those of every third.
Trajectory gradients_of(const Trajectory& trajectory) {
  auto gradients = independent_draws(trajectory[0].rows(), trajectory[0].cols(),
                                     static_cast<int>(trajectory.size()), 7, 0);
  for (std::size_t t = 2; t < gradients.size(); t += 3) gradients[t].resize(0, 0);
  return gradients;
}

}  // namespace

TEST_CASE("displacement by hand") {
  // Whatever the signs, shares are exact where all rows move along one direction.
  DisplacementImportance<> importance;
  importance.on_train_begin(features_by_units((MatrixXd(2, 2) << 1, 2, 1, 1).finished()));
  CHECK_FALSE(importance.removes_decay());
  CHECK_FALSE(importance.uses_gradient());
  CHECK(importance.features() == 2);
  CHECK(importance.units() == 2);
  CHECK(importance.epochs() == 0);
  // D = 3, 1 along the first unit, and so is the step; the weights' projections are 4, 2.
  const MatrixXd first = (MatrixXd(2, 2) << 4, 2, 2, 1).finished();
  importance.on_epoch_end(features_by_units(first));
  CHECK(importance.epochs() == 1);
  CHECK(importance.raw_scores().isApprox(Vector2d(std::sqrt(0.9 * 0.8), std::sqrt(0.1 * 0.2)),
                                         1e-14));
  // D = 3, 4; the step is 0, 3; the weights' projections are 4, 5. The gradient is along the second
  // unit, where the weights are 2, 1.
  const MatrixXd second = (MatrixXd(2, 2) << 4, 2, 5, 1).finished();
  const MatrixXd gradient = (MatrixXd(2, 2) << 0, -7, 0, 3).finished();
  importance.on_epoch_end(features_by_units(second), features_by_units(gradient));
  CHECK(importance.uses_gradient());
  const Vector2d movement((0.9 + 0.36 / 2) / 1.5, (0.1 + 0.64 / 2) / 1.5);
  const Vector2d alignment =
      (Vector2d(0.8, 0.2) + std::sqrt(2) * Vector2d(16, 25) / 41) / (1 + std::sqrt(2));
  const Vector2d from_weights = movement.cwiseProduct(alignment).cwiseSqrt();
  CHECK(importance.raw_scores().isApprox(from_weights.cwiseProduct(Vector2d(0.8, 0.2)).cwiseSqrt(),
                                         1e-14));
  CHECK(importance.scores() == Vector2d(1, 0));
  importance.on_train_end();
}

TEST_CASE("the displacement of any precision agrees with the formula for generated layers") {
  const auto shape = GENERATE(from_range(shapes()));
  const auto options = GENERATE(DisplacementImportanceOptions(), with_decay());
  const auto trajectory = decaying_walk(shape.first, shape.second, 41, 6);
  Trajectory gradients = gradients_of(trajectory);
  for (auto& G : gradients) G = G.cast<float>().cast<double>().eval();
  const VectorXd alone = formula(trajectory, {}, options);
  const VectorXd with_gradients = formula(trajectory, gradients, options);
  const auto agrees = [&](auto scalar, bool row_major) {
    const DisplacementImportance<decltype(scalar)> start(options);
    CAPTURE(shape, options.remove_decay, row_major, sizeof(scalar));
    const auto importance = trained(trajectory, start, row_major);
    CHECK(importance.removes_decay() == (options.remove_decay && shape.second >= 16));
    CHECK(relative_error(importance.raw_scores(), alone) < 1e-11);
    CHECK(relative_error(trained_with(gradients, trajectory, start, row_major).raw_scores(),
                         with_gradients) < 1e-11);
  };
  for (const bool row_major : {true, false}) {
    agrees(float(), row_major);
    agrees(double(), row_major);
    agrees(0.0L, row_major);
  }
}

TEMPLATE_TEST_CASE("displacements of weights and gradients of any real type", "", float,
                   Eigen::half) {
  using Weights = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  DisplacementImportance<> importance;
  Trajectory rounded, gradients;
  for (const auto& weights : random_walk(6, 20, 9, 47)) {
    const Weights W = weights.cast<TestType>();
    rounded.push_back(W.template cast<double>());
    if (rounded.size() == 1) {
      importance.on_train_begin(features_by_units(W));
    } else {
      gradients.push_back(2 * rounded.back().array().square());
      importance.on_epoch_end(features_by_units(W),
                              features_by_units(2 * W.template cast<double>().array().square()));
    }
  }
  CHECK(relative_error(importance.raw_scores(), formula(rounded, gradients)) < 1e-12);
}

TEST_CASE("gradients: their scale does not count, and one that is 0 is none") {
  const auto trajectory = decaying_walk(4, 20, 49);
  const Trajectory gradients = gradients_of(trajectory);
  const auto hook = trained_with<DisplacementImportance<>>(gradients, trajectory);
  Trajectory changed = gradients;
  for (std::size_t t = 0; t < changed.size(); ++t) {
    if (changed[t].size() == 0) changed[t].setZero(4, 20);
    changed[t] *= std::pow(10, 40 * (static_cast<double>(t % 3) - 1));
  }
  const auto other = trained_with<DisplacementImportance<>>(changed, trajectory);
  CHECK(relative_error(other.raw_scores(), hook.raw_scores()) < 1e-12);
  const auto none = trained<DisplacementImportance<>>(trajectory);
  for (auto& G : changed) G.setZero();
  CHECK(trained_with<DisplacementImportance<>>(changed, trajectory) == none);
  CHECK(none != hook);
  CHECK_FALSE(none.uses_gradient());
}

TEST_CASE("a gradient that is refused changes nothing") {
  const auto trajectory = decaying_walk(3, 4, 51);
  auto hook = trained_with<DisplacementImportance<>>(gradients_of(trajectory), trajectory);
  const auto before = hook;
  const MatrixXd& W = trajectory[2];
  const auto refused = [&](const MatrixXd& gradient) {
    const auto message = message_of<std::invalid_argument>(
        [&] { hook.on_epoch_end(features_by_units(W), features_by_units(gradient)); });
    CHECK(hook == before);
    return message;
  };
  MatrixXd bad = MatrixXd::Ones(3, 4);
  bad(2, 1) = -infinity;
  CHECK(contains(refused(bad),
                 "viann::DisplacementImportance: epoch 12: the gradient of (feature "
                 "2, unit 1) is -inf"));
  CHECK(contains(refused(MatrixXd::Ones(4, 3)),
                 "epoch 12: the gradients are 4 features x 3 units, but the first seen were 3 x 4; "
                 "the axes are swapped"));
  CHECK(contains(refused(MatrixXd()), "there are no gradients (0 features x 0 units)"));
  DisplacementImportance<> fresh;
  CHECK_THROWS_AS(fresh.on_epoch_end(features_by_units(W), features_by_units(W)), std::logic_error);
}

TEST_CASE("all weights times c: the same scores") {
  const auto shape = GENERATE(from_range(shapes()));
  const bool row_major = GENERATE(true, false);
  const auto trajectory = decaying_walk(shape.first, shape.second, 53, 6);
  const auto original = trained<DisplacementImportance<>>(trajectory, row_major);
  for (const double c : {-2.0, 0.125, 3.0, 1e-12, 1e12}) {
    Trajectory scaled = trajectory;
    for (auto& weights : scaled) weights *= c;
    const auto times_c = trained<DisplacementImportance<>>(scaled, row_major);
    CAPTURE(c, shape, row_major);
    CHECK(relative_error(times_c.raw_scores(), original.raw_scores()) < 1e-11);
  }
}

TEST_CASE("decay only makes weights smaller: what grows or changes its sign has moved") {
  Trajectory trajectory(6, random_walk(4, 32, 1, 63)[0]);
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    const MatrixXd& start = trajectory[0];
    trajectory[t].row(1) *= std::pow(1.5, static_cast<double>(t));
    trajectory[t].row(2) = -start.row(2);
    trajectory[t].row(3) = start.row(3) - (0.1 * start.row(3).array().sign()).matrix();
  }
  const VectorXd raw = trained<DisplacementImportance<>>(trajectory).raw_scores();
  CHECK(raw[0] == 0);
  CHECK(raw[1] > 0.1);
  CHECK(raw[2] > 0.01);
  CHECK(raw[3] == 0);
  CHECK(raw.isApprox(formula(trajectory), 1e-11));
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
  const int units = GENERATE(16, 100, 1500);
  const bool row_major = GENERATE(true, false);
  // The angle between the directions: from normal weights to nearly equal magnitudes.
  const double spread = GENERATE(1.0, 1e-2, 1e-4, 1e-6, 0.0);
  Trajectory trajectory = random_walk(5, units, 20, 67);
  const MatrixXd signs = trajectory[0].array().sign();
  trajectory[0] = spread == 1 ? trajectory[0] : MatrixXd(signs + spread * trajectory[0]);
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    auto& W = trajectory[t];
    const auto& before = trajectory[t - 1];
    W.row(0) = 0.97 * before.row(0);                         // in proportion to the weight
    W.row(1) = before.row(1) - 0.002 * signs.row(1);         // by the same amount
    W.row(2) = 0.99 * before.row(2) - 0.001 * signs.row(2);  // both
    W.row(3) = before.row(3);
  }
  const auto importance = trained<DisplacementImportance<TestType>>(trajectory, row_major);
  CAPTURE(units, row_major, spread);
  const VectorXd raw = importance.raw_scores();
  CHECK(raw.head(4).maxCoeff() < 1e-6 * raw[4]);
  if (spread > 1e-5 && !std::is_same_v<TestType, float>) CHECK(raw.head(4).isZero(0));
  // Without the regression they have scores.
  const auto decayed =
      trained(trajectory, DisplacementImportance<TestType>(with_decay()), row_major);
  CHECK(decayed.raw_scores().head(3).minCoeff() > 1e-4);
}

TEST_CASE("decay is told from a movement that is much smaller") {
  Trajectory trajectory = random_walk(2, 64, 6, 71);
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    const double decay = 1 - 0.1 * static_cast<double>(t);
    const MatrixXd movement = 1e-5 * (trajectory[t].row(1) - trajectory[0].row(1));
    trajectory[t] = decay * trajectory[0];
    trajectory[t].row(1) += movement;
  }
  const auto raw = trained<DisplacementImportance<>>(trajectory).raw_scores();
  CHECK(raw[0] == 0);
  CHECK(raw[1] > 0.1);
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
  CHECK(relative_error(importance.raw_scores(), formula(trajectory)) < 1e-11);
}

TEST_CASE("initial weights whose squares are next to nothing count as none") {
  const double tiny = GENERATE(1e-140, 1e-155, 1e-160, 1e-170, 1e-310);
  Trajectory trajectory = random_walk(3, 20, 6, 80);
  trajectory[0] *= tiny;
  const VectorXd raw = trained<DisplacementImportance<>>(trajectory).raw_scores();
  CHECK(raw.allFinite());
  CHECK(raw.minCoeff() > 0);
}

TEST_CASE("without enough units weight decay stays in, and the hook says so") {
  const auto few = decaying_walk(4, 15, 83), enough = decaying_walk(4, 16, 83);
  CHECK(DisplacementImportance<>::min_units_to_remove_decay == 16);
  CHECK_FALSE(DisplacementImportance<>().removes_decay());
  CHECK_FALSE(trained<DisplacementImportance<>>(few).removes_decay());
  CHECK(trained<DisplacementImportance<>>(enough).removes_decay());
  const DisplacementImportance<> stays(with_decay());
  CHECK_FALSE(trained(enough, stays).removes_decay());
  CHECK(trained<DisplacementImportance<>>(few).raw_scores() == trained(few, stays).raw_scores());
  CHECK(trained<DisplacementImportance<>>(enough).raw_scores() !=
        trained(enough, stays).raw_scores());
}

TEST_CASE("scores may be read after every epoch, the first included") {
  const auto options = GENERATE(DisplacementImportanceOptions(), with_decay());
  const auto trajectory = decaying_walk(4, 20, 89, 40);
  DisplacementImportance<> importance(options);
  importance.on_train_begin(features_by_units(trajectory[0]));
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    observe(importance, trajectory[t]);
    importance.on_train_end();
    CHECK(importance.epochs() == static_cast<std::int64_t>(t));
    const auto begin = trajectory.begin();
    const Trajectory so_far(begin, begin + static_cast<std::ptrdiff_t>(t) + 1);
    CHECK(relative_error(importance.raw_scores(), formula(so_far, {}, options)) < 1e-11);
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
  // An epoch without movement does not count.
  const Trajectory late = {W, W, 2 * W + MatrixXd::Random(3, units)};
  CHECK(relative_error(trained<DisplacementImportance<>>(late).raw_scores(), formula(late)) <
        1e-11);
}

TEST_CASE("weights too small for their squares have no shares, and the state can be saved") {
  const double tiny = GENERATE(1e-140, 1e-158, 1e-160, 1e-162, 1e-300);
  Trajectory trajectory = random_walk(100, 32, 4, 99);
  for (auto& weights : trajectory) weights *= tiny;
  const auto hook = trained<DisplacementImportance<>>(trajectory);
  CHECK((hook.raw_scores().minCoeff() > 0) == (tiny > 1e-146));
  DisplacementImportance<> loaded;
  load(loaded, saved(hook));
  CHECK(loaded == hook);
}

TEST_CASE("the weights before training are required, and an epoch") {
  DisplacementImportance<> importance;
  const std::string name = "viann::DisplacementImportance: ";
  check_refusals<std::logic_error>(
      {{[&] { importance.on_epoch_end(features_by_units(MatrixXd::Ones(3, 4))); },
        name + "displacement is counted from the weights before training; call on_train_begin()"}});
  CHECK(importance == DisplacementImportance<>());
  importance.on_train_begin(features_by_units(MatrixXd::Ones(3, 4)));
  for (const auto& hook : {DisplacementImportance<>(), importance}) {
    const std::string none =
        " takes at least 1 observation, but there were 0; train for more epochs, and call "
        "on_epoch_end()";
    check_refusals<std::logic_error>({{[&] { hook.raw_scores(); }, name + "a score" + none},
                                      {[&] { hook.scores(); }, name + "a score" + none},
                                      {[&] { hook.on_train_end(); }, "on_train_end()" + none}});
  }
}

TEST_CASE("squares beyond the range of double are an error, not infinity") {
  const int units = GENERATE(4, 16);
  const bool row_major = GENERATE(true, false);
  const auto options = GENERATE(DisplacementImportanceOptions(), with_decay());
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

TEST_CASE("comparison sees options and all that is kept") {
  const auto trajectory = decaying_walk(3, 20, 103);
  const auto importance = trained<DisplacementImportance<>>(trajectory);
  CHECK(importance != trained(trajectory, DisplacementImportance<>(with_decay())));
  CHECK(DisplacementImportance<>() != DisplacementImportance<>(with_decay()));
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
  // One feature: all shares are 1, and only the last weights differ.
  const Trajectory one = random_walk(1, 3, 3, 105);
  CHECK(trained<DisplacementImportance<>>({one[0], one[1]}) !=
        trained<DisplacementImportance<>>({one[0], one[2]}));
}

TEST_CASE(
    "a saved displacement comes back with its options and gradients, and goes on to the bit") {
  const auto options = GENERATE(DisplacementImportanceOptions(), with_decay());
  const auto trajectory = decaying_walk(3, 20, 107), later = decaying_walk(3, 20, 109);
  const auto gradients = GENERATE_COPY(gradients_of(trajectory), Trajectory(12));
  auto straight = trained_with(gradients, trajectory, DisplacementImportance<>(options));
  for (std::size_t t = 1; t < 4; ++t) {
    DisplacementImportance<> loaded;
    load(loaded, saved(straight));
    CHECK(loaded == straight);
    CHECK(loaded.removes_decay() == options.remove_decay);
    CHECK(loaded.uses_gradient() == straight.uses_gradient());
    for (auto* hook : {&loaded, &straight}) {
      hook->on_epoch_end(features_by_units(later[t]), features_by_units(later[t + 1]));
    }
    CHECK(loaded == straight);
  }
}

TEST_CASE("a loaded displacement goes on with the last weights, also in 16 bits, and no others") {
  const auto& [features, units] = GENERATE(std::pair(3, 1), std::pair(4, 8), std::pair(300, 40));
  const auto trajectory = decaying_walk(features, units, 111);
  for (std::size_t last = 0; last < 3; ++last) {
    const auto hook = trained<DisplacementImportance<>>(
        {trajectory.begin(), trajectory.begin() + static_cast<std::ptrdiff_t>(last) + 1});
    const auto goes_on = [&, &hook = hook](const MatrixXd& weights) {
      DisplacementImportance<> loaded;
      load(loaded, saved(hook));
      loaded.on_train_begin(features_by_units(weights));
      CHECK(loaded == hook);
    };
    goes_on(trajectory[last]);
    goes_on(trajectory[last].cast<Eigen::bfloat16>().cast<double>());
    goes_on(trajectory[last] * 1.005);
    DisplacementImportance<> loaded;
    load(loaded, saved(hook));
    for (const MatrixXd& other : {trajectory[last + 1], MatrixXd(trajectory[last] * 1.05)}) {
      CHECK(contains(message_of<std::invalid_argument>(
                         [&] { loaded.on_train_begin(features_by_units(other)); }),
                     "the weights differ by more than 1 % from those that the loaded run observed "
                     "last, in epoch " +
                         std::to_string(last)));
    }
    loaded.on_train_begin(features_by_units(trajectory[last]));  // nothing has changed
    CHECK(loaded == hook);
  }
  DisplacementImportance<> of_zeros, loaded;
  of_zeros.on_train_begin(features_by_units(MatrixXd::Zero(3, 4)));
  load(loaded, saved(of_zeros));
  loaded.on_train_begin(features_by_units(MatrixXd::Zero(3, 4)));
  CHECK(loaded == of_zeros);
}

TEST_CASE("a displacement that does not fit together is refused and changes nothing") {
  DisplacementImportance<> importance;
  importance.on_train_begin(features_by_units(MatrixXd::Ones(3, 1)));
  importance.on_epoch_end(features_by_units(Eigen::Vector3d(2, 1, 1)));
  const auto before = importance;
  const Words words = words_of(saved(importance));
  // After the head: the option, epochs, features, units and memory order, a checksum, the initial
  // weights, a checksum, eight numbers of a sketch; then, for each mean, its weight and three sums.
  const std::int64_t one = word_of(1.0);
  constexpr std::size_t means = 21;
  REQUIRE(with_words(words, 3, {1, 1, 3, 1, 0}) == words);
  REQUIRE(with_words(words, 9, {one, one, one}) == words);
  REQUIRE(with_words(words, means, {one, one, 0, 0, one}) == words);
  REQUIRE(words.size() == means + 12 + 1);
  for (const std::size_t mean : {means, means + 4, means + 8}) {  // each counts in a comparison
    DisplacementImportance<> other, heavier;
    load(other, altered(words, mean, {one, 0, one, 0}));
    load(heavier, altered(words, mean, {word_of(1 + 1e-9), 0, one, 0}));
    CHECK(other != before);
    CHECK(other != heavier);
  }
  const auto refused = [&](std::size_t first, const std::vector<std::int64_t>& others) {
    CAPTURE(first, others);
    CHECK(contains(
        message_of<std::runtime_error>([&] { load(importance, altered(words, first, others)); }),
        "viann::DisplacementImportance: the archive is "));
    CHECK(importance == before);
  };
  constexpr std::int64_t many = std::int64_t{1} << 62;
  using Head = std::vector<std::int64_t>;
  for (const Head& head :
       {Head{2, 1, 3, 1, 0}, Head{1, -1, 3, 1, 0}, Head{1, many, 3, 1, 0}, Head{1, 1, -3, 1, 0},
        Head{1, 1, -3, -1, 0}, Head{1, 1, 3, 0, 0}, Head{1, 1, 0, 1, 0}, Head{1, 1, 0, 0, 0},
        Head{1, 1, many, 1, 0}, Head{1, 1, 3, many, 0}, Head{1, 1, 3, 1, 2}}) {
    refused(3, head);
  }
  refused(9, {word_of(infinity)});                 // w(0)
  refused(13, {word_of(infinity)});                // the sketch
  refused(means, {word_of(-1.0), word_of(-1.0)});  // a mean's weight
  refused(means, {word_of(1.5)});                  // shares that do not add up to it
  refused(means, {word_of(1 + 1e-5)});
  refused(means + 1, {word_of(1.5), word_of(-0.5)});     // a share
  refused(means + 8, {0, word_of(1.0), word_of(-1.0)});  // of a gradient never seen
  refused(means + 8, {word_of(infinity), word_of(infinity)});
}
