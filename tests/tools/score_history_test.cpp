// SPDX-License-Identifier: MIT
#include "viann/tools/score_history.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/saved.hpp"

using Eigen::MatrixXd;
using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::Vector4d;
using Eigen::VectorXd;
using viann::ScoreHistory;
using viann::ScoreHistoryOptions;
using viann::detail::concat;

namespace {

constexpr auto never = std::nullopt;

using Epochs = std::vector<std::int64_t>;
using Since = std::vector<std::optional<std::int64_t>>;

/// Two features after each of some epochs, the first of which is 1.
ScoreHistory after(std::int64_t epochs, ScoreHistoryOptions options = {}) {
  ScoreHistory history(options);
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
    history.add(epoch, Vector2d(static_cast<double>(epoch), -1));
  }
  return history;
}

template <typename... Columns>
ScoreHistory of(const Columns&... columns) {
  ScoreHistory history;
  (history.add(history.epochs() + 1, columns), ...);
  return history;
}

}  // namespace

TEST_CASE("a history has the scores of every epoch, with the numbers that were passed") {
  ScoreHistory history;
  CHECK(history.features() == 0);
  CHECK(history.scores().size() == 0);
  history.add(0, Vector3d(1, 2, 3));
  history.add(7, Vector3d(4, 5, 6));
  history.add(10, Vector3d(7, 8, 9));
  CHECK(history.features() == 3);
  CHECK(history.epochs() == 3);
  CHECK(history.kept_epochs() == Epochs{0, 7, 10});
  CHECK(history.scores() == (MatrixXd(3, 3) << 1, 4, 7, 2, 5, 8, 3, 6, 9).finished());
}

TEST_CASE("beyond the most epochs, those closest on a logarithmic axis are dropped") {
  CHECK(after(4, {4}).kept_epochs() == Epochs{1, 2, 3, 4});
  CHECK(after(5, {4}).kept_epochs() == Epochs{1, 2, 3, 5});
  CHECK(after(6, {4}).kept_epochs() == Epochs{1, 2, 3, 6});
  CHECK(after(9, {4}).kept_epochs() == Epochs{1, 3, 7, 9});
  CHECK(after(9, {2}).kept_epochs() == Epochs{1, 9});
  CHECK(ScoreHistoryOptions().most_epochs == 256);
  const std::int64_t most = GENERATE(20, 256);
  const ScoreHistory history = after(10000, {most});
  const Epochs kept = history.kept_epochs();
  CHECK(static_cast<std::int64_t>(kept.size()) == most);
  CHECK(history.epochs() == 10000);
  CHECK(kept.front() == 1);
  CHECK(kept.back() == 10000);
  // Neighbours are at most three times as far apart as if they were spaced evenly on that axis.
  const double even = std::pow(10001, 1 / static_cast<double>(most - 1));
  for (std::size_t i = 1; i < kept.size(); ++i) {
    CAPTURE(kept[i]);
    CHECK((kept[i] == kept[i - 1] + 1 ||
           static_cast<double>(kept[i]) < std::pow(even, 3) * static_cast<double>(kept[i - 1])));
    CHECK(history.scores()(0, static_cast<Eigen::Index>(i)) == static_cast<double>(kept[i]));
  }
}

TEST_CASE("the epoch from which an input stayed in the top k") {
  const ScoreHistory history = of(Vector4d(9, 0, 3, 1),  //
                                  Vector4d(1, 9, 3, 0),  // 0 leaves the top 2,
                                  Vector4d(8, 9, 3, 0),  // and comes back
                                  Vector4d(8, 9, 3, 7));
  CHECK(history.in_top_since(1) == Since{never, 2, never, never});
  CHECK(history.in_top_since(2) == Since{3, 2, never, never});
  CHECK(history.in_top_since(3) == Since{1, 2, never, 4});
  CHECK(history.in_top_since(4) == Since{1, 1, 1, 1});
}

TEST_CASE("inputs that tie with the k-th are in the top k") {
  const ScoreHistory history =
      of(Vector4d(1, 1, 1, 1), Vector4d(5, 2, 2, 1), Vector4d(5, 2, 3, 1), Vector4d(5, 2, 2, 1));
  CHECK(history.in_top_since(1) == Since{1, never, never, never});
  CHECK(history.in_top_since(2) == Since{1, 4, 1, never});
  CHECK(history.in_top_since(3) == Since{1, 1, 1, never});
  CHECK(of(Vector2d(0, 0)).in_top_since(1) == Since{1, 1});
}

TEST_CASE("the epoch from which the ranking stayed as it is now") {
  // Spearman's correlations with the last ranking: 1, 0.8, -1, 0.8, 0.8, 1.
  const ScoreHistory history =
      of(Vector4d(1, 2, 3, 4), Vector4d(2, 1, 3, 4), Vector4d(4, 3, 2, 1), Vector4d(1, 3, 2, 4),
         Vector4d(1, 2, 4, 3), Vector4d(10, 20, 30, 40));
  CHECK(history.settled_since(1) == 6);
  CHECK(history.settled_since() == 6);
  CHECK(history.settled_since(0.81) == 6);
  CHECK(history.settled_since(0.8) == 4);
  CHECK(history.settled_since(-0.9) == 4);
  CHECK(history.settled_since(-1) == 1);
  CHECK(of(Vector2d(1, 2)).settled_since(1) == 1);
  // Without an order nothing has settled, however long it lasts.
  CHECK(of(Vector2d(1, 1), Vector2d(1, 1)).settled_since(0.5) == 2);
}

TEST_CASE("a ranking that never changes has settled from the start, whatever its length") {
  for (Eigen::Index features = 2; features <= 200; ++features) {
    CAPTURE(features);
    const VectorXd scores = VectorXd::LinSpaced(features, 0, 1).array().square();
    REQUIRE(of(scores, VectorXd(2 * scores)).settled_since(1) == 1);
  }
}

TEST_CASE("a history refuses what does not follow and stays as it was") {
  check_refusals({{[] { ScoreHistory history({1}); },
                   "viann::ScoreHistory: most_epochs is 1; keep at least 2."}});
  ScoreHistory history;
  const auto refusal = [&](std::int64_t epoch, const VectorXd& scores) {
    return message_of<std::invalid_argument>([&] { history.add(epoch, scores); });
  };
  CHECK(contains(refusal(-1, Vector2d(1, 2)), "epoch -1 does not follow the start"));
  CHECK(contains(refusal(1, VectorXd()), "viann::ScoreHistory: there are no scores"));
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { (void)history.in_top_since(1); }, [&] { (void)history.settled_since(); }}) {
    CHECK(contains(message_of<std::logic_error>(call), "viann::ScoreHistory: there are no scores"));
  }
  history.add(4, Vector2d(2, 1));
  history.add(5, Vector2d(1, 2));
  const std::string before = saved(history);
  CHECK(contains(refusal(6, Vector3d(1, 2, 3)), "viann::ScoreHistory: 3 scores do not follow 2"));
  CHECK(contains(refusal(6, Vector2d(1, not_a_number)), "the score of feature 1 is nan"));
  CHECK(contains(refusal(5, Vector2d(1, 2)), "epoch 5 does not follow epoch 5; pass rising"));
  CHECK(contains(refusal((std::int64_t{1} << 53) + 1, Vector2d(1, 2)), "does not follow"));
  for (const Eigen::Index k : {0, 3}) {
    CHECK(contains(message_of<std::invalid_argument>([&] { (void)history.in_top_since(k); }),
                   concat("viann::ScoreHistory: there is no top ", k, " of 2 features")));
  }
  for (const double correlation : {-1.1, 1.1, not_a_number}) {
    CHECK(contains(
        message_of<std::invalid_argument>([&] { (void)history.settled_since(correlation); }),
        concat("viann::ScoreHistory: ", correlation, " is not in [-1, 1]")));
  }
  CHECK(saved(history) == before);
}

TEST_CASE("a saved history comes back and goes on, with its options") {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  ScoreHistory straight({4});
  for (std::int64_t epoch = 0; epoch < 30; ++epoch) {
    ScoreHistory resumed({7});
    resumed.add(1, Vector2d(1, 2));
    load(resumed, saved(straight));
    CHECK(saved(resumed) == saved(straight));
    const VectorXd scores = VectorXd::NullaryExpr(3, [&] { return normal(random); });
    for (auto* history : {&straight, &resumed}) history->add(epoch, scores);
    CHECK(saved(resumed) == saved(straight));
    CHECK(resumed.scores() == straight.scores());
    CHECK(resumed.kept_epochs() == straight.kept_epochs());
  }
}

TEST_CASE("a history that does not fit together is refused and changes nothing") {
  ScoreHistory history = after(6, {4});
  const std::string before = saved(history);
  const Words words = words_of(before);
  // most epochs, epochs, features, how many are kept; then the first epoch's number.
  REQUIRE(with_words(words, 3, {4, 6, 2, 4, 1}) == words);
  constexpr std::int64_t many = std::int64_t{1} << 62;
  using Head = std::vector<std::int64_t>;
  for (const Head& head :
       {Head{1, 6, 2, 4}, Head{1, 6, 2, 1}, Head{3, 6, 2, 4}, Head{4, 3, 2, 4}, Head{4, 0, 2, 0},
        Head{4, 0, 0, 0}, Head{4, -6, 2, 4}, Head{many, many, 2, many}, Head{4, 6, 0, 4},
        Head{4, 6, -2, 4}, Head{4, 6, many, 4}, Head{4, 6, 2, -4}, Head{4, 6, 2, 4, -1},
        Head{4, 6, 2, 4, many}, Head{4, 6, 2, 4, 2}, Head{4, many, 2, 4}}) {
    CAPTURE(head);
    CHECK(contains(message_of<std::runtime_error>([&] { load(history, altered(words, 3, head)); }),
                   "viann::ScoreHistory: the archive is damaged"));
  }
  CHECK(saved(history) == before);
  const Words of_none = words_of(saved(ScoreHistory())), of_one = words_of(saved(after(1)));
  for (const auto& bytes : {altered(of_one, 3, {1}),  // most epochs
                            altered(of_one, 7, {many}), altered(of_none, 5, {2})}) {
    CHECK_THROWS_AS(load(history, bytes), std::runtime_error);
  }
}

TEST_CASE("a history that was moved from, or reset, is new") {
  ScoreHistory history = after(9, {4});
  const ScoreHistory moved = std::move(history);
  CHECK(moved.kept_epochs() == Epochs{1, 3, 7, 9});
  for (int again = 0; again < 2; ++again) {
    CHECK(history.epochs() == 0);  // NOLINT(bugprone-use-after-move)
    CHECK(history.kept_epochs().empty());
    for (const std::int64_t epoch : {1, 2, 3, 4, 5}) history.add(epoch, Vector3d(1, 2, 3));
    CHECK(history.kept_epochs() == Epochs{1, 2, 3, 5});
    history.reset();
  }
}
