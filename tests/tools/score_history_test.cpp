// SPDX-License-Identifier: MIT
#include "viann/tools/score_history.hpp"

#include <algorithm>
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
  CHECK(history.every() == 1);
  CHECK(history.kept_epochs() == Epochs{0, 7, 10});
  CHECK(history.scores() == (MatrixXd(3, 3) << 1, 4, 7, 2, 5, 8, 3, 6, 9).finished());
}

TEST_CASE("every third epoch, from the first, and the latest") {
  CHECK(after(1, {3, 256}).kept_epochs() == Epochs{1});
  CHECK(after(3, {3, 256}).kept_epochs() == Epochs{1, 3});
  CHECK(after(4, {3, 256}).kept_epochs() == Epochs{1, 4});
  const ScoreHistory history = after(9, {3, 256});
  CHECK(history.kept_epochs() == Epochs{1, 4, 7, 9});
  CHECK(history.epochs() == 9);
  CHECK(history.scores().row(0) == Eigen::RowVector4d(1, 4, 7, 9));
}

TEST_CASE("beyond the most epochs, every second one is dropped") {
  CHECK(after(4, {1, 4}).kept_epochs() == Epochs{1, 2, 3, 4});
  CHECK(after(4, {1, 4}).every() == 1);
  CHECK(after(5, {1, 4}).kept_epochs() == Epochs{1, 3, 5});
  CHECK(after(5, {1, 4}).every() == 2);
  CHECK(after(6, {1, 4}).kept_epochs() == Epochs{1, 3, 5, 6});
  CHECK(after(7, {1, 4}).kept_epochs() == Epochs{1, 3, 5, 7});
  CHECK(after(8, {1, 4}).kept_epochs() == Epochs{1, 5, 8});
  CHECK(after(8, {1, 4}).every() == 4);
  CHECK(after(11, {2, 4}).kept_epochs() == Epochs{1, 5, 9, 11});
  for (std::int64_t most = 2; most <= 9; ++most) {
    for (std::int64_t epochs = 1; epochs <= 100; ++epochs) {
      CAPTURE(most, epochs);
      const ScoreHistory history = after(epochs, {1, most});
      const Epochs kept = history.kept_epochs();
      REQUIRE(static_cast<std::int64_t>(kept.size()) <= most);
      REQUIRE(static_cast<std::int64_t>(kept.size()) >= std::min(epochs, (most + 1) / 2));
      REQUIRE(kept.front() == 1);
      REQUIRE(kept.back() == epochs);
      for (std::size_t i = 1; i + 1 < kept.size(); ++i) {
        REQUIRE(kept[i] - kept[i - 1] == history.every());
      }
      REQUIRE(history.scores()(0, history.scores().cols() - 1) == static_cast<double>(epochs));
    }
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
  for (const ScoreHistoryOptions options :
       {ScoreHistoryOptions{0, 9}, {-1, 9}, {(std::int64_t{1} << 53) + 1, 9}, {1, 1}}) {
    CHECK(contains(message_of<std::invalid_argument>([&] { ScoreHistory history(options); }),
                   "viann::ScoreHistory: every = "));
  }
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
  history.add(5, Vector2d(1, 2));
  const std::string before = saved(history);
  CHECK(contains(refusal(6, Vector3d(1, 2, 3)), "viann::ScoreHistory: 3 scores do not follow 2"));
  CHECK(contains(refusal(6, Vector2d(1, not_a_number)), "the score of feature 1 is nan"));
  CHECK(contains(refusal(5, Vector2d(1, 2)), "epoch 5 does not follow epoch 5; pass rising"));
  CHECK(contains(refusal((std::int64_t{1} << 53) + 1, Vector2d(1, 2)), "does not follow"));
  for (const Eigen::Index k : {0, 3}) {
    CHECK(contains(message_of<std::invalid_argument>([&] { (void)history.in_top_since(k); }),
                   "viann::ScoreHistory: there is no top "));
  }
  for (const double correlation : {-1.1, 1.1, not_a_number}) {
    CHECK(contains(
        message_of<std::invalid_argument>([&] { (void)history.settled_since(correlation); }),
        " is not in [-1, 1]"));
  }
  CHECK(saved(history) == before);
}

TEST_CASE("a saved history comes back and goes on, with its options") {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  ScoreHistory straight({2, 4});
  for (std::int64_t epoch = 0; epoch < 30; ++epoch) {
    ScoreHistory resumed({5, 7});
    resumed.add(1, Vector2d(1, 2));
    load(resumed, saved(straight));
    CHECK(saved(resumed) == saved(straight));
    const VectorXd scores = VectorXd::NullaryExpr(3, [&] { return normal(random); });
    for (auto* history : {&straight, &resumed}) history->add(epoch, scores);
    CHECK(saved(resumed) == saved(straight));
    CHECK(resumed.scores() == straight.scores());
    CHECK(resumed.kept_epochs() == straight.kept_epochs());
    CHECK(resumed.every() == straight.every());
  }
}

TEST_CASE("a history of any length can be saved and loaded") {
  for (std::int64_t every = 1; every <= 7; ++every) {
    for (std::int64_t most = 2; most <= 4; ++most) {
      for (std::int64_t epochs = 0; epochs <= 60; ++epochs) {
        CAPTURE(every, most, epochs);
        ScoreHistory history = after(epochs, {every, most});
        ScoreHistory loaded;
        REQUIRE_NOTHROW(load(loaded, saved(history)));
        REQUIRE(saved(loaded) == saved(history));
        REQUIRE(loaded.kept_epochs() == history.kept_epochs());
      }
    }
  }
}

TEST_CASE("a history that does not fit together is refused and changes nothing") {
  ScoreHistory history = after(6, {1, 4});  // epochs 1, 3, 5 and 6
  const std::string before = saved(history);
  const Words words = words_of(before);
  // every, most epochs, doublings, epochs, features; then the first epoch's number.
  REQUIRE(with_words(words, 3, {1, 4, 1, 6, 2, 1}) == words);
  constexpr std::int64_t many = std::int64_t{1} << 62;
  for (const auto& head : std::vector<std::vector<std::int64_t>>{
           {0, 4, 1, 6, 2},    {-1, 4, 1, 6, 2},      {many, 4, 1, 6, 2},    {1, 1, 1, 6, 2},
           {1, 3, 1, 6, 2},    {1, 4, -1, 6, 2},      {1, 4, 54, 6, 2},      {1, 4, 200, 6, 2},
           {1, 4, 0, 6, 2},    {5, 4, 1, 6, 2},       {1, 4, 1, 0, 2},       {1, 4, 1, 0, 0},
           {1, 4, 1, -6, 2},   {1, many, 0, many, 2}, {1, 4, 1, 6, 0},       {1, 4, 1, 6, -2},
           {1, 4, 1, 6, many}, {1, 4, 1, 6, 2, -1},   {1, 4, 1, 6, 2, many}, {1, 4, 1, 6, 2, 3}}) {
    CAPTURE(head);
    CHECK(contains(message_of<std::runtime_error>([&] { load(history, altered(words, 3, head)); }),
                   "viann::ScoreHistory: the archive is "));
  }
  CHECK(saved(history) == before);
}

TEST_CASE("a history that was moved from, or reset, is new") {
  ScoreHistory history = after(9, {1, 4});
  const ScoreHistory moved = std::move(history);
  CHECK(moved.kept_epochs() == Epochs{1, 5, 9});
  CHECK(history.epochs() == 0);  // NOLINT(bugprone-use-after-move)
  for (int again = 0; again < 2; ++again) {
    CHECK(history.kept_epochs().empty());
    CHECK(history.every() == 1);
    for (const std::int64_t epoch : {1, 2, 3, 4}) history.add(epoch, Vector3d(1, 2, 3));
    CHECK(history.kept_epochs() == Epochs{1, 2, 3, 4});
    history.add(5, Vector3d(1, 2, 3));
    CHECK(history.kept_epochs() == Epochs{1, 3, 5});
    history.reset();
  }
}
