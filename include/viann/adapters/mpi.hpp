// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "viann/adapters/detail/mpi_call.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/importance_hook.hpp"
#include "viann/importance_scores.hpp"
#include "viann/welford_accumulator.hpp"

/// \file
/// MPI: scores of layers, and accumulators of samples, that are split over ranks.
///
/// ```cpp
/// viann::VarianceImportance importance;                   // on every rank
/// for (int epoch = 0; epoch < epochs; ++epoch) {
///   train_one_epoch(shard);
///   importance.on_epoch_end(viann::features_by_units(shard.W));  // this rank's rows alone
/// }
/// const Eigen::VectorXd scores = viann::mpi_scores_over_features(importance);  // of all features
/// ```
///
///     each rank has             function                        what is sent
///     some of the units         mpi_[raw_]scores_over_units     8 F bytes, summed (all-reduce)
///     some of the features      mpi_[raw_]scores_over_features  8 F bytes, each rank's part to all
///     seen some of the samples  mpi_merged                      2 s E + 8 bytes, up a binary tree
///                                                               and from its root to all
///
/// (F: all features; E: elements of the accumulator, of s bytes each.) Observing sends nothing. If
/// every rank has all weights, as in data-parallel training, use any rank's own scores.
///
/// Every rank of the communicator must make the same calls in the same order. All ranks get the
/// same result, bit for bit if MPI's all-reduce gives all ranks the same bits. First, the ranks
/// compare what they bring, by a broadcast of 2.6 kB and three all-reduces of 4 bytes, once or
/// twice. So an error on one rank throws the same message on all:
///
/// \throws std::invalid_argument if ranks call different functions, or their hooks differ in type,
///         options, epochs or shape; or the communicator is null or an intercommunicator.
/// \throws std::logic_error, std::overflow_error if a rank's hook throws it; the message names the
///         rank. std::logic_error also if MPI is not initialised, or is finalised already.
/// \throws std::runtime_error if anything else fails on a rank, such as memory; or if MPI returns
///         an error, and then on that rank only. MPI's error handler, which makes MPI return or
///         abort, stays as it is set.
///
/// The arguments do not change. Beyond their result, the functions need memory for the rank's part
/// of it, 8 bytes per rank and, in mpi_merged, two messages of 65,536 elements.

namespace viann {

namespace detail {

template <typename Hook>
Eigen::VectorXd mpi_raw_over_units(const char* function, const Hook& hook, MPI_Comm comm,
                                   Eigen::Index message_length = mpi_message_length) {
  static_assert(
      additive_over_units<Hook>,
      "viann: this hook's raw scores are no sums over the units, so those of parts cannot "
      "be added up. For DisplacementImportance, gather the weights on one rank and let "
      "that observe the whole layer; a hook of your own whose raw scores are such sums "
      "says so: static constexpr bool additive_over_units = true.");
  static_assert(!additive_over_units<Hook> || has_settings<Hook>(),
                "viann: a hook for parts of a layer needs std::string settings() const.");
  if constexpr (additive_over_units<Hook> && has_settings<Hook>()) {
    MpiCall call(function, comm, message_length);
    Eigen::VectorXd raw;
    call.together([&](MpiPart& part) {
      part.describe(hook);
      raw = hook.raw_scores();
      MpiPart::write(part.shape, concat(raw.size(), " features"));
    });
    call.sum(raw.data(), raw.size());
    return finite_raw_scores(
        raw.size(), [&](Eigen::Index i) { return raw[i]; }, function, hook.epochs());
  } else {
    return {};
  }
}

template <typename Hook>
Eigen::VectorXd mpi_raw_over_features(const char* function, const Hook& hook, MPI_Comm comm,
                                      Eigen::Index message_length = mpi_message_length) {
  static_assert(independent_over_features<Hook>,
                "viann: this hook's raw scores depend on other features' weights, so parts cannot "
                "be scored alone. For DisplacementImportance, gather the weights on one rank and "
                "let that observe the whole layer; a hook of your own that scores each feature "
                "alone says so: static constexpr bool independent_over_features = true.");
  static_assert(!independent_over_features<Hook> || has_settings<Hook>(),
                "viann: a hook for parts of a layer needs std::string settings() const.");
  if constexpr (independent_over_features<Hook> && has_settings<Hook>()) {
    MpiCall call(function, comm, message_length);
    Eigen::VectorXd own;
    std::vector<std::int64_t> features;  // by rank
    const MpiPart first = call.together([&](MpiPart& part) {
      part.describe(hook);
      part.empty = hook.features() == 0;
      if (!part.empty) own = hook.raw_scores();
      MpiPart::write(part.shape, concat(hook.units(), " units"));
      features.resize(static_cast<std::size_t>(call.size()));
    });
    if (first.empty) {
      throw std::logic_error(concat("viann::", function, ": no rank has observed anything; call ",
                                    "on_epoch_end() after every epoch."));
    }
    call.gather(static_cast<std::int64_t>(own.size()), features.data());
    Eigen::VectorXd raw;
    call.together([&](MpiPart&) {
      raw.resize(std::accumulate(features.begin(), features.end(), std::int64_t{0}));
    });
    Eigen::Index begin = 0;
    for (int rank = 0; rank < call.size(); ++rank) {
      const Eigen::Index length = features[static_cast<std::size_t>(rank)];
      if (rank == call.rank()) raw.segment(begin, length) = own;
      call.broadcast(raw.data() + begin, length, rank);
      begin += length;
    }
    return raw;
  } else {
    return {};
  }
}

template <typename Scalar>
WelfordAccumulator<Scalar> mpi_merge(const WelfordAccumulator<Scalar>& own, MPI_Comm comm,
                                     Eigen::Index message_length = mpi_message_length) {
  using Array = typename WelfordAccumulator<Scalar>::Array;
  MpiCall call("mpi_merged", comm, message_length);
  const MpiPart first = call.together([&](MpiPart& part) {
    MpiPart::write(part.settings,
                   concat("viann::WelfordAccumulator<", name_of_scalar<Scalar>(), ">"));
    MpiPart::write(part.shape, concat("samples of ", own.rows(), " x ", own.cols()));
    part.rows = own.rows();
    part.cols = own.cols();
    part.empty = own.empty();
  });
  if (first.empty) return own;

  // Allocates before the first message: a rank that ran out of memory would let others wait.
  std::int64_t count = own.count();
  Array mean, m2, their_mean, their_m2;
  call.together([&](MpiPart&) {
    mean = own.empty() ? Array::Zero(first.rows, first.cols) : own.mean();
    m2 = own.empty() ? Array::Zero(first.rows, first.cols) : own.squared_deviations();
    their_mean.resize((std::min)(message_length, mean.size()), 1);
    their_m2.resize(their_mean.rows(), 1);
  });

  // A binary tree: in every step, each second remaining rank sends to the one before it.
  const MpiDuplicate tree(comm);
  for (int step = 1; step < call.size(); step *= 2) {
    if ((call.rank() & step) != 0) {
      const int to = call.rank() - step;
      tree.send(&count, 1, to);
      if (count == 0) break;
      call.in_messages(mean.size(), [&](Eigen::Index begin, int length) {
        tree.send(mean.data() + begin, length, to);
        tree.send(m2.data() + begin, length, to);
      });
      break;
    }
    const int from = call.rank() + step;
    if (from >= call.size()) continue;
    std::int64_t their_count = 0;
    tree.receive(&their_count, 1, from);
    if (their_count == 0) continue;
    call.in_messages(mean.size(), [&](Eigen::Index begin, int length) {
      tree.receive(their_mean.data(), length, from);
      tree.receive(their_m2.data(), length, from);
      merge_moments(count, mean.data() + begin, m2.data() + begin, their_count, their_mean.data(),
                    their_m2.data(), length);
    });
    count += their_count;
  }
  call.broadcast(&count, 1, 0);
  call.broadcast(mean.data(), mean.size(), 0);
  call.broadcast(m2.data(), m2.size(), 0);
  return {count, std::move(mean), std::move(m2)};
}

}  // namespace detail

/// Returns raw_scores() of a whole layer, by feature, if each rank has observed some of the units
/// and all features: the sums of the ranks' raw scores. Sums in another order differ by rounding. A
/// rank without units takes no part: leave it out of the communicator.
/// \throws std::overflow_error if a sum exceeds the range of double; and see above.
template <typename Hook>
Eigen::VectorXd mpi_raw_scores_over_units(const Hook& hook, MPI_Comm comm = MPI_COMM_WORLD) {
  return detail::mpi_raw_over_units("mpi_raw_scores_over_units", hook, comm);
}

/// Returns these after min_max_normalize(): scores() of the whole layer.
template <typename Hook>
Eigen::VectorXd mpi_scores_over_units(const Hook& hook, MPI_Comm comm = MPI_COMM_WORLD) {
  return min_max_normalize(detail::mpi_raw_over_units("mpi_scores_over_units", hook, comm));
}

/// Returns raw_scores() of a whole layer, with the features in the order of the ranks, if each rank
/// has observed some of the features and all units. Ranks may hold different numbers of features; a
/// rank that holds none passes a hook that has observed nothing. (So if a rank has forgotten to
/// observe, its features are missing: compare the result's size with the layer's.)
/// \throws std::logic_error if no rank has observed anything; and see above.
template <typename Hook>
Eigen::VectorXd mpi_raw_scores_over_features(const Hook& hook, MPI_Comm comm = MPI_COMM_WORLD) {
  return detail::mpi_raw_over_features("mpi_raw_scores_over_features", hook, comm);
}

/// Returns these after min_max_normalize(), once over all features: scores() of the whole layer.
template <typename Hook>
Eigen::VectorXd mpi_scores_over_features(const Hook& hook, MPI_Comm comm = MPI_COMM_WORLD) {
  return min_max_normalize(detail::mpi_raw_over_features("mpi_scores_over_features", hook, comm));
}

/// Returns the accumulator of all ranks' samples. A rank without samples may pass an empty one.
/// Ranks are merged pairwise, in their order: the same ranks always give the same bits. Continue
/// with the rank's own: `all = mpi_merged(own)`; merged again, its samples would count twice.
template <typename Scalar>
[[nodiscard]] WelfordAccumulator<Scalar> mpi_merged(const WelfordAccumulator<Scalar>& own,
                                                    MPI_Comm comm = MPI_COMM_WORLD) {
  return detail::mpi_merge(own, comm);
}

}  // namespace viann
