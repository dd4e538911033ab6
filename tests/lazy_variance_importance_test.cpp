// SPDX-License-Identifier: MIT
#include "viann/lazy_variance_importance.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/stream_archive.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using MatrixXd = ColMajorMatrixXd;
using Eigen::VectorXd;
using viann::features_by_units;
using viann::LazyVarianceImportance;
using viann::VarianceImportance;
using viann::VarianceImportanceOptions;

namespace {

VarianceImportanceOptions options_of(bool magnitude, bool observe_initial, std::int64_t most) {
  VarianceImportanceOptions options;
  if (!magnitude) options.combination = viann::ScoreCombination::Variance;
  options.observe_initial_weights = observe_initial;
  options.max_epochs = most;
  return options;
}

/// Indices, each drawn with a probability; some twice.
std::vector<Index> draw_some(Index features, double share, std::mt19937_64& random) {
  std::bernoulli_distribution is_touched(share), is_repeated(0.2);
  std::vector<Index> drawn;
  for (Index feature = features - 1; feature >= 0; --feature) {
    if (!is_touched(random)) continue;
    drawn.push_back(feature);
    if (is_repeated(random)) drawn.push_back(feature);
  }
  return drawn;
}

}  // namespace

TEMPLATE_TEST_CASE("touched features alone give the scores of the whole table", "", float, double) {
  const auto [features, units] = GENERATE(table<Index, Index>({{1, 1}, {40, 8}, {7, 600}}));
  const double share = GENERATE(0.0, 0.05, 0.5, 1.0);
  const bool initial = GENERATE(true, false);
  const bool magnitude = GENERATE(true, false);
  const std::int64_t most = GENERATE(7, 1000);
  const auto options = options_of(magnitude, initial, most);
  LazyVarianceImportance<TestType> lazy(options);
  VarianceImportance<TestType> dense(options);
  std::mt19937_64 random(211);
  std::normal_distribution<double> normal;
  RowMajorMatrixXd table = random_walk(features, units, 1, 223)[0];
  lazy.on_train_begin(features_by_units(table));
  dense.on_train_begin(features_by_units(table));
  CAPTURE(features, units, share, initial, magnitude, most);
  for (int epoch = 1; epoch <= 20; ++epoch) {
    const auto touched = draw_some(features, share, random);
    for (const Index feature : touched) {
      for (double& weight : table.row(feature)) weight += 0.1 * normal(random);
    }
    if (epoch % 5 == 0) {  // the other memory order
      lazy.on_epoch_end(features_by_units(MatrixXd(table)), touched);
    } else {
      lazy.on_epoch_end(features_by_units(table), touched);
    }
    dense.on_epoch_end(features_by_units(table));
    REQUIRE(lazy.epochs() == epoch);
    if (epoch == 1 && !initial) continue;
    const VectorXd exact = dense.raw_scores();
    const double tolerance = std::is_same_v<TestType, float> ? 1e-4 : 1e-12;
    REQUIRE((lazy.raw_scores() - exact).cwiseAbs().maxCoeff() <= tolerance * exact.maxCoeff());
  }
}

TEST_CASE("a feature that is never touched scores 0, also in a table of large weights") {
  RowMajorMatrixXd table = RowMajorMatrixXd::Constant(3, 4, 0.1);
  LazyVarianceImportance<> lazy;
  lazy.on_train_begin(features_by_units(table));
  for (int epoch = 0; epoch < 9; ++epoch) {
    table.row(1) *= 1.1;
    lazy.on_epoch_end(features_by_units(table), std::set<int>{1});
  }
  CHECK(lazy.raw_scores()[0] == 0);
  CHECK(lazy.scores() == Eigen::Vector3d(0, 1, 0));
  // Touched without having moved: still no variance.
  lazy.on_epoch_end(features_by_units(table), Eigen::Vector2i(0, 2));
  CHECK(lazy.raw_scores()[0] == 0);
  CHECK(lazy.raw_scores()[2] == 0);
}

TEST_CASE("all features touched: the dense hook's scores to the bit") {
  const auto trajectory = random_walk(30, 20, 12, 227);
  const auto dense = trained<VarianceImportance<>>(trajectory, true);
  CHECK(trained<LazyVarianceImportance<>>(trajectory, true).raw_scores() == dense.raw_scores());
  // A start is not necessary, either.
  LazyVarianceImportance<> lazy;
  for (std::size_t t = 1; t < trajectory.size(); ++t) observe(lazy, trajectory[t], true);
  CHECK(lazy.raw_scores() == dense.raw_scores());
  CHECK(lazy.features() == 30);
  CHECK(lazy.units() == 20);
  lazy.on_train_end();
}

TEST_CASE("a touched weight far away, long unmoved: few digits are lost") {
  // 1,000 observations at 1e4, ten at 1e4 + 1: the variance is 10 * 1000 / 1010 / 1009.
  MatrixXd table = MatrixXd::Constant(2, 1, 1e4);
  LazyVarianceImportance<> lazy(options_of(false, false, std::numeric_limits<std::int64_t>::max()));
  lazy.on_train_begin(features_by_units(table));
  const std::vector<int> none;
  for (int epoch = 0; epoch < 1000; ++epoch) lazy.on_epoch_end(features_by_units(table), none);
  table(1, 0) += 1;
  lazy.on_epoch_end(features_by_units(table), std::vector<int>{1});
  for (int epoch = 0; epoch < 9; ++epoch) lazy.on_epoch_end(features_by_units(table), none);
  CHECK(lazy.raw_scores()[0] == 0);
  CHECK(lazy.raw_scores()[1] == Approx(10. * 1000 / 1010 / 1009).epsilon(1e-11));
}

namespace {

/// Indices that can be read only once and only if not const, as from a filter of std::ranges. One
/// of them cannot be read at all.
struct OnceReadable {
  std::vector<int> indices;
  std::size_t readable;
  bool is_read = false;

  struct Iterator {
    const OnceReadable* range;
    std::size_t i;
    int operator*() const {
      if (i == range->readable) throw std::runtime_error("This index cannot be read.");
      return range->indices[i];
    }
    Iterator& operator++() { return ++i, *this; }
    bool operator!=(const Iterator& other) const { return i != other.i; }
  };
  Iterator begin() {
    if (std::exchange(is_read, true)) throw std::runtime_error("These were read already.");
    return {this, 0};
  }
  Iterator end() { return {this, indices.size()}; }
};

}  // namespace

TEST_CASE("touched features are read once, before anything changes") {
  const auto trajectory = random_walk(3, 4, 4, 230);
  auto lazy = trained<LazyVarianceImportance<>>(trajectory);
  auto other = lazy;
  const auto before = lazy;
  const auto view = features_by_units(trajectory[1]);
  OnceReadable broken{{0, 1, 2}, 2};
  CHECK_THROWS_AS(lazy.on_epoch_end(view, broken), std::runtime_error);
  CHECK(lazy == before);
  OnceReadable touched{{0, 2, 2}, 3};
  lazy.on_epoch_end(view, touched);
  other.on_epoch_end(view, std::vector<int>{0, 2});
  CHECK(lazy == other);
  lazy.on_epoch_end(view, OnceReadable{{1}, 1});  // a temporary will do
  CHECK(lazy.epochs() == 5);
}

TEST_CASE("comparison of lazy hooks sees which features were observed") {
  const MatrixXd W = MatrixXd::Zero(3, 2);
  LazyVarianceImportance<> first, second;
  for (auto* hook : {&first, &second}) hook->on_train_begin(features_by_units(W));
  CHECK(first == second);
  first.on_epoch_end(features_by_units(W), std::vector<int>{0});
  second.on_epoch_end(features_by_units(W), std::vector<int>{1});
  CHECK(first != second);
  CHECK_FALSE(first == second);
  auto later = first;
  later.on_epoch_end(features_by_units(W), std::vector<int>{});
  CHECK(later != first);
  CHECK(LazyVarianceImportance<>(options_of(true, false, 5)) != LazyVarianceImportance<>());
  CHECK(LazyVarianceImportance<>(options_of(false, false, 5)) !=
        LazyVarianceImportance<>(options_of(true, false, 5)));
  CHECK(LazyVarianceImportance<>(options_of(true, true, 5)) !=
        LazyVarianceImportance<>(options_of(true, false, 5)));
}

TEST_CASE("fewer than two observations are no score of a lazy hook") {
  const auto trajectory = random_walk(3, 2, 4, 231);
  const auto message = [](const LazyVarianceImportance<>& lazy) {
    CHECK_THROWS_AS(lazy.scores(), std::logic_error);
    CHECK_THROWS_AS(lazy.raw_scores(), std::logic_error);
    return message_of<std::logic_error>([&] { lazy.on_train_end(); });
  };
  LazyVarianceImportance<> lazy;
  CHECK(contains(message(lazy), "on_train_end() takes at least 2 observations, but there were 0"));
  lazy.on_train_begin(features_by_units(trajectory[0]));
  CHECK(contains(message(lazy), "but there were 0"));
  lazy.on_epoch_end(features_by_units(trajectory[1]), std::vector<int>{0});
  CHECK(contains(message(lazy), "but there was 1"));
  lazy.on_epoch_end(features_by_units(trajectory[1]), std::vector<int>{});
  lazy.on_train_end();
  // The initial weights may be one of the two.
  LazyVarianceImportance<> with_start(options_of(true, true, 5));
  with_start.on_train_begin(features_by_units(trajectory[0]));
  CHECK(contains(message(with_start), "but there was 1"));
  with_start.on_epoch_end(features_by_units(trajectory[1]), std::vector<int>{0});
  CHECK(with_start.raw_scores()[0] > 0);
}

TEST_CASE("a lazy state that does not fit together is refused and changes nothing") {
  auto lazy = trained<LazyVarianceImportance<>>(random_walk(2, 1, 4, 232));
  const auto before = lazy;
  // After the head: combination, initial weights, max_epochs, epochs; features, units, order; a
  // checksum; x, m and M2 of both features; and of each count, settled and pending.
  const Words words = words_of(saved(lazy));
  REQUIRE(with_words(words, 3, {0, 0, std::numeric_limits<std::int64_t>::max(), 3, 2, 1, 0}) ==
          words);
  REQUIRE(with_words(words, 17, {3}) == words);
  const auto refused = [&](std::size_t first, const std::vector<std::int64_t>& others) {
    CAPTURE(first, others);
    CHECK(
        contains(message_of<std::runtime_error>([&] { load(lazy, altered(words, first, others)); }),
                 "viann::LazyVarianceImportance: the archive is damaged"));
    CHECK(lazy == before);
  };
  refused(3, {2});
  refused(3, {-1});
  refused(5, {1});   // max_epochs
  refused(6, {-1});  // epochs
  refused(6, {std::int64_t{1} << 60});
  refused(7, {0});  // features
  refused(7, {-2});
  refused(8, {0});               // units
  refused(13, {word_of(-1.0)});  // M2
  refused(17, {-1});             // count
  refused(17, {4});              // of 3 observations
  refused(18, {word_of(-1.0)});  // settled
  refused(19, {word_of(-1.0)});  // pending
  refused(19, {word_of(std::numeric_limits<double>::infinity())});
  LazyVarianceImportance<> empty;
  const Words of_empty = words_of(saved(empty));
  CHECK_THROWS_AS(load(lazy, altered(of_empty, 6, {1})),
                  std::runtime_error);  // an epoch of nothing
  load(lazy, saved(empty));
  CHECK(lazy == empty);
}

TEST_CASE("what cannot be taken in is refused and changes nothing") {
  const auto trajectory = random_walk(3, 4, 4, 229);
  auto lazy = trained<LazyVarianceImportance<>>(trajectory);
  const auto before = lazy;
  const auto refused = [&](const MatrixXd& weights, const std::vector<int>& touched) {
    const auto message = message_of<std::invalid_argument>(
        [&] { lazy.on_epoch_end(features_by_units(weights), touched); });
    CHECK(lazy == before);
    CHECK(contains(message, "viann::LazyVarianceImportance: epoch 4: "));
    return message;
  };
  MatrixXd W = trajectory[0];
  CHECK(
      contains(refused(W, {0, 3}), "there is no feature 3 among 3; touched features are indices"));
  CHECK(contains(refused(W, {0, -1}), "there is no feature -1 among 3"));
  CHECK(contains(refused(W.transpose(), {0}), "the axes are swapped"));
  CHECK(contains(refused(MatrixXd(0, 4), {0}), "there are no weights"));
  W(2, 1) = std::nan("");
  CHECK(contains(refused(W, {0, 2}), "the weight of (feature 2, unit 1) is nan; training has"));
  lazy.on_epoch_end(features_by_units(W), std::vector<int>{0, 1});  // the third is not read
  CHECK(lazy.epochs() == 4);
  CHECK(lazy != before);

  LazyVarianceImportance<> fresh;
  CHECK(contains(message_of<std::logic_error>([&] {
                   fresh.on_epoch_end(features_by_units(trajectory[0]), std::vector<int>{0});
                 }),
                 "call on_train_begin() with those of all features first"));
  CHECK_THROWS_AS(LazyVarianceImportance<>(options_of(true, false, 1)), std::invalid_argument);
  LazyVarianceImportance<> wants_start(options_of(true, true, 5));
  CHECK_THROWS_AS(observe(wants_start, trajectory[0]), std::logic_error);
  CHECK(contains(message_of<std::logic_error>([&] { fresh.raw_scores(); }),
                 "viann::LazyVarianceImportance: a score takes at least 2 observations"));
}
