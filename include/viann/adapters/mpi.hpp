// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include "viann/adapters/detail/mpi_ranks.hpp"
#include "viann/detail/layer/layer_displacement.hpp"
#include "viann/detail/layer/life_cycle.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/importance_scores.hpp"
#include "viann/variance_importance.hpp"
#include "viann/welford_accumulator.hpp"

/// \file
/// MPI: scores of layers that are split over ranks.
///
/// ```cpp
/// viann::MpiDisplacementImportance importance;  // on every rank, which has some of the features
/// importance.on_train_begin(viann::features_by_units(shard.W));
/// for (int epoch = 0; epoch < epochs; ++epoch) {
///   train_one_epoch(shard);
///   importance.on_epoch_end(viann::features_by_units(shard.W), viann::features_by_units(shard.G));
/// }
/// const Eigen::VectorXd scores = importance.scores();  // of all features, on every rank
/// ```
///
/// A VarianceImportance on every rank observes the rank's part and sends nothing. At the end,
/// mpi_scores_over_features() or mpi_scores_over_units() puts the scores of the parts together, and
/// mpi_merged() accumulators of different samples.
///
/// Every call that takes or gives weights or scores is collective: all ranks make the same calls in
/// the same order. First, one all-reduce of 13 integers compares what the ranks bring, so that an
/// error on one rank is an error on all, and nothing is changed on any. (Only if memory for the
/// result, 8 bytes for each feature, runs out on a rank, the others wait.)
///
/// \throws std::invalid_argument if ranks call different functions, or their hooks differ in type,
///         options, epochs or shape.
/// \throws std::runtime_error if a rank's hook throws, with the number of the rank; on that rank,
///         what the hook throws. Also if MPI returns an error, and then on that rank alone.

namespace viann {

namespace detail {

/// What parts of a layer that are observed by VarianceImportance must have in common.
template <typename Scalar>
MpiValues mpi_values(const VarianceImportance<Scalar>& hook, const char* axis, Eigen::Index size) {
  const VarianceImportanceOptions& options = hook.options();
  return {{{"Scalar's digits", std::numeric_limits<Scalar>::digits},
           {"options", 2 * static_cast<std::int64_t>(options.combination) +
                           (options.observe_initial_weights ? 1 : 0)},
           {"max_epochs", options.max_epochs},
           {"epochs", hook.epochs()},
           {axis, size}}};
}

}  // namespace detail

/// Returns raw_scores() of a whole layer, by feature, if each rank has observed some of the units
/// and all features: the sums of the ranks' raw scores. Sums in another order differ by rounding. A
/// rank without units takes no part: leave it out of the communicator.
/// \throws std::overflow_error if a sum exceeds the range of double; and see above.
template <typename Scalar>
Eigen::VectorXd mpi_raw_scores_over_units(const VarianceImportance<Scalar>& hook,
                                          MPI_Comm comm = MPI_COMM_WORLD) {
  const char* const name = "mpi_raw_scores_over_units";
  const detail::MpiRanks ranks(comm, name);
  detail::MpiValues values = detail::mpi_values(hook, "numbers of features", hook.features());
  Eigen::VectorXd raw;
  ranks.agree(values, true, [&] { raw = hook.raw_scores(); });
  ranks.add_up(raw.data(), static_cast<std::size_t>(raw.size()));
  return detail::finite_raw_scores(
      raw.size(), [&](Eigen::Index i) { return raw[i]; }, name, hook.epochs());
}

/// Returns raw_scores() of a whole layer, to the bit, with the features in the order of the ranks,
/// if each rank has observed some of the features and all units. A rank that has no features passes
/// a hook that has observed nothing. (So if a rank has forgotten to observe, its features are
/// missing: compare the result's size with the layer's.)
/// \throws std::logic_error if no rank has observed anything; and see above.
template <typename Scalar>
Eigen::VectorXd mpi_raw_scores_over_features(const VarianceImportance<Scalar>& hook,
                                             MPI_Comm comm = MPI_COMM_WORLD) {
  const char* const name = "mpi_raw_scores_over_features";
  const detail::MpiRanks ranks(comm, name);
  detail::MpiValues values = detail::mpi_values(hook, "numbers of units", hook.units());
  Eigen::VectorXd raw;
  const bool takes_part = hook.features() > 0;
  if (!ranks.agree(values, takes_part, [&] {
        if (takes_part) raw = hook.raw_scores();
      })) {
    throw std::logic_error(detail::concat("viann::", name, ": no rank has observed anything; call ",
                                          "on_epoch_end() after every epoch."));
  }
  return ranks.gather(raw);
}

/// Returns mpi_raw_scores_over_units() after min_max_normalize(): scores() of the whole layer.
template <typename Scalar>
Eigen::VectorXd mpi_scores_over_units(const VarianceImportance<Scalar>& hook,
                                      MPI_Comm comm = MPI_COMM_WORLD) {
  return min_max_normalize(mpi_raw_scores_over_units(hook, comm));
}

/// Returns mpi_raw_scores_over_features() after min_max_normalize(): scores() of the whole layer.
template <typename Scalar>
Eigen::VectorXd mpi_scores_over_features(const VarianceImportance<Scalar>& hook,
                                         MPI_Comm comm = MPI_COMM_WORLD) {
  return min_max_normalize(mpi_raw_scores_over_features(hook, comm));
}

/// Returns the accumulator of all ranks' samples. A rank without samples may pass an empty one.
/// Continue with the rank's own: merged again, its samples would count twice.
template <typename Scalar>
[[nodiscard]] WelfordAccumulator<Scalar> mpi_merged(const WelfordAccumulator<Scalar>& own,
                                                    MPI_Comm comm = MPI_COMM_WORLD) {
  using Array = typename WelfordAccumulator<Scalar>::Array;
  const detail::MpiRanks ranks(comm, "mpi_merged");
  detail::MpiValues shape = {{{"Scalar's digits", std::numeric_limits<Scalar>::digits},
                              {"numbers of rows", own.rows()},
                              {"numbers of columns", own.cols()}}};
  if (!ranks.agree(shape, !own.empty(), [] {})) return own;
  const auto add_up = [&](Array& array) {
    ranks.add_up(array.data(), static_cast<std::size_t>(array.size()));
  };
  std::int64_t count = own.count();
  ranks.add_up(&count, 1);
  const auto n = static_cast<Scalar>(own.count());
  Array mean = Array::Zero(static_cast<Eigen::Index>(shape[1].value),
                           static_cast<Eigen::Index>(shape[2].value));
  Array m2 = mean;
  if (!own.empty()) mean = own.mean() * (n / static_cast<Scalar>(count));
  add_up(mean);
  if (!own.empty()) m2 = own.squared_deviations() + n * (own.mean() - mean).square();
  add_up(m2);
  return {count, std::move(mean), std::move(m2)};
}

/// DisplacementImportance of a layer whose features are split over ranks, such as a table that one
/// machine cannot hold. The scores are those of one process, up to rounding.
///
/// An observation all-reduces 32 doubles for every unit, and 3 more. If the units are split
/// instead, hand over the features of one rank each: one all-to-all of the weights.
///
/// Its calls and errors are those of DisplacementImportance; see also the top of this header. Every
/// rank has a feature at least. It cannot be saved or reset, and is no hook for callbacks.
template <typename Scalar = double>
class MpiDisplacementImportance : detail::RefusesBareGradients {
 public:
  using Index = Eigen::Index;  ///< of counts and indices

  /// A new hook of the ranks of a communicator, which must outlive it.
  explicit MpiDisplacementImportance(MPI_Comm comm = MPI_COMM_WORLD,
                                     DisplacementImportanceOptions options = {})
      : part_{detail::MpiRanks(comm, name)}, options_(options) {}

  /// Starts a new run with this rank's weights before training.
  void on_train_begin(const WeightView& weights) { begin(Weights(weights.memory())); }

  /// The hook: observes this rank's weights at the end of an epoch.
  void on_epoch_end(const WeightView& weights) { end_epoch(Weights(weights.memory()), nullptr); }

  /// The hook with the gradient of the loss by this rank's weights, on all ranks or on none.
  void on_epoch_end(const WeightView& weights, const WeightView& gradient) {
    const Weights of_gradient(gradient.memory());
    end_epoch(Weights(weights.memory()), &of_gradient);
  }

  using RefusesBareGradients::on_epoch_end;
  using RefusesBareGradients::on_train_begin;

  /// Number of features of all ranks; 0 before on_train_begin().
  Index features() const noexcept { return part_.all_features(0); }

  /// Number of units; 0 before on_train_begin().
  Index units() const noexcept { return state_.layer().units(); }

  /// Number of epochs observed.
  std::int64_t epochs() const noexcept { return epochs_; }

  /// Whether weight decay is removed: the option is set and there are enough units.
  bool removes_decay() const {
    return options_.remove_decay &&
           units() >= DisplacementImportance<Scalar>::min_units_to_remove_decay;
  }

  /// Whether the scores contain a gradient.
  bool uses_gradient() const { return state_.uses_gradient(); }

  /// raw_i of all features, those of rank 0 first.
  Eigen::VectorXd raw_scores() const {
    Eigen::VectorXd own;
    detail::MpiValues values = common(Scores, units());
    part_.ranks.agree(values, true, [&] {
      detail::require_observations(1, epochs_, name, "a score");
      own = detail::finite_raw_scores(
          state_.layer().features(), [this](Index i) { return state_.raw_score(i); }, name,
          epochs_);
    });
    return part_.ranks.gather(own);
  }

  /// raw_scores() after min_max_normalize().
  Eigen::VectorXd scores() const { return min_max_normalize(raw_scores()); }

 private:
  static constexpr const char* name = "MpiDisplacementImportance";  // in messages
  using State = detail::LayerDisplacement<Scalar, detail::MpiFeatures>;
  using Weights = typename State::Weights;

  enum Call { Begin, EndEpoch, EndEpochWithGradient, Scores };

  detail::MpiValues common(Call call, Index units) const {
    return {{{"calls", call},
             {"Scalar's digits", std::numeric_limits<Scalar>::digits},
             {"options", options_.remove_decay ? 1 : 0},
             {"epochs", epochs_},
             {"numbers of units", units}}};
  }

  void begin(const Weights& weights) {
    detail::MpiValues values = common(Begin, weights.units());
    State fresh;
    part_.ranks.agree(values, true, [&] {
      fresh.layer().require_valid(weights, name, 0);
      fresh.keep_initial(weights);
    });
    part_.first = part_.ranks.sum_before(weights.features());
    part_.all = weights.features();
    part_.ranks.add_up(&part_.all, 1);
    fresh.start(weights, part_);
    state_ = std::move(fresh);
    epochs_ = 0;
  }

  void end_epoch(const Weights& weights, const Weights* gradient) {
    detail::MpiValues values =
        common(gradient == nullptr ? EndEpoch : EndEpochWithGradient, weights.units());
    part_.ranks.agree(values, true, [&] {
      if (!state_.layer().known()) {
        throw std::logic_error(
            "viann::MpiDisplacementImportance: displacement is counted from the weights before "
            "training; call on_train_begin() with them first.");
      }
      state_.layer().require_valid(weights, name, epochs_ + 1);
      if (gradient != nullptr) {
        state_.layer().require_valid(*gradient, name, epochs_ + 1, "gradient");
      }
    });
    state_.observe(weights, gradient, removes_decay(), ++epochs_);
  }

  detail::MpiFeatures part_;
  State state_;
  std::int64_t epochs_ = 0;
  DisplacementImportanceOptions options_;
};

}  // namespace viann
