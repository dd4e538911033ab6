// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"
#include "viann/tools/agreement.hpp"

namespace viann {

/// Which epochs a ScoreHistory keeps.
struct ScoreHistoryOptions {
  std::int64_t most_epochs = 256;  ///< of which scores are kept; at least 2
};

/// Keeps the scores of a run, and tells from which epoch on an input was important.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/viann.hpp>
///
/// int main() {
///   Eigen::MatrixXd weights = Eigen::MatrixXd::Identity(3, 3);  // 3 features, 3 units
///   viann::DisplacementImportance importance;
///   viann::ScoreHistory history;
///   importance.on_train_begin(viann::features_by_units(weights));
///   for (int epoch = 1; epoch <= 20; ++epoch) {
///     weights.row(epoch <= 5 ? 0 : 2).array() += 1;  // stands for training
///     importance.on_epoch_end(viann::features_by_units(weights));
///     history.add(importance.epochs(), importance.scores());
///   }
///   std::cout << history.scores().cols() << " epochs; feature 2 leads since epoch "
///             << *history.in_top_since(1)[2] << "\n";
/// }
/// ```
///
/// VarianceImportance has no scores before its second observation: begin with epoch 2 there.
///
/// Memory: 8 bytes * features * `most_epochs` at most. When there are more, those whose neighbours
/// are closest on a logarithmic axis are dropped: most happens in the first epochs. The first epoch
/// and the latest one are always there. Answers know nothing of what happened between the kept
/// epochs.
class ScoreHistory {
 public:
  /// \throws std::invalid_argument if `most_epochs` < 2.
  explicit ScoreHistory(ScoreHistoryOptions options = {}) : options_(options) {
    if (options.most_epochs >= 2) return;
    throw std::invalid_argument(detail::concat("viann::ScoreHistory: most_epochs is ",
                                               options.most_epochs, "; keep at least 2."));
  }

  /// Adds the scores after an epoch, one per feature, of any method. Pass all of one kind: raw
  /// scores, say, or normalised ones.
  /// \param epoch  its number, larger than the last one's; the first may be 0. Numbers need not be
  ///               successive: pass those of your checkpoints.
  /// \throws std::invalid_argument if there are no scores, one is not finite, their number differs
  ///         from the first, or the epoch does not follow; nothing is changed.
  void add(std::int64_t epoch, const Eigen::Ref<const Eigen::VectorXd>& scores) {
    detail::require_scores(scores, "ScoreHistory");
    if (features() != 0 && scores.size() != features()) {
      throw std::invalid_argument(detail::concat("viann::ScoreHistory: ", scores.size(),
                                                 " scores do not follow ", features(),
                                                 "; for another layer, begin with reset()."));
    }
    if (!detail::is_count(epoch) || (!kept_->empty() && epoch <= kept_->back().epoch)) {
      throw std::invalid_argument(detail::concat(
          "viann::ScoreHistory: epoch ", epoch, " does not follow ",
          kept_->empty() ? "the start" : detail::concat("epoch ", kept_->back().epoch),
          "; pass rising numbers, or begin with reset()."));
    }
    kept_->push_back({epoch, scores});
    ++epochs_.value();
    if (static_cast<std::int64_t>(kept_->size()) > options_.most_epochs) drop_closest();
  }

  /// Number of features; 0 before the first epoch.
  Eigen::Index features() const noexcept {
    return kept_->empty() ? 0 : kept_->front().scores.size();
  }

  /// Number of epochs taken in, whether they were kept or not.
  std::int64_t epochs() const noexcept { return epochs_; }

  /// The numbers of the kept epochs, as they were passed, in ascending order.
  std::vector<std::int64_t> kept_epochs() const {
    std::vector<std::int64_t> numbers;
    for (const Kept& kept : kept_.value()) numbers.push_back(kept.epoch);
    return numbers;
  }

  /// The scores of the kept epochs, features x epochs.
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> scores() const {
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> result(
        features(), static_cast<Eigen::Index>(kept_->size()));
    double* next = result.data();
    for (const Kept& kept : kept_.value()) {
      next = std::copy_n(kept.scores.data(), kept.scores.size(), next);
    }
    return result;
  }

  /// By feature: the first of the kept epochs from which it was always among the k most important,
  /// up to the latest; nothing if it is not among them in the latest.
  ///
  /// A feature is among them if fewer than k score higher. Features that tie with the k-th are,
  /// too, as in top_k_overlap(), so more than k features may be; where all are equal, all are.
  /// \throws std::logic_error before the first epoch.
  /// \throws std::invalid_argument unless 1 <= k <= number of features.
  std::vector<std::optional<std::int64_t>> in_top_since(Eigen::Index k) const {
    require_epochs();
    if (k < 1 || k > features()) {
      throw std::invalid_argument(detail::concat("viann::ScoreHistory: there is no top ", k, " of ",
                                                 features(), " features."));
    }
    std::vector<std::optional<std::int64_t>> since(static_cast<std::size_t>(features()));
    std::vector<bool> left(since.size());  // going back in time
    for (auto kept = kept_->rbegin(); kept != kept_->rend(); ++kept) {
      const double least = detail::kth_largest(kept->scores, k);
      for (std::size_t i = 0; i < since.size(); ++i) {
        left[i] = left[i] || kept->scores[static_cast<Eigen::Index>(i)] < least;
        if (!left[i]) since[i] = kept->epoch;
      }
    }
    return since;
  }

  /// The first kept epoch since which every ranking has spearman() >= correlation with the latest;
  /// the latest epoch if the one before has less: the ranking has not settled. Scores that are all
  /// equal have no order: their correlation with any others is 0.
  ///
  /// Scores that sum up the run, as those of all hooks, settle by construction as it gets longer.
  /// \param correlation  with the latest ranking, at most 1. With 4 features, one exchange of
  ///                     neighbours gives 0.8; with 100, 0.99999.
  /// \throws std::logic_error before the first epoch.
  /// \throws std::invalid_argument unless -1 <= correlation <= 1.
  std::int64_t settled_since(double correlation = 0.9) const {
    require_epochs();
    if (!(correlation >= -1 && correlation <= 1)) {
      throw std::invalid_argument(detail::concat("viann::ScoreHistory: ", correlation,
                                                 " is not in [-1, 1], where correlations lie."));
    }
    const Kept& latest = kept_->back();
    const auto differs = std::find_if(kept_->rbegin() + 1, kept_->rend(), [&](const Kept& kept) {
      return spearman(kept.scores, latest.scores) < correlation - rounding;
    });
    return (differs - 1)->epoch;
  }

  /// Resets to a new history with the same options.
  void reset() { *this = ScoreHistory(options_); }

  /// Saves or loads the state and the options, for viann::save() and load(), Boost.Serialization or
  /// cereal.
  /// \throws std::runtime_error if the loaded data is no ScoreHistory, or is damaged; nothing is
  ///         changed.
  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    detail::archive_object<double>(
        archive, *this, "ScoreHistory",
        [](ScoreHistory& history, auto& state) { history.transfer(state); });
  }

 private:
  struct Kept {
    std::int64_t epoch = 0;
    Eigen::VectorXd scores;
  };

  // Equal rankings may have a correlation of 1 less a few units in the last place.
  static constexpr double rounding = 1e-12;

  // Drops the epoch whose neighbours have the least ratio; of equal ones the latest.
  void drop_closest() {
    const std::vector<Kept>& kept = kept_.value();
    std::size_t closest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i + 1 < kept.size(); ++i) {
      const double ratio = static_cast<double>(kept[i + 1].epoch + 1) /
                           static_cast<double>(kept[i - 1].epoch + 1);  // an epoch may be 0
      if (ratio > least) continue;
      least = ratio;
      closest = i;
    }
    kept_->erase(kept_->begin() + static_cast<std::ptrdiff_t>(closest));
  }

  void require_epochs() const {
    if (!kept_->empty()) return;
    throw std::logic_error(
        "viann::ScoreHistory: there are no scores yet; call add() after every epoch.");
  }

  template <class Archive>
  void transfer(Archive& archive) {
    std::int64_t features = this->features();
    auto kept = static_cast<std::int64_t>(kept_->size());
    archive& options_.most_epochs& epochs_.value() & features& kept;
    archive.ensure(options_.most_epochs >= 2 && detail::is_count(epochs_) &&
                   kept == (std::min)(epochs_.value(), options_.most_epochs));
    if (kept == 0) return archive.ensure(features == 0);
    archive.ensure(detail::is_shape(features, 1));
    std::int64_t least = 0;  // of the next epoch's number
    for (std::int64_t i = 0; i < kept; ++i) {
      if constexpr (Archive::is_loading::value) kept_->emplace_back();
      Kept& entry = kept_.value()[static_cast<std::size_t>(i)];
      archive& entry.epoch;
      archive.ensure(detail::is_count(entry.epoch) && entry.epoch >= least);
      least = entry.epoch + 1;
      detail::archive_array(archive, entry.scores, features, 1);
    }
  }

  detail::ResetOnMove<std::vector<Kept>> kept_;
  detail::ResetOnMove<std::int64_t> epochs_;
  ScoreHistoryOptions options_;
};

}  // namespace viann
