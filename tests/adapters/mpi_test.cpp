// SPDX-License-Identifier: MIT
//
// Run under mpirun with several numbers of ranks. Every rank runs every test. A test draws the same
// random numbers on all ranks, so that each can compute the undivided layer for itself.

#define CATCH_CONFIG_RUNNER
#include "viann/adapters/mpi.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/trajectories.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/variance_importance.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using viann::VarianceImportance;
using viann::WelfordAccumulator;

namespace {

/// The bytes that this rank has passed to MPI, and what MPI should pretend.
struct {
  std::int64_t sent = 0;       // from one rank to another
  std::int64_t broadcast = 0;  // in broadcasts of numbers; ranks agree on bytes
  std::int64_t reduced = 0;
  std::int64_t calls = 0;
  bool refuse_to_duplicate = false;
} wire;

std::int64_t bytes(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  return std::int64_t{count} * size;
}

}  // namespace

// MPI lets a program replace MPI's functions by its own.
extern "C" {
int MPI_Send(const void* buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  ++wire.calls;
  wire.sent += bytes(count, type);
  return PMPI_Send(buffer, count, type, to, tag, comm);
}
int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  ++wire.calls;
  if (type != MPI_BYTE) wire.broadcast += bytes(count, type);
  return PMPI_Bcast(buffer, count, type, root, comm);
}
int MPI_Allreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm) {
  ++wire.calls;
  if (type != MPI_INT) wire.reduced += bytes(count, type);
  return PMPI_Allreduce(in, out, count, type, op, comm);
}
int MPI_Comm_dup(MPI_Comm comm, MPI_Comm* duplicate) {
  return wire.refuse_to_duplicate ? MPI_ERR_NO_MEM : PMPI_Comm_dup(comm, duplicate);
}
}

namespace {

std::string before_init;  // the sentence of a call before MPI_Init()

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

/// Whether all ranks have the same bytes.
bool same_everywhere(const void* bytes, std::size_t size) {
  int length = static_cast<int>(size);
  MPI_Bcast(&length, 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<char> of_first(static_cast<std::size_t>(length));
  if (rank() == 0) std::memcpy(of_first.data(), bytes, size);
  MPI_Bcast(of_first.data(), length, MPI_BYTE, 0, MPI_COMM_WORLD);
  int same = of_first.size() == size && std::memcmp(of_first.data(), bytes, size) == 0 ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return same == 1;
}
bool same_everywhere(const std::string& text) { return same_everywhere(text.data(), text.size()); }
bool same_everywhere(const VectorXd& v) {
  return same_everywhere(v.data(), static_cast<std::size_t>(v.size()) * sizeof(double));
}

/// The sentence that a call must throw on every rank.
template <typename Exception, typename Call>
std::string message_everywhere(const Call& call) {
  const std::string message = message_of<Exception>(call);
  CHECK(same_everywhere(message));
  // No message left behind may disturb the next test.
  CHECK(viann::mpi_merged(WelfordAccumulator<>()).empty());
  return message;
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
    CHECK(viann::detail::mpi_raw_over_units("short", part, MPI_COMM_WORLD, 2) == sums);
  }
  for (const Begins& parts : {equal_parts(layer[0].rows()), unequal_parts(layer[0].rows()),
                              parts_with_gaps(layer[0].rows())}) {
    const Hook part = trained_part(features_of(layer, parts), hook);
    CHECK(viann::mpi_raw_scores_over_features(part) == raw);
    CHECK(viann::mpi_scores_over_features(part) == whole.scores());
    CHECK(viann::detail::mpi_raw_over_features("short", part, MPI_COMM_WORLD, 2) == raw);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a layer that is split over ranks has the scores of the whole", "", float,
                   double, long double) {
  viann::VarianceImportanceOptions variance_alone;
  variance_alone.combination = viann::ScoreCombination::Variance;
  variance_alone.observe_initial_weights = true;
  variance_alone.max_epochs = 4;
  for (const Index n : {Index{4}, Index{11}}) {
    const Trajectory layer = random_walk(n, n + 2, 7, 1);
    check_split(layer, VarianceImportance<TestType>());
    check_split(layer, VarianceImportance<TestType>(variance_alone));
  }
}

TEST_CASE("one unit and one feature per rank") {
  const Index n = ranks();
  const Trajectory layer = random_walk(n, n, 5, 2);
  check_split(layer, VarianceImportance<>());
}

TEST_CASE("a hook of one's own that says it can be split") {
  struct Sum : VarianceImportance<> {
    std::string settings() const { return "Sum" + std::string(1000, '.'); }
  };
  Sum hook;
  observe(hook, MatrixXd::Identity(2, 2));
  observe(hook, MatrixXd::Zero(2, 2));
  observe(hook, MatrixXd::Ones(2, 2));
  CHECK(relative_error(viann::mpi_raw_scores_over_units(hook), ranks() * hook.raw_scores()) <
        1e-13);
}

static_assert(!viann::detail::additive_over_units<viann::DisplacementImportance<>>);
static_assert(!viann::detail::independent_over_features<viann::DisplacementImportance<>>);

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
    const Accumulator before = own;
    const Accumulator merged = viann::mpi_merged(own);
    CHECK(own == before);
    CHECK(merged.count() == 20);
    REQUIRE(merged.rows() == 5);
    REQUIRE(merged.cols() == 7);
    CHECK(relative_error(merged.mean(), all.mean()) < tolerance);
    CHECK(relative_error(merged.variance(), all.variance()) < tolerance);
    CHECK(viann::mpi_merged(own) == merged);
    CHECK(viann::detail::mpi_merge(own, MPI_COMM_WORLD, 4) == merged);

    // Compared as they are sent: not all bytes of a long double count.
    Accumulator of_first = merged;
    if (rank() != 0) of_first.reset();
    CHECK(viann::mpi_merged(of_first) == merged);
  }
}

TEST_CASE("accumulators are merged as operator+= merges them") {
  std::vector<WelfordAccumulator<>> by_rank(static_cast<std::size_t>(ranks()));
  std::uint64_t seed = 1;
  for (auto& accumulator : by_rank) {
    for (const MatrixXd& sample : random_walk(3, 3, 4 + static_cast<int>(seed), seed)) {
      accumulator(sample);
    }
    ++seed;
  }
  const auto merged = viann::mpi_merged(by_rank[static_cast<std::size_t>(rank())]);
  for (std::size_t step = 1; step < by_rank.size(); step *= 2) {
    for (std::size_t r = 0; r + step < by_rank.size(); r += 2 * step) {
      by_rank[r] += by_rank[r + step];
    }
  }
  CHECK(merged.count() == by_rank[0].count());
  CHECK(relative_error(merged.mean(), by_rank[0].mean()) < 1e-14);
  CHECK(relative_error(merged.squared_deviations(), by_rank[0].squared_deviations()) < 1e-14);
}

TEST_CASE("samples on one rank only, whichever, or none") {
  for (int holder = 0; holder < ranks(); ++holder) {
    WelfordAccumulator<> one;
    one(MatrixXd::Constant(2, 3, 0.1));
    one(MatrixXd::Constant(2, 3, 0.7));
    CHECK(viann::mpi_merged(rank() == holder ? one : WelfordAccumulator<>()) == one);
  }
  CHECK(viann::mpi_merged(WelfordAccumulator<>()).empty());
}

TEST_CASE("a merge does not take the program's own messages") {
  const int next = (rank() + 1) % ranks();
  int received = -1;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Irecv(&received, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &request);
  WelfordAccumulator<> own;
  own(MatrixXd::Constant(2, 2, rank()));
  CHECK(viann::mpi_merged(own).count() == ranks());
  CHECK(viann::mpi_scores_over_features(trained<VarianceImportance<>>(random_walk(2, 2, 4, 1)))
            .size() == 2 * ranks());
  MPI_Send(&next, 1, MPI_INT, next, 0, MPI_COMM_WORLD);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  CHECK(received == rank());
}

TEST_CASE("bytes on the wire") {
  const Trajectory layer = random_walk(6, 5, 4, 1);
  wire = {};
  const auto hook = trained<VarianceImportance<>>(layer);
  CHECK(wire.calls == 0);  // observing sends nothing

  viann::mpi_raw_scores_over_units(hook);
  CHECK(wire.reduced == 8 * 6);
  CHECK(wire.broadcast + wire.sent == 0);

  wire = {};
  viann::mpi_raw_scores_over_features(hook);
  CHECK(wire.broadcast == 8 * 6 * ranks());
  CHECK(wire.reduced + wire.sent == 0);

  WelfordAccumulator<float> own;
  own(layer[0]);
  wire = {};
  (void)viann::mpi_merged(own);
  CHECK(wire.sent == (rank() == 0 ? 0 : 2 * 4 * 30 + 8));  // every rank but the root sends once
  CHECK(wire.broadcast == 2 * 4 * 30 + 8);
  CHECK(wire.reduced == 0);
}

TEST_CASE("ranks that do not fit together get the same sentence") {
  if (ranks() == 1) return;
  const bool is_last = rank() == ranks() - 1;
  const std::string last = std::to_string(ranks() - 1);
  const Trajectory layer = random_walk(3, 4, 6, 1);
  const auto hook = trained<VarianceImportance<>>(layer);
  const auto message_on_all = [](const auto& call) {
    return message_everywhere<std::invalid_argument>(call);
  };

  SECTION("different calls") {
    CHECK(message_on_all([&] {
            is_last ? viann::mpi_scores_over_features(hook) : viann::mpi_scores_over_units(hook);
          }) == "viann::mpi_scores_over_units: rank 0 calls mpi_scores_over_units, but rank " +
                    last +
                    " calls mpi_scores_over_features; all ranks must make the same calls, for "
                    "parts of one layer, after the same epochs.");
    CHECK(contains(message_on_all([&] {
                     if (is_last) {
                       viann::mpi_raw_scores_over_units(hook);
                     } else {
                       viann::mpi_scores_over_units(hook);
                     }
                   }),
                   "calls mpi_raw_scores_over_units"));
    // One of them is empty, and one has failed.
    CHECK(contains(message_on_all([&] {
                     if (is_last) {
                       (void)viann::mpi_merged(WelfordAccumulator<>());
                     } else {
                       viann::mpi_scores_over_units(hook);
                     }
                   }),
                   "calls mpi_merged"));
    CHECK(contains(message_on_all([&] {
                     if (rank() == 0) {
                       (void)viann::mpi_merged(WelfordAccumulator<>());
                     } else {
                       viann::mpi_scores_over_features(hook);
                     }
                   }),
                   "rank 1 calls mpi_scores_over_features, but rank 0 calls mpi_merged"));
    CHECK(contains(message_everywhere<std::logic_error>([&] {
                     if (is_last) {
                       viann::mpi_scores_over_units(VarianceImportance<>());
                     } else {
                       viann::mpi_scores_over_features(hook);
                     }
                   }),
                   "viann::mpi_scores_over_units: rank " + last + ": viann::VarianceImportance"));
  }
  SECTION("types") {
    CHECK(contains(message_on_all([&] {
                     if (is_last) {
                       viann::mpi_scores_over_units(trained<VarianceImportance<float>>(layer));
                     } else {
                       viann::mpi_scores_over_units(hook);
                     }
                   }),
                   "VarianceImportance<float>"));
    CHECK(contains(message_on_all([&] {
                     if (is_last) {
                       (void)viann::mpi_merged(WelfordAccumulator<float>());
                     } else {
                       (void)viann::mpi_merged(WelfordAccumulator<long double>());
                     }
                   }),
                   "has viann::WelfordAccumulator<float>;"));
  }
  SECTION("options") {
    viann::VarianceImportanceOptions options;
    const auto refusal = [&] {
      const auto own = trained(
          layer, VarianceImportance<>(is_last ? options : viann::VarianceImportanceOptions()));
      const std::string message = message_on_all([&] { viann::mpi_scores_over_features(own); });
      CHECK(message_on_all([&] { viann::mpi_scores_over_units(own); }).size() > 0);
      return message;
    };
    options.max_epochs = 100;
    CHECK(contains(refusal(), "max_epochs = 100)"));
    options = {};
    options.combination = viann::ScoreCombination::Variance;
    CHECK(contains(refusal(), "(Variance,"));
    options = {};
    options.observe_initial_weights = true;
    CHECK(contains(refusal(), "observe_initial_weights = true"));
  }
  SECTION("epochs") {
    auto own = hook;
    if (is_last) observe(own, layer[0]);
    CHECK(contains(message_on_all([&] { viann::mpi_scores_over_units(own); }),
                   "rank 0 has 5 epochs, but rank " + last + " has 6 epochs;"));
    CHECK(contains(message_on_all([&] { viann::mpi_scores_over_features(own); }), "has 6 epochs;"));
  }
  SECTION("shapes") {
    const auto own = is_last ? trained<VarianceImportance<>>(random_walk(5, 6, 6, 1)) : hook;
    CHECK(contains(message_on_all([&] { viann::mpi_scores_over_units(own); }),
                   "rank 0 has 3 features, but rank " + last + " has 5 features;"));
    CHECK(contains(message_on_all([&] { viann::mpi_scores_over_features(own); }),
                   "rank 0 has 4 units, but rank " + last + " has 6 units;"));

    WelfordAccumulator<> accumulator;
    accumulator(is_last ? MatrixXd::Ones(4, 3) : MatrixXd::Ones(3, 4));
    CHECK(contains(message_on_all([&] { (void)viann::mpi_merged(accumulator); }),
                   "rank 0 has samples of 3 x 4, but rank " + last + " has samples of 4 x 3;"));
    if (rank() == 0 && ranks() > 2) accumulator.reset();
    CHECK(contains(message_on_all([&] { (void)viann::mpi_merged(accumulator); }),
                   "samples of 4 x 3;"));
  }
}

TEST_CASE("what throws on one rank throws on all, and names the rank") {
  const bool is_last = rank() == ranks() - 1;
  const std::string last = "rank " + std::to_string(ranks() - 1) + ": ";
  const Trajectory layer = random_walk(3, 4, 6, 1);

  SECTION("too few observations") {
    auto hook = trained<VarianceImportance<>>(layer);
    if (is_last) hook.on_train_begin(viann::features_by_units(layer[0]));
    CHECK(
        contains(message_everywhere<std::logic_error>([&] { viann::mpi_scores_over_units(hook); }),
                 last + "viann::VarianceImportance: a score takes at least 2 observations, but "
                        "there were 0"));
    CHECK(contains(
        message_everywhere<std::logic_error>([&] { viann::mpi_raw_scores_over_features(hook); }),
        "viann::mpi_raw_scores_over_features: " + last));
  }
  SECTION("none at all") {
    const VarianceImportance<> hook;
    CHECK(contains(
        message_everywhere<std::logic_error>([&] { viann::mpi_scores_over_features(hook); }),
        "no rank has observed anything"));
    CHECK(
        contains(message_everywhere<std::logic_error>([&] { viann::mpi_scores_over_units(hook); }),
                 "rank 0: viann::VarianceImportance"));
  }
  SECTION("a score beyond the range of double") {
    VarianceImportance<> hook;
    for (const double sign : {-1.0, 1.0, -1.0}) {
      observe(hook, MatrixXd::Constant(3, 4, sign * (is_last ? 1e150 : 1.0)));
    }
    for (const bool over_units : {true, false}) {
      CHECK(contains(message_everywhere<std::overflow_error>([&] {
                       over_units ? viann::mpi_scores_over_units(hook)
                                  : viann::mpi_scores_over_features(hook);
                     }),
                     last + "viann::VarianceImportance: after epoch 3 the score of feature 0"));
    }
  }
  SECTION("a sum beyond it") {
    if (ranks() == 1) return;
    VarianceImportance<> hook;
    const double w = std::cbrt(0.35 * std::numeric_limits<double>::max());
    for (const double sign : {-1.0, 1.0}) observe(hook, MatrixXd::Constant(1, 1, sign * w));
    REQUIRE(hook.raw_scores()[0] > 0.6 * std::numeric_limits<double>::max());
    CHECK(contains(
        message_everywhere<std::overflow_error>([&] { viann::mpi_raw_scores_over_units(hook); }),
        "viann::mpi_raw_scores_over_units: after epoch 2 the score of feature 0 is too large"));
  }
  SECTION("something else") {
    struct Fails : VarianceImportance<> {
      bool with_a_sentence = true;
      VectorXd raw_scores() const {
        if (rank() + 1 < ranks()) return VectorXd::Ones(1);
        if (with_a_sentence) throw std::bad_alloc();
        throw 1;
      }
    };
    Fails hook;
    CHECK(contains(
        message_everywhere<std::runtime_error>([&] { viann::mpi_scores_over_units(hook); }),
        last + "std::bad_alloc"));
    hook.with_a_sentence = false;
    CHECK(contains(
        message_everywhere<std::runtime_error>([&] { viann::mpi_scores_over_units(hook); }), last));
  }
}

TEST_CASE("communicators that cannot be used") {
  const VarianceImportance<> hook;
  CHECK(contains(
      message_of<std::invalid_argument>([&] { viann::mpi_scores_over_units(hook, MPI_COMM_NULL); }),
      "MPI_COMM_NULL"));
  if (ranks() == 1) return;
  MPI_Comm side = MPI_COMM_NULL;
  MPI_Comm both = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank() == 0 ? 0 : 1, 0, &side);
  MPI_Intercomm_create(side, 0, MPI_COMM_WORLD, rank() == 0 ? 1 : 0, 0, &both);
  CHECK(contains(
      message_everywhere<std::invalid_argument>([&] { viann::mpi_scores_over_units(hook, both); }),
      "intercommunicator"));
  CHECK(contains(message_everywhere<std::invalid_argument>(
                     [&] { (void)viann::mpi_merged(WelfordAccumulator<>(), both); }),
                 "viann::mpi_merged: the communicator is an intercommunicator"));
  MPI_Comm_free(&both);
  MPI_Comm_free(&side);
}

TEST_CASE("an error that MPI returns becomes an exception") {
  WelfordAccumulator<> own;
  own(MatrixXd::Ones(2, 2));
  wire.refuse_to_duplicate = true;
  const std::string message = message_of<std::runtime_error>([&] { (void)viann::mpi_merged(own); });
  wire.refuse_to_duplicate = false;
  std::array<char, MPI_MAX_ERROR_STRING + 1> reason{};
  int length = 0;
  MPI_Error_string(MPI_ERR_NO_MEM, reason.data(), &length);
  CHECK(message == std::string("viann: MPI_Comm_dup failed: ") + reason.data());
}

TEST_CASE("the communicator's error handler stays") {
  MPI_Errhandler before = MPI_ERRHANDLER_NULL;
  MPI_Errhandler after = MPI_ERRHANDLER_NULL;
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &before);
  (void)viann::mpi_merged(WelfordAccumulator<>());
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &after);
  CHECK(before == after);
}

TEST_CASE("MPI must have been initialised") {
  CHECK(before_init ==
        "viann::mpi_scores_over_units: MPI is not initialised; call it between MPI_Init() and "
        "MPI_Finalize().");
}

int main(int argc, char** argv) {
  const auto message_without_mpi = [] {
    try {
      viann::mpi_scores_over_units(VarianceImportance<>());
    } catch (const std::logic_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  before_init = message_without_mpi();
  MPI_Init(&argc, &argv);
  int failed = Catch::Session().run(argc, argv) == 0 ? 0 : 1;
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed != 0 || !contains(message_without_mpi(), "MPI is finalised already") ? 1 : 0;
}
