// SPDX-License-Identifier: MIT
//
// A call for which memory runs out changes nothing.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

using viann::features_by_units;

namespace {

/// Lets every allocation of a call fail in turn, beginning with the first, until the call succeeds.
/// \param check  called after each failure, to see that nothing has changed
template <typename Call, typename Check>
std::size_t fail_each_allocation(const Call& call, const Check& check) {
  std::size_t allowed = 0;
  for (; runs_out(allowed, call); ++allowed) {
    CAPTURE(allowed);
    check();
  }
  return allowed;
}

/// Copies over `object`, moves to itself and to another, with memory that runs out.
/// \param state  returns all that can be seen of an object
template <typename Object, typename State>
void check_assignments(const Object& before, const Object& other, const State& state) {
  const auto of_before = state(before);
  const auto of_other = state(other);
  REQUIRE(of_before != of_other);
  Object object = before;
  const std::size_t needed =
      fail_each_allocation([&] { object = other; }, [&] { CHECK(state(object) == of_before); });
  CHECK(needed > 0);
  CHECK(state(object) == of_other);
  fail_each_allocation([&] { Object copy(before); }, [] {});
  const Object& itself = object;
  object = itself;
  CHECK(state(object) == of_other);
  Object& same = object;
  object = std::move(same);
  CHECK(state(object) == of_other);
  CHECK(allocations_in([&] {
          Object moved = std::move(object);
          object = std::move(moved);
        }) == 0);
  CHECK(state(object) == of_other);
}

}  // namespace

TEST_CASE("assignments are made as a whole or not at all") {
  const Eigen::MatrixXd small = Eigen::MatrixXd::Random(3, 2),
                        large = Eigen::MatrixXd::Random(40, 50);
  const auto state = [](const auto& object) {
    auto copy = object;
    return saved(copy);
  };
  const auto observed = [](auto hook, const Eigen::MatrixXd& W) {
    hook.on_train_begin(features_by_units(W));
    for (const double scale : {1.0, 0.5, 2.0}) hook.on_epoch_end(features_by_units(scale * W));
    return hook;
  };
  const auto check_hook = [&](const auto& hook) {
    check_assignments(observed(hook, small), observed(hook, large), state);
    check_assignments(observed(hook, large), observed(hook, small), state);
  };
  for_each_hook(check_hook);

  viann::WelfordAccumulator<> first, second;
  for (const double scale : {1.0, 3.0}) {
    first(scale * small);
    second(scale * large);
  }
  check_assignments(first, second, state);

  viann::ScoreHistory brief({4}), full({2});
  for (const std::int64_t epoch : {1, 2, 3, 4}) {
    full.add(epoch, Eigen::Vector3d(1, 2, 3));
    if (epoch < 3) brief.add(epoch, Eigen::Vector2d(1, 2));
  }
  check_assignments(brief, full, state);
  check_assignments(full, brief, state);

  viann::Report report({"a", "b"}, Eigen::Vector2d(1, 2)),
      longer({"x", "y", "z"}, Eigen::Vector3d(1, 2, 3));
  longer.add_column("a long title that needs memory of its own", Eigen::Vector3d(4, 5, 6));
  const auto csv = [](const viann::Report& any) { return any.csv(); };
  check_assignments(report, longer, csv);
  check_assignments(longer, report, csv);
}

TEST_CASE("no public call leaves a thing half done when memory runs out") {
  // More units than a group of sums has.
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(40, 33), V = Eigen::MatrixXd::Random(33, 7);
  const auto check_unchanged = [](auto& object, const auto& call) {
    auto copy = object;
    const std::string before = saved(copy);
    const std::size_t needed = fail_each_allocation(call, [&] {
      copy = object;
      CHECK(saved(copy) == before);
    });
    return needed;
  };
  const auto view = features_by_units(W);
  viann::VarianceImportance<> fresh;
  CHECK(check_unchanged(fresh, [&] { fresh.on_epoch_end(view); }) == 3);
  const auto check_hook = [&](auto hook) {
    CHECK(check_unchanged(hook, [&] { hook.on_train_begin(view); }) > 0);
    check_unchanged(hook, [&] { hook.on_epoch_end(view); });
    hook.on_epoch_end(view);
    CHECK(check_unchanged(hook, [&] { hook.scores(); }) > 0);
    auto copy = hook;
    check_unchanged(copy, [&] { copy.on_epoch_end(view); });
    load(copy, saved(hook));
    CHECK(allocations_in([&] { copy.on_epoch_end(view); }) == 0);
    CHECK(check_unchanged(hook, [&] { hook.on_train_begin(features_by_units(V)); }) > 0);
  };
  for_each_hook(check_hook);

  viann::WelfordAccumulator<> accumulator, other;
  CHECK(check_unchanged(accumulator, [&] { accumulator(W); }) > 0);
  CHECK(check_unchanged(accumulator, [&] { accumulator(accumulator.mean().reverse()); }) > 0);
  CHECK(check_unchanged(other, [&] { other += accumulator; }) > 0);
  viann::ScoreHistory history({3});
  for (int epoch = 0; epoch < 6; ++epoch) {
    CHECK(check_unchanged(history, [&] { history.add(epoch, W.col(epoch)); }) > 0);
  }
  CHECK(check_unchanged(history, [&] { history.scores(); }) > 0);
  CHECK(check_unchanged(history, [&] { history.in_top_since(3); }) > 0);
  viann::Report report({"a", "b"}, Eigen::Vector2d(1, 2));
  const std::string before = report.csv();
  CHECK(fail_each_allocation(
            [&] { report.add_column("a title of some length", Eigen::Vector2d(3, 4)); },
            [&] { CHECK(report.csv() == before); }) > 0);

  const auto nothing = [] {};
  const Eigen::VectorXd scores = W.col(0);
  CHECK(fail_each_allocation([&] { viann::olden(view, features_by_units(V)); }, nothing) > 0);
  fail_each_allocation([&] { viann::garson(view, features_by_units(V)); }, nothing);
  fail_each_allocation([&] { viann::spearman(scores, W.col(1)); }, nothing);
  fail_each_allocation([&] { viann::top_k_overlap(scores, W.col(1), 3); }, nothing);
  fail_each_allocation([&] { viann::kernel_scores(scores, 4, 5); }, nothing);
  fail_each_allocation([&] { viann::stability_across_runs(W.leftCols(5), 3); }, nothing);
  fail_each_allocation([&] { report.table(); }, nothing);
  const auto loss = [](const Eigen::MatrixXd& X) { return X.sum(); };
  fail_each_allocation([&] { viann::permutation_importance(V, loss); }, nothing);
  fail_each_allocation([&] { viann::leave_one_feature_out(V, loss); }, nothing);
}

TEST_CASE("memory that runs out in loading changes nothing") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(70, 30);
  viann::DisplacementImportance<> trained, loaded;
  trained.on_train_begin(features_by_units(W));
  trained.on_epoch_end(features_by_units(Eigen::MatrixXd(2 * W)));
  const std::string bytes = saved(trained);
  std::size_t needed = 0;
  for (;; ++needed) {
    std::istringstream stream(bytes);
    if (!runs_out(needed, [&] { viann::load(stream, loaded); })) break;
    CHECK(loaded == viann::DisplacementImportance<>());
  }
  CHECK(needed > 5);
  CHECK(loaded == trained);
}
