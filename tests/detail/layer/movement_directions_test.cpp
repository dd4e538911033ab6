// SPDX-License-Identifier: MIT
//
// Directions, as a hook uses them.
#include "viann/detail/layer/movement_directions.hpp"

#include <cmath>
#include <fstream>
#include <sstream>
#include <vector>

#include "support/catch.hpp"
#include "support/displacement_formula.hpp"
#include "support/hooks.hpp"
#include "support/stream_archive.hpp"
#include "support/trajectories.hpp"
#include "viann/displacement_importance.hpp"

using Eigen::Index;
using MatrixXd = ColMajorMatrixXd;
using Eigen::VectorXd;
using viann::DisplacementImportance;
using viann::features_by_units;

TEMPLATE_TEST_CASE("weighed by directions, the displacement agrees with the formula", "", float,
                   double, long double) {
  const auto [features, units] =
      GENERATE(table<Index, Index>({{1, 1}, {1, 16}, {5, 3}, {4, 20}, {300, 17}, {3, 300}}));
  const bool remove_decay = GENERATE(true, false);
  const auto trajectory = decaying_walk(features, units, 43, 16);  // the last measured is 12
  const auto options = displacement_options(remove_decay, true);
  const VectorXd expected = formula(trajectory, options);
  for (const bool row_major : {true, false}) {
    CAPTURE(features, units, remove_decay, row_major);
    const auto importance =
        trained(trajectory, DisplacementImportance<TestType>(options), row_major);
    CHECK(importance.weighs_directions());
    CHECK(relative_error(importance.raw_scores(), expected) < 1e-11);
  }
}

TEST_CASE("directions: what moves with others counts more than what moves alone") {
  // Every row's displacement has the square 1; the first three move along one direction.
  MatrixXd W = MatrixXd::Zero(4, 3);
  DisplacementImportance<> importance;
  importance.on_train_begin(features_by_units(W));
  W.col(0).head(3).setOnes();
  W(3, 1) = 1;
  importance.on_epoch_end(features_by_units(W));
  // C(1) = diag(3, 1, 0) / 4; shares 3, 3, 3, 1 of 10, of movement and of final weights.
  CHECK(importance.raw_scores().isApprox(Eigen::Vector4d(0.3, 0.3, 0.3, 0.1), 1e-15));
  W(3, 2) = -1;
  importance.on_epoch_end(features_by_units(W));
  // C(2) = (3, 1, 1 with -1 between the last two) / 5; movement 3, 3, 3, 4 of 13. Twice the sum of
  // C(t) / t is (2.1, 0.7, 0.2, and -0.2); final weights 2.1 three times, and 0.7 + 0.2 + 0.4.
  const double moved_together = (0.3 + 3. / 13 / 2) / 1.5, moved_alone = (0.1 + 4. / 13 / 2) / 1.5;
  CHECK(importance.raw_scores().isApprox(
      Eigen::Vector4d(std::sqrt(moved_together * 2.1 / 7.6), std::sqrt(moved_together * 2.1 / 7.6),
                      std::sqrt(moved_together * 2.1 / 7.6), std::sqrt(moved_alone * 1.3 / 7.6)),
      1e-15));
}

TEST_CASE("directions and movement hold until they are measured again") {
  // Two features move by 1 along one direction, a third by 1 along another: C = diag(2, 1) / 3, and
  // alignments are 2/3, 2/3 and 1/3. The fourth feature has no weights and the mean of the others.
  DisplacementImportance<> importance;
  MatrixXd W = MatrixXd::Zero(4, 2);
  importance.on_train_begin(features_by_units(W));
  W << 1, 0, 1, 0, 0, 1, 0, 0;
  for (int epoch = 1; epoch <= 8; ++epoch) importance.on_epoch_end(features_by_units(W));
  const Eigen::Vector4d moved(0.4, 0.4, 0.2, 0);
  CHECK(importance.raw_scores().isApprox(moved, 1e-14));
  // The final weights are those of the last epoch: squares 2, 1, 1, 1 times 6, 6, 3 and 5.
  W << 0, std::sqrt(2), 0, 1, 0, 1, 0, 1;
  for (int epoch = 9; epoch <= 11; ++epoch) {
    importance.on_epoch_end(features_by_units(W));
    CHECK(importance.raw_scores().isApprox(
        moved.cwiseProduct(Eigen::Vector4d(12, 6, 3, 5) / 26).cwiseSqrt(), 1e-14));
  }
  // After epoch 12 C = diag(0, 1): movement counts with the weight of four epochs.
  importance.on_epoch_end(features_by_units(W));
  const double harmonic_8 = 761. / 280, later = 1. / 9 + 1. / 10 + 1. / 11 + 1. / 12;
  const Eigen::Vector4d share = Eigen::Vector4d(2, 1, 1, 1) / 5;
  CHECK(importance.raw_scores().isApprox(
      ((harmonic_8 * moved + later * share) / (harmonic_8 + later)).cwiseProduct(share).cwiseSqrt(),
      1e-14));
}

TEST_CASE("what scaling, reordering, decay and rest do to scores weighed by directions") {
  const int units = GENERATE(3, 20);
  const auto trajectory = decaying_walk(6, units, 73);
  const auto raw_of = [](const Trajectory& seen) {
    return trained<DisplacementImportance<>>(seen).raw_scores();
  };
  const VectorXd raw = raw_of(trajectory);
  const auto changed = [&](const auto& change) {
    Trajectory other = trajectory;
    for (std::size_t t = 0; t < other.size(); ++t) change(other[t], t);
    return raw_of(other);
  };
  for (const double c : {-2.0, 1e-150, 1e150}) {
    CHECK(relative_error(changed([&](MatrixXd& W, auto) { W *= c; }), raw) < 1e-12);
  }
  CHECK(relative_error(changed([](MatrixXd& W, auto) { W = W.colwise().reverse().eval(); }),
                       raw.reverse()) < 1e-12);
  CHECK(relative_error(changed([](MatrixXd& W, auto) { W = W.rowwise().reverse().eval(); }), raw) <
        1e-12);
  CHECK(changed([&](MatrixXd& W, auto) { W.row(1) = trajectory[0].row(1); })[1] == 0);
  CHECK(changed([&](MatrixXd& W, std::size_t t) {
          W.row(1) = (1 - 0.03 * static_cast<double>(t)) * trajectory[0].row(1);
        })[1] == Approx(0).margin(units >= 16 ? 1e-14 : 1));
  CHECK(raw_of({trajectory[0], trajectory[0]}).isZero(0));
}

TEST_CASE("directions are measured as soon as something has moved") {
  const auto walk = random_walk(3, 4, 3, 77);
  Trajectory late(20, walk[0]);
  for (std::size_t t = 11; t < late.size(); ++t) {
    late[t] = walk[t < 13 ? 1 : 2];
    late[t](0, 0) += static_cast<double>(t);
  }
  CHECK(relative_error(trained<DisplacementImportance<>>(late).raw_scores(), formula(late)) <
        1e-12);
  late[11] = walk[0];
  CHECK(relative_error(trained<DisplacementImportance<>>(late).raw_scores(), formula(late)) <
        1e-12);
}

TEST_CASE("above a number of units directions are not weighed, and the hook says so") {
  constexpr Index most = DisplacementImportance<>::max_units_with_directions;
  CHECK(most == 1024);
  CHECK_FALSE(DisplacementImportance<>().weighs_directions());
  for (const Index units : {most, most + 1}) {
    const auto trajectory = decaying_walk(2, units, 79, 3);
    const auto hook = trained<DisplacementImportance<>>(trajectory);
    const auto alone = trained(trajectory, DisplacementImportance<>(without_directions()));
    CHECK(hook.weighs_directions() == (units == most));
    CHECK_FALSE(alone.weighs_directions());
    CHECK((hook.raw_scores() == alone.raw_scores()) == (units > most));
  }
}

TEST_CASE("comparison sees the directions, also where no score does") {
  // One feature that ends at 0: its shares are 1 and its magnitudes 0, whatever its path.
  DisplacementImportance<> first, second;
  for (auto* hook : {&first, &second}) {
    hook->on_train_begin(features_by_units(Eigen::RowVector3d(1, 2, 3)));
    hook->on_epoch_end(features_by_units(hook == &first ? Eigen::RowVector3d(2, 2, 3)
                                                        : Eigen::RowVector3d(1, 3, 3)));
    hook->on_epoch_end(features_by_units(Eigen::RowVector3d(0, 0, 0)));
  }
  CHECK(first.raw_scores() == second.raw_scores());
  CHECK(first != second);
}

TEST_CASE("a run that is saved and loaded between measurements ends to the bit") {
  const auto trajectory = decaying_walk(5, 20, 87, 40);
  for (const std::size_t at : {3U, 8U, 11U, 16U, 33U}) {
    DisplacementImportance<> hook, loaded;
    hook.on_train_begin(features_by_units(trajectory[0]));
    for (std::size_t t = 1; t < at; ++t) observe(hook, trajectory[t]);
    load(loaded, saved(hook));
    CHECK(loaded == hook);
    for (std::size_t t = at; t < trajectory.size(); ++t) observe(loaded, trajectory[t]);
    CHECK(loaded == trained<DisplacementImportance<>>(trajectory));
  }
}

TEST_CASE("of the saved numbers, the initial weight alone may be negative") {
  const auto one_weight = [](double w) { return MatrixXd::Constant(1, 1, w); };
  DisplacementImportance<> hook;
  hook.on_train_begin(features_by_units(one_weight(1)));
  hook.on_epoch_end(features_by_units(one_weight(3)));
  const Words words = words_of(saved(hook));
  std::vector<double> accepted;
  for (std::size_t i = 3; i + 1 < words.size(); ++i) {
    DisplacementImportance<> loaded;
    try {
      load(loaded, altered(words, i, {word_of(-1.0)}));
    } catch (const std::runtime_error&) {
      continue;
    }
    if (loaded != hook) accepted.push_back(static_cast<double>(i));
  }
  CHECK(accepted == std::vector<double>{11});
}

TEST_CASE("directions that do not fit together are refused") {
  DisplacementImportance<> hook;
  hook.on_train_begin(features_by_units(Eigen::RowVector2d(1, 2)));
  for (int epoch = 1; epoch <= 9; ++epoch) {
    hook.on_epoch_end(features_by_units(Eigen::RowVector2d(3, epoch)));
  }
  const Words words = words_of(saved(hook));
  // After the movement: whether directions are measured, and s. Last, the sum of 1/t since s.
  constexpr std::size_t at = 16;
  const std::size_t last = words.size() - 2;
  REQUIRE(with_words(words, at, {1, 8}) == words);
  REQUIRE(with_words(words, last, {word_of(1. / 9)}) == words);
  const auto refused = [&](std::size_t first, const std::vector<std::int64_t>& others) {
    DisplacementImportance<> loaded;
    try {
      load(loaded, altered(words, first, others));
    } catch (const std::runtime_error&) {
      return true;
    }
    return false;
  };
  CHECK_FALSE(refused(at, {1, 0}));
  CHECK_FALSE(refused(at, {1, 9}));
  CHECK(refused(at, {2, 8}));
  CHECK(refused(at, {1, -1}));
  CHECK(refused(at, {1, 10}));
  CHECK_FALSE(refused(last, {word_of(0.0)}));
  CHECK(refused(last, {word_of(-0.1)}));
  CHECK(refused(last, {word_of(2.9)}));  // more than all of 1/t
}

TEST_CASE("directions of the first format go on as if they had been saved in this one") {
  // Saved by version 0.1.
  std::stringstream file;
  file << std::ifstream(VIANN_ARCHIVES_DIR "/displacement_importance_directions.txt").rdbuf();
  const MatrixXd start = (MatrixXd(2, 2) << 1, 2, -3, 4).finished();
  const Trajectory trajectory = {start, 2 * start, -start, start.reverse(), 3 * start};
  DisplacementImportance<> loaded;
  load(loaded, file.str());
  CHECK(loaded.weighs_directions());
  CHECK(loaded.raw_scores().isApprox(Eigen::Vector2d(0.38006509727993759, 0.16707892233151167),
                                     1e-14));
  DisplacementImportance<> again;
  load(again, saved(loaded));
  CHECK(again == loaded);
  observe(loaded, trajectory[4]);
  CHECK(relative_error(loaded.raw_scores(),
                       formula(trajectory, displacement_options(false, true), 3)) < 1e-13);
}

TEST_CASE("directions of the first format may have both triangles") {
  std::stringstream file;
  file << std::ifstream(VIANN_ARCHIVES_DIR "/displacement_importance_directions.txt").rdbuf();
  const Words words = words_of(file.str());
  DisplacementImportance<> lower, both;
  load(lower, file.str());
  // Two rows and columns; row 1 of column 0 is that of column 1, too.
  const auto of_triangle = static_cast<std::int64_t>(words[22]);
  REQUIRE(with_words(words, 23, {0}) == words);
  load(both, altered(words, 23, {of_triangle}));
  CHECK(both == lower);
}

TEST_CASE("directions of the first format without an alignment are refused") {
  std::stringstream file;
  file << std::ifstream(VIANN_ARCHIVES_DIR "/displacement_importance_directions.txt").rdbuf();
  const Words words = words_of(file.str());
  DisplacementImportance<> loaded;
  // w C w' / |w|^2 is beyond the range of double, and could not be saved again.
  REQUIRE(with_words(words, 16, {word_of(25.0), word_of(5.0)}) == words);
  const Words tiny = words_of(altered(words, 16, {word_of(1e-300)}));
  CHECK_NOTHROW(load(loaded, altered(words, 16, {word_of(1e-300)})));
  const DisplacementImportance<> before = loaded;
  CHECK_THROWS_AS(load(loaded, altered(tiny, 25, {word_of(1e300)})), std::runtime_error);
  CHECK(loaded == before);
}
