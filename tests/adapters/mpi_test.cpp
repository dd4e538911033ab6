// SPDX-License-Identifier: MIT
//
// Run under mpirun with several numbers of ranks. Every rank runs every test. A test draws the same
// random numbers on all ranks, so that each can compute the undivided layer for itself.

#define CATCH_CONFIG_RUNNER
#include "viann/adapters/mpi.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/displacement_formula.hpp"
#include "support/hooks.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using viann::features_by_units;
using viann::MpiDisplacementImportance;
using viann::VarianceImportance;
using viann::WelfordAccumulator;

namespace {

std::int64_t calls = 0;  // of MPI's all-reduce
bool fails = false;      // whether it pretends to

}  // namespace

// MPI lets a program replace MPI's functions by its own.
extern "C" int MPI_Allreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op,
                             MPI_Comm comm) {
  ++calls;
  if (fails) return MPI_ERR_NO_MEM;
  return PMPI_Allreduce(in, out, count, type, op, comm);
}

namespace {

int rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}
int ranks() {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}
bool is_last() { return rank() == ranks() - 1; }

/// Whether all ranks have the same numbers.
bool same_everywhere(const VectorXd& v) {
  VectorXd first = v;
  MPI_Bcast(first.data(), static_cast<int>(v.size()), MPI_DOUBLE, 0, MPI_COMM_WORLD);
  int same = first == v ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return same == 1;
}

/// Checks that a call, which only the last rank has a reason to refuse, throws on all ranks.
template <typename Exception>
void check_last_refuses(const std::function<void()>& call, const std::string& phrase) {
  if (is_last()) {
    check_refusals<Exception>({{call, phrase}});
  } else {
    check_refusals<std::runtime_error>(
        {{call, "rank " + std::to_string(ranks() - 1) + " has failed; what it throws says why."}});
  }
}

/// Where each rank's part of n begins; part r is [begins[r], begins[r + 1]).
using Begins = std::vector<Index>;

Begins equal_parts(Index n) {
  Begins begins;
  for (int r = 0; r <= ranks(); ++r) begins.push_back(n * r / ranks());
  return begins;
}
/// Every other rank has one; the last rank has the rest.
Begins unequal_parts(Index n) {
  Begins begins;
  for (int r = 0; r < ranks(); ++r) begins.push_back(r);
  begins.push_back(n);
  return begins;
}
/// Even-numbered ranks have nothing, if there are several.
Begins parts_with_gaps(Index n) {
  Begins begins;
  for (int r = 0; r < ranks(); ++r) begins.push_back(n * (r / 2) / std::max(1, ranks() / 2));
  begins.push_back(n);
  return begins;
}
Index begin_of(const Begins& parts) { return parts[static_cast<std::size_t>(rank())]; }
Index length_of(const Begins& parts) {
  return parts[static_cast<std::size_t>(rank()) + 1] - begin_of(parts);
}

Trajectory units_of(const Trajectory& trajectory, const Begins& parts) {
  Trajectory part;
  for (const MatrixXd& w : trajectory) {
    part.push_back(w.middleCols(begin_of(parts), length_of(parts)));
  }
  return part;
}
Trajectory features_of(const Trajectory& trajectory, const Begins& parts) {
  Trajectory part;
  for (const MatrixXd& w : trajectory) {
    part.push_back(w.middleRows(begin_of(parts), length_of(parts)));
  }
  return part;
}

/// A hook that is trained, or, without weights, has observed nothing.
template <typename Hook>
Hook trained_part(const Trajectory& part, Hook hook = Hook()) {
  return part[0].size() == 0 ? hook : trained(part, hook);
}

template <typename Hook>
void check_split(const Trajectory& layer, const Hook& hook) {
  const Hook whole = trained(layer, hook);
  const VectorXd raw = whole.raw_scores();
  for (const Begins& parts : {equal_parts(layer[0].cols()), unequal_parts(layer[0].cols())}) {
    const Hook part = trained(units_of(layer, parts), hook);
    const VectorXd sums = viann::mpi_raw_scores_over_units(part);
    REQUIRE(sums.size() == raw.size());
    CHECK(relative_error(sums, raw) < 1e-13);
    CHECK(same_everywhere(sums));
    CHECK(viann::mpi_scores_over_units(part) == viann::min_max_normalize(sums));
  }
  for (const Begins& parts : {equal_parts(layer[0].rows()), unequal_parts(layer[0].rows()),
                              parts_with_gaps(layer[0].rows())}) {
    const Hook part = trained_part(features_of(layer, parts), hook);
    CHECK(viann::mpi_raw_scores_over_features(part) == raw);
    CHECK(viann::mpi_scores_over_features(part) == whole.scores());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a layer that is split over ranks has the scores of the whole", "", float,
                   double, long double) {
  viann::VarianceImportanceOptions options;
  options.combination = viann::ScoreCombination::Variance;
  options.observe_initial_weights = true;
  options.max_epochs = 4;
  for (const Index n : {Index{4}, Index{11}}) {
    const Trajectory layer = random_walk(n, n + 2, 7, 1);
    check_split(layer, VarianceImportance<TestType>());
    check_split(layer, VarianceImportance<TestType>(options));
  }
}

TEMPLATE_TEST_CASE("displacement of a layer whose features are split over ranks", "", float, double,
                   long double) {
  const auto [features, units] = GENERATE(table<int, int>({{4, 3}, {30, 20}, {600, 17}, {9, 300}}));
  const auto options = GENERATE(viann::DisplacementImportanceOptions(), with_decay());
  const bool with_gradients = GENERATE(true, false);
  const Trajectory layer = decaying_walk(features, units, 41);
  const Trajectory gradients =
      independent_draws(features, units, static_cast<int>(layer.size()), 7, 0);
  for (const Begins& parts : {equal_parts(features), unequal_parts(features)}) {
    const Trajectory part = features_of(layer, parts), G = features_of(gradients, parts);
    viann::DisplacementImportance<TestType> whole(options);
    MpiDisplacementImportance<TestType> importance(MPI_COMM_WORLD, options);
    CHECK(importance.features() == 0);
    for (int run = 0; run < 2; ++run) {  // the second on_train_begin() starts afresh
      whole.on_train_begin(features_by_units(layer[0]));
      importance.on_train_begin(features_by_units(part[0]));
      for (std::size_t t = 1; t < layer.size(); ++t) {
        if (with_gradients && t % 3 != 0) {
          whole.on_epoch_end(features_by_units(layer[t]), features_by_units(gradients[t]));
          importance.on_epoch_end(features_by_units(part[t]), features_by_units(G[t]));
        } else {
          whole.on_epoch_end(features_by_units(layer[t]));
          importance.on_epoch_end(features_by_units(part[t]));
        }
      }
    }
    CAPTURE(features, units, with_gradients);
    const VectorXd raw = importance.raw_scores();
    REQUIRE(raw.size() == features);
    CHECK(relative_error(raw, whole.raw_scores()) < 1e-11);
    CHECK(same_everywhere(raw));
    CHECK(importance.scores() == viann::min_max_normalize(raw));
    CHECK(importance.features() == features);
    CHECK(importance.units() == units);
    CHECK(importance.epochs() == whole.epochs());
    CHECK(importance.removes_decay() == whole.removes_decay());
    CHECK(importance.uses_gradient() == with_gradients);
  }
}

TEST_CASE("a communicator of some ranks") {
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank() % 2, -rank(), &half);  // in falling order
  VarianceImportance<> hook;
  for (const double w : {0.0, 1.0, 2.0 + rank()}) observe(hook, MatrixXd::Constant(1, 1, w));
  const VectorXd raw = viann::mpi_raw_scores_over_features(hook, half);
  int size = 0;
  MPI_Comm_size(half, &size);
  REQUIRE(raw.size() == size);
  CHECK(raw[size - 1 - rank() / 2] == hook.raw_scores()[0]);
  MPI_Comm_free(&half);
  CHECK(viann::mpi_raw_scores_over_units(hook, MPI_COMM_SELF) == hook.raw_scores());
}

TEMPLATE_TEST_CASE("accumulators of different samples are merged", "", float, double, long double) {
  using Accumulator = WelfordAccumulator<TestType>;
  const Trajectory samples = random_walk(5, 7, 20, 3, 100);
  const double tolerance = std::is_same_v<TestType, float> ? 2e-4 : 1e-11;
  Accumulator all;
  for (const MatrixXd& sample : samples) all(sample);
  for (const Begins& parts : {equal_parts(20), unequal_parts(20), parts_with_gaps(20)}) {
    Accumulator own;
    for (Index i = 0; i < length_of(parts); ++i) {
      own(samples[static_cast<std::size_t>(begin_of(parts) + i)]);
    }
    const Accumulator merged = viann::mpi_merged(own);
    CHECK(merged.count() == 20);
    CHECK(relative_error(merged.mean(), all.mean()) < tolerance);
    CHECK(relative_error(merged.variance(), all.variance()) < tolerance);
  }
  CHECK(viann::mpi_merged(Accumulator()).empty());
}

TEST_CASE("what is sent") {
  calls = 0;
  const auto hook = trained<VarianceImportance<>>(random_walk(6, 5, 4, 1));
  CHECK(calls == 0);
  viann::mpi_raw_scores_over_units(hook);
  CHECK(calls == 2);
  MpiDisplacementImportance<> importance;
  importance.on_train_begin(features_by_units(MatrixXd::Ones(2, 5)));
  calls = 0;
  importance.on_epoch_end(features_by_units(MatrixXd::Zero(2, 5)));
  CHECK(calls == 3);
}

TEST_CASE("ranks that do not fit together get the same sentence") {
  if (ranks() == 1) return;
  const Trajectory layer = random_walk(3, 4, 6, 1);
  const auto hook = trained<VarianceImportance<>>(layer);
  const auto single = trained<VarianceImportance<float>>(layer);
  const auto wide = trained<VarianceImportance<>>(random_walk(5, 6, 6, 1));
  auto longer = hook;
  observe(longer, layer[0]);
  viann::VarianceImportanceOptions variance, initial, most;
  variance.combination = viann::ScoreCombination::Variance;
  initial.observe_initial_weights = true;
  most.max_epochs = 100;
  const auto with = [&](const auto& options) {
    return trained(layer, VarianceImportance<>(options));
  };
  const auto both = [&](const VarianceImportance<>& last) { return is_last() ? last : hook; };
  const std::string name = "viann::mpi_raw_scores_over_units: ";
  check_refusals(
      {{[&] {
          is_last() ? viann::mpi_scores_over_features(hook) : viann::mpi_scores_over_units(hook);
        },
        "another rank calls another function; make the same calls on all ranks."},
       {[&] {
          is_last() ? viann::mpi_scores_over_units(single) : viann::mpi_scores_over_units(hook);
        },
        name + "the ranks' Scalar's digits differ, from 24 to 53; pass parts of one layer"},
       {[&] { viann::mpi_scores_over_units(both(longer)); }, "epochs differ, from 5 to 6"},
       {[&] { viann::mpi_scores_over_features(both(longer)); }, "epochs differ, from 5 to 6"},
       {[&] { viann::mpi_scores_over_units(both(wide)); },
        "numbers of features differ, from 3 to 5"},
       {[&] { viann::mpi_scores_over_features(both(wide)); },
        "numbers of units differ, from 4 to 6"},
       {[&] { viann::mpi_scores_over_features(both(with(variance))); },
        "options differ, from 0 to 2"},
       {[&] { viann::mpi_scores_over_units(both(with(initial))); }, "options differ, from 0 to 1"},
       {[&] { viann::mpi_scores_over_units(both(with(most))); },
        "max_epochs differ, from 100 to 9"}});
  WelfordAccumulator<> rows, cols;
  rows(is_last() ? MatrixXd::Ones(4, 3) : MatrixXd::Ones(3, 3));
  cols(is_last() ? MatrixXd::Ones(3, 4) : MatrixXd::Ones(3, 3));
  check_refusals({{[&] { (void)viann::mpi_merged(rows); }, "numbers of rows differ, from 3 to 4"},
                  {[&] { (void)viann::mpi_merged(cols); }, "numbers of columns differ"}});
}

TEST_CASE("what one rank's hook refuses is an error on all") {
  const Trajectory layer = random_walk(3, 4, 6, 1);
  auto begun = trained<VarianceImportance<>>(layer);
  if (is_last()) begun.on_train_begin(features_by_units(layer[0]));
  check_last_refuses<std::logic_error>([&] { viann::mpi_scores_over_units(begun); },
                                       "a score takes at least 2 observations, but there were 0");
  check_last_refuses<std::logic_error>([&] { viann::mpi_scores_over_features(begun); },
                                       "viann::VarianceImportance: a score takes at least 2");
  check_refusals<std::logic_error>(
      {{[&] { viann::mpi_scores_over_features(VarianceImportance<>()); },
        "viann::mpi_raw_scores_over_features: no rank has observed anything; call "
        "on_epoch_end()"}});
  VarianceImportance<> large;
  const double w = std::cbrt(0.35 * std::numeric_limits<double>::max());
  for (const double sign : {-1.0, 1.0}) observe(large, MatrixXd::Constant(1, 1, sign * w));
  if (ranks() > 1) {
    check_refusals<std::overflow_error>(
        {{[&] { viann::mpi_raw_scores_over_units(large); },
          "viann::mpi_raw_scores_over_units: after epoch 2 the score of feature 0 is too large"}});
  }
}

TEST_CASE("what one rank cannot observe changes nothing on any") {
  const Trajectory layer = decaying_walk(3, 20, 5);
  const auto after = [&](std::size_t epochs, const auto& between) {
    MpiDisplacementImportance<> importance;
    importance.on_train_begin(features_by_units(layer[0]));
    between(importance);
    for (std::size_t t = 1; t <= epochs; ++t) importance.on_epoch_end(features_by_units(layer[t]));
    return importance.raw_scores();
  };
  const VectorXd raw = after(3, [&](auto& importance) {
    const std::string name = "viann::MpiDisplacementImportance: ";
    MatrixXd bad = layer[1];
    if (is_last()) bad(2, 1) = not_a_number;
    check_last_refuses<std::invalid_argument>(
        [&] { importance.on_epoch_end(features_by_units(bad)); },
        name + "epoch 1: the weight of (feature 2, unit 1) is nan");
    check_last_refuses<std::invalid_argument>(
        [&] { importance.on_epoch_end(features_by_units(layer[1]), features_by_units(bad)); },
        name + "epoch 1: the gradient of (feature 2, unit 1) is nan");
    check_last_refuses<std::invalid_argument>(
        [&] { importance.on_train_begin(features_by_units(bad)); }, name + "before training");
    check_refusals<std::logic_error>({{[&] { importance.scores(); }, name + "a score takes"}});
    if (ranks() == 1) return;
    const MatrixXd wide = MatrixXd::Ones(3, is_last() ? 21 : 20);
    MpiDisplacementImportance<> other(MPI_COMM_WORLD, {!is_last()});
    check_refusals({{[&] { other.on_train_begin(features_by_units(layer[0])); },
                     name + "the ranks' options differ, from 0 to 1"}});
    check_refusals({{[&] { importance.on_train_begin(features_by_units(wide)); },
                     name + "the ranks' numbers of units differ, from 20 to 21"},
                    {[&] {
                       if (is_last()) {
                         importance.on_epoch_end(features_by_units(layer[1]),
                                                 features_by_units(layer[1]));
                       } else {
                         importance.on_epoch_end(features_by_units(layer[1]));
                       }
                     },
                     name + "the ranks' calls differ, from 1 to 2"}});
  });
  CHECK(raw == after(3, [](auto&) {}));
  MpiDisplacementImportance<> fresh;
  check_refusals<std::logic_error>({{[&] { fresh.on_epoch_end(features_by_units(layer[1])); },
                                     "call on_train_begin() with them first."}});
}

TEST_CASE("an error that MPI returns becomes an exception") {
  fails = true;
  const auto message =
      message_of<std::runtime_error>([] { (void)viann::mpi_merged(WelfordAccumulator<>()); });
  fails = false;
  CHECK(contains(message, "viann: MPI_Allreduce failed: MPI_ERR_NO_MEM"));
  const viann::detail::MpiRanks of_all(MPI_COMM_WORLD, "f");
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  CHECK(of_all.add_countable(most - 1, 1) == most);
  check_refusals<std::runtime_error>(
      {{[&] { of_all.add_countable(most, 1); }, "viann::f: MPI counts no more than 2147483647"}});
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int failed = Catch::Session().run(argc, argv) == 0 ? 0 : 1;
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed;
}
