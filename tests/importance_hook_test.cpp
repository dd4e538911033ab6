// SPDX-License-Identifier: MIT
//
// The promises that all hooks share, for every hook. A hook's own file tests what it measures;
// saving and loading have a file beside this one.

#include "viann/importance_hook.hpp"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
#include "support/strided_buffer.hpp"
#include "support/trajectories.hpp"

using MatrixXd = ColMajorMatrixXd;
using Eigen::VectorXd;
using viann::DisplacementImportance;
using viann::features_by_units;
using viann::require_importance_hook;
using viann::units_by_features;
using viann::VarianceImportance;

static_assert(require_importance_hook<VarianceImportance<>>());
static_assert(require_importance_hook<VarianceImportance<float>>());
static_assert(require_importance_hook<VarianceImportance<long double>>());
static_assert(require_importance_hook<DisplacementImportance<>>());
static_assert(require_importance_hook<DisplacementImportance<float>>());
static_assert(require_importance_hook<DisplacementImportance<long double>>());

namespace {

/// The smallest possible hook.
struct FirstWeightOfEach {
  void on_train_begin(const viann::WeightView& weights) {
    units_ = weights.units();
    scores_.setZero(weights.features());
  }
  void on_epoch_end(const viann::WeightView& weights) {
    scores_ = weights.values().col(0);
    ++epochs_;
  }
  void on_train_end() const {}
  Eigen::Index features() const { return scores_.size(); }
  Eigen::Index units() const { return units_; }
  std::int64_t epochs() const { return epochs_; }
  VectorXd raw_scores() const { return scores_; }
  VectorXd scores() const { return scores_; }
  template <class Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& epochs_;
  }

 private:
  VectorXd scores_;
  Eigen::Index units_ = 0;
  std::int64_t epochs_ = 0;
};
static_assert(require_importance_hook<FirstWeightOfEach>());

// Each of these misses one requirement.
struct TakesMatrices : FirstWeightOfEach {
  void on_train_begin(const MatrixXd&);
  void on_epoch_end(const MatrixXd&);
};
struct ReturnsFromTheHook : FirstWeightOfEach {
  using FirstWeightOfEach::on_train_begin;
  bool on_epoch_end(const viann::WeightView&);
};
struct EndsNotConst : FirstWeightOfEach {
  void on_train_end() {}
};
struct CountsInInt : FirstWeightOfEach {
  int epochs() const { return 0; }
};
struct ScoresInFloat : FirstWeightOfEach {
  Eigen::VectorXf scores() const { return {}; }
};
struct SerializesForOneArchive : FirstWeightOfEach {
  void serialize(std::ostream&, unsigned) {}
};
static_assert(!viann::detail::takes_views<TakesMatrices>());
static_assert(!viann::detail::takes_views<ReturnsFromTheHook>());
static_assert(!viann::detail::takes_views<int>());
static_assert(!viann::detail::has_train_end<EndsNotConst>());
static_assert(!viann::detail::has_counts<CountsInInt>());
static_assert(!viann::detail::has_scores<ScoresInFloat>());
static_assert(!viann::detail::has_serialize<SerializesForOneArchive>());
static_assert(!viann::detail::has_serialize<int>());

}  // namespace

TEMPLATE_TEST_CASE("one layer in any layout gives one result", "", VIANN_HOOKS) {
  const auto [features, units] =
      GENERATE(table<int, int>({{4, 4}, {30, 8}, {20, 20}, {3, 700}, {600, 5}}));
  const auto trajectory = random_walk(features, units, 10, 43);
  TestType column_major, transposed, row_major, buffer, block, map, ref, strided, spread, backwards,
      expression, alternating;
  bool started = false;
  const auto observe = [&](TestType& hook, const auto& view) {
    if (started) {
      hook.on_epoch_end(view);
    } else {
      hook.on_train_begin(view);
    }
  };
  for (const auto& W : trajectory) {
    const ColMajorMatrixXd Wt = W.transpose();
    const RowMajorMatrixXd R = W;
    RowMajorMatrixXd larger = RowMajorMatrixXd::Constant(features + 4, units + 3, not_a_number);
    larger.block(1, 2, features, units) = W;
    std::vector<double> spaced(static_cast<std::size_t>(2 * features * units), not_a_number);
    Eigen::Map<ColMajorMatrixXd, 0, Eigen::Stride<Eigen::Dynamic, 2>> with_gaps(
        spaced.data(), features, units,
        Eigen::Stride<Eigen::Dynamic, 2>(Eigen::Index{2} * features, 2));
    with_gaps = W;
    StridedBuffer<double> by_rows(W, -units - 2, 1);
    StridedBuffer<double> by_columns(W, 3, Eigen::Index{-3} * features - 1);
    const double* first_of_rows = by_rows.data();
    const double* first_of_columns = by_columns.data();

    observe(column_major, features_by_units(W));
    observe(transposed, units_by_features(W.transpose()));
    observe(row_major, features_by_units(R));
    observe(buffer, features_by_units(R.data(), features, units));
    observe(block, features_by_units(larger.block(1, 2, features, units)));
    observe(map, units_by_features(
                     Eigen::Map<const ColMajorMatrixXd>(Wt.data(), units, features).array()));
    observe(ref, features_by_units(Eigen::Ref<const ColMajorMatrixXd>(W)));
    observe(strided, features_by_units(with_gaps));
    observe(spread, features_by_units(first_of_columns, features, units, 3, -3 * features - 1));
    observe(backwards, units_by_features(first_of_rows, units, features, 1, -units - 2));
    observe(expression, features_by_units(2 * W.array() - W.array()));
    if (alternating.epochs() % 2 == 0) {
      observe(alternating, features_by_units(W));
    } else {
      observe(alternating, units_by_features(Wt));
    }
    started = true;
  }
  CAPTURE(features, units);
  CHECK(transposed == column_major);
  CHECK(ref == column_major);
  CHECK(strided == column_major);
  CHECK(spread == column_major);
  CHECK(backwards == row_major);
  CHECK(buffer == row_major);
  CHECK(block == row_major);
  CHECK(map == row_major);
  CHECK(alternating == column_major);
  const VectorXd raw = column_major.raw_scores();
  for (const auto* other : {&transposed, &ref, &strided, &spread, &alternating}) {
    CHECK(other->raw_scores() == raw);
  }
  CHECK(backwards.raw_scores() == row_major.raw_scores());
  for (const auto* other : {&row_major, &expression}) {
    CHECK(relative_error(other->raw_scores(), raw) < 1e-12);
  }
}

TEMPLATE_TEST_CASE("a hook that was moved from is new and works", "", VIANN_HOOKS) {
  const auto small = random_walk(3, 20, 5, 73), large = random_walk(50, 60, 5, 73);
  const auto check_new = [](TestType& hook) {
    CHECK(hook.features() == 0);
    CHECK(hook.units() == 0);
    CHECK(hook.epochs() == 0);
    CHECK_THROWS_AS(hook.scores(), std::logic_error);
    TestType fresh;
    CHECK(hook == fresh);
    CHECK(saved(hook) == saved(fresh));
  };
  auto source = trained<TestType>(small);
  auto target = std::move(source);
  CHECK(target == trained<TestType>(small));
  check_new(source);  // NOLINT(bugprone-use-after-move)
  source = trained(large, std::move(source));
  CHECK(source == trained<TestType>(large));
  source = std::move(target);
  check_new(target);  // NOLINT(bugprone-use-after-move)
  CHECK(source == trained<TestType>(small));
  CHECK(source.scores() == trained<TestType>(small).scores());
}

TEMPLATE_TEST_CASE("on_train_begin starts afresh", "", VIANN_HOOKS) {
  auto hook = trained<TestType>(random_walk(4, 30, 6, 73));
  const auto trajectory = random_walk(2, 5, 6, 79);
  hook.on_train_begin(features_by_units(trajectory[0]));
  CHECK(hook.features() == 2);
  CHECK(hook.units() == 5);
  CHECK(hook.epochs() == 0);
  CHECK_THROWS_AS(hook.scores(), std::logic_error);
  CHECK(trained(trajectory, hook) == trained<TestType>(trajectory));
}

TEST_CASE("reset() keeps the options") {
  viann::VarianceImportanceOptions options;
  options.max_epochs = 3;
  VarianceImportance<> variance(options);
  variance.reset();
  CHECK(variance == VarianceImportance<>(options));
  viann::DisplacementImportanceOptions plain;
  plain.remove_decay = false;
  DisplacementImportance<> displacement(plain);
  displacement.reset();
  CHECK(displacement == DisplacementImportance<>(plain));
}

TEMPLATE_TEST_CASE("hooks can be members of aggregates and default arguments", "", VIANN_HOOKS) {
  struct Run {
    TestType importance;
    int epochs;
  };
  const Run run{};
  const std::array<TestType, 2> array{};
  const TestType copied = {};
  const auto epochs_of = [](const TestType& hook = {}) { return hook.epochs(); };
  CHECK(run.importance == array[1]);
  CHECK(copied == array[0]);
  CHECK(epochs_of() + run.epochs == 0);
}

TEMPLATE_TEST_CASE("observing may go on after on_train_end", "", VIANN_HOOKS) {
  const auto trajectory = random_walk(4, 3, 6, 83);
  TestType hook;
  hook.on_train_begin(features_by_units(trajectory[0]));
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    observe(hook, trajectory[t]);
    CHECK(hook.epochs() == static_cast<std::int64_t>(t));
    if (hook.epochs() > 1) hook.on_train_end();
  }
  CHECK(hook == trained<TestType>(trajectory));
}

TEMPLATE_TEST_CASE("weights that are refused change nothing", "", VIANN_HOOKS) {
  const auto trajectory = random_walk(3, 4, 5, 89);
  TestType started;
  started.on_train_begin(features_by_units(trajectory[0]));
  TestType hook = GENERATE_COPY(values({started, trained<TestType>(trajectory)}));
  const TestType before = hook;
  const auto refused = [&](const auto& view) {
    const auto message = message_of<std::invalid_argument>([&] { hook.on_epoch_end(view); });
    CHECK(hook == before);
    CHECK(contains(message, name_of<TestType> + std::string(": epoch ") +
                                std::to_string(before.epochs() + 1) + ": "));
    return message;
  };

  CHECK(contains(refused(units_by_features(MatrixXd(0, 4))), "4 features x 0 units"));
  MatrixXd bad = MatrixXd::Zero(3, 4);
  bad(2, 1) = not_a_number;
  CHECK(contains(refused(features_by_units(bad)), "(feature 2, unit 1) is nan; training has"));
  CHECK(contains(refused(units_by_features(bad.transpose())), "(feature 2, unit 1) is nan"));
  bad(1, 3) = -infinity;
  CHECK(contains(refused(features_by_units(bad)), "(feature 1, unit 3) is -inf"));
  CHECK(contains(refused(features_by_units(MatrixXd(0, 4))), "but the first seen were 3 x 4"));
  CHECK(contains(refused(features_by_units(MatrixXd::Zero(3, 5))),
                 "the weights are 3 features x 5 units, but the first seen were 3 x 4"));
  CHECK(contains(refused(features_by_units(MatrixXd::Zero(2, 4))), "2 features x 4 units"));
  CHECK(contains(refused(units_by_features(MatrixXd::Zero(3, 4))), "the axes are swapped"));
}

TEMPLATE_TEST_CASE("initial weights that are refused change nothing", "", VIANN_HOOKS) {
  TestType hook = GENERATE(values({TestType(), trained<TestType>(random_walk(3, 20, 5, 97))}));
  const TestType before = hook;
  const std::string prefix = name_of<TestType> + std::string(": before training: ");
  check_refusals(
      {{[&] { hook.on_train_begin(features_by_units(MatrixXd::Constant(2, 2, not_a_number))); },
        prefix + "the weight of (feature 0, unit 0) is nan"},
       {[&] { hook.on_train_begin(features_by_units(MatrixXd(2, 0))); },
        prefix + "there are no weights (2 features x 0 units)"}});
  CHECK(hook == before);
}

TEMPLATE_TEST_CASE("a layer of more weights than an index counts is refused", "", VIANN_HOOKS) {
  const auto side = Eigen::Index{1} << (sizeof(Eigen::Index) * 4);  // its square is one too many
  const double one = 1;
  const auto large = [&](Eigen::Index rows) { return features_by_units(&one, rows, side, 0, 0); };
  TestType hook;
  CHECK(contains(message_of<std::invalid_argument>([&] { hook.on_train_begin(large(side)); }),
                 ", more than memory can hold; check the numbers of rows and columns."));
  CHECK_THROWS_AS(hook.on_train_begin(large(side / 2)), std::invalid_argument);
  CHECK(hook == TestType());
}

TEMPLATE_TEST_CASE("a weight that the state cannot hold is refused", "", VarianceImportance<float>,
                   DisplacementImportance<float>) {
  TestType hook;
  const MatrixXd large = MatrixXd::Constant(1, 2, 1e300);
  const char* const reason = "(feature 0, unit 0) is 1e+300, beyond the range of the state's type";
  check_refusals({{[&] { hook.on_train_begin(features_by_units(large)); }, reason}});
  CHECK(hook.features() == 0);
  hook.on_train_begin(features_by_units(MatrixXd::Zero(1, 2)));
  check_refusals({{[&] { hook.on_epoch_end(features_by_units(large)); }, reason}});
  CHECK(hook.epochs() == 0);
}

TEMPLATE_TEST_CASE("the weights may change after the call", "", VIANN_HOOKS) {
  const auto trajectory = random_walk(3, 20, 5, 101);
  TestType hook;
  auto weights = trajectory[0];
  hook.on_train_begin(features_by_units(weights));
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    weights = trajectory[t];
    hook.on_epoch_end(features_by_units(weights));
    weights.setConstant(not_a_number);
  }
  CHECK(hook == trained<TestType>(trajectory));
  CHECK(hook.raw_scores() == trained<TestType>(trajectory).raw_scores());
}

TEMPLATE_TEST_CASE("comparison sees shape, epochs and every bit", "", VIANN_HOOKS) {
  const auto trajectory = random_walk(3, 4, 5, 103);
  const auto hook = trained<TestType>(trajectory);
  CHECK(hook == trained<TestType>(trajectory));
  CHECK_FALSE(hook != trained<TestType>(trajectory));
  CHECK(hook != trained<TestType>({trajectory.begin(), trajectory.begin() + 4}));
  CHECK(hook != trained<TestType>(random_walk(4, 3, 5, 103)));
  auto changed = trajectory;
  changed[2](1, 3) += 1e-15;
  CHECK(hook != trained<TestType>(changed));
  changed = trajectory;
  changed[0](2, 0) += 1e-15;
  const bool counts_initial = std::is_same_v<TestType, DisplacementImportance<>>;
  CHECK((hook != trained<TestType>(changed)) == counts_initial);
  const auto begun = [](Eigen::Index features, Eigen::Index units) {
    return trained<TestType>({MatrixXd::Zero(features, units)});
  };
  CHECK(begun(3, 4) != begun(4, 3));
  CHECK(begun(3, 4) != begun(3, 5));
  CHECK(begun(3, 4) != begun(2, 4));
  CHECK(begun(3, 4) != TestType());
}

TEST_CASE("comparison sees the memory order, where the state has one") {
  const auto trajectory = random_walk(3, 4, 5, 107);
  CHECK(trained<VarianceImportance<>>(trajectory) !=
        trained<VarianceImportance<>>(trajectory, true));
  CHECK(trained<VarianceImportance<>>({trajectory[0]}) !=
        trained<VarianceImportance<>>({trajectory[0]}, true));
  CHECK(trained<DisplacementImportance<>>(trajectory) ==
        trained<DisplacementImportance<>>(trajectory, true));
}

TEST_CASE("a weight of -0 is another than one of 0") {
  DisplacementImportance<> positive, negative;
  positive.on_train_begin(features_by_units(MatrixXd::Zero(2, 3)));
  negative.on_train_begin(features_by_units(-MatrixXd::Zero(2, 3)));
  CHECK(positive != negative);
}
