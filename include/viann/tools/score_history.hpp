// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/statistics/order.hpp"
#include "viann/detail/statistics/require_scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"
#include "viann/tools/agreement.hpp"

namespace viann {

/// Which epochs a ScoreHistory keeps.
struct ScoreHistoryOptions {
  std::int64_t every = 1;          ///< keep the first epoch and every so many-th after it
  std::int64_t most_epochs = 256;  ///< beyond that many, drop every second one and double `every`
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
/// Memory: 8 bytes * features * `most_epochs` at most. When there are more, every second epoch that
/// was kept is dropped, and from then on half as many are kept. The first epoch and the latest one
/// are always there, so that a run of any length is covered evenly. Answers know nothing of what
/// happened between the kept epochs.
class ScoreHistory {
 public:
  /// \throws std::invalid_argument if `every` < 1 or `most_epochs` < 2.
  explicit ScoreHistory(ScoreHistoryOptions options = {}) : options_(options) {
    if (!is_possible(options)) {
      throw std::invalid_argument(detail::concat(
          "viann::ScoreHistory: every = ", options.every, " and most_epochs = ",
          options.most_epochs, "; every must be at least 1, and most_epochs at least 2."));
    }
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
    if (epoch < 0 || (!kept_->empty() && epoch <= kept_->back().epoch) ||
        !detail::is_count(epoch)) {
      throw std::invalid_argument(detail::concat(
          "viann::ScoreHistory: epoch ", epoch, " does not follow ",
          kept_->empty() ? "the start" : detail::concat("epoch ", kept_->back().epoch),
          "; pass rising numbers, or begin with reset()."));
    }
    kept_->push_back({epoch, epochs_, scores});
    // The one before was only the latest.
    if (const auto latest = kept_->end() - 2; epochs_ > 0 && !is_due(*latest)) {
      kept_->erase(latest);
    }
    ++epochs_.value();
    if (static_cast<std::int64_t>(kept_->size()) > options_.most_epochs) {
      ++doublings_.value();
      kept_->erase(std::remove_if(kept_->begin(), kept_->end() - 1,
                                  [this](const Kept& kept) { return !is_due(kept); }),
                   kept_->end() - 1);
    }
  }

  /// Number of features; 0 before the first epoch.
  Eigen::Index features() const noexcept {
    return kept_->empty() ? 0 : kept_->front().scores.size();
  }

  /// Number of epochs taken in, whether they were kept or not.
  std::int64_t epochs() const noexcept { return epochs_; }

  /// One of so many epochs is kept now; the latest is kept, too.
  std::int64_t every() const noexcept { return options_.every << doublings_; }

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
  /// the latest epoch if the one before has less. Scores that are all equal have no order: their
  /// correlation with any others is 0.
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
    std::int64_t epoch;
    std::int64_t before;  // number of epochs taken in before it
    Eigen::VectorXd scores;
  };

  // Equal rankings may have a correlation of 1 less a few units in the last place.
  static constexpr double rounding = 1e-12;

  bool is_due(const Kept& kept) const { return kept.before % every() == 0; }

  static bool is_possible(const ScoreHistoryOptions& options) {
    return options.every >= 1 && detail::is_count(options.every) && options.most_epochs >= 2;
  }

  void require_epochs() const {
    if (!kept_->empty()) return;
    throw std::logic_error(
        "viann::ScoreHistory: there are no scores yet; call add() after every epoch.");
  }

  template <class Archive>
  void transfer(Archive& archive) {
    std::int64_t features = this->features();
    archive& options_.every& options_.most_epochs& doublings_.value() & epochs_.value() & features;
    archive.ensure(is_possible(options_) && doublings_ >= 0 && doublings_ <= 53);
    if (epochs_ == 0) return archive.ensure(features == 0 && doublings_ == 0);
    archive.ensure(detail::is_count(epochs_) && detail::is_shape(features, 1));
    // The last doubling came after two that were kept.
    archive.ensure(doublings_ == 0 || options_.every <= ((epochs_ - 2) >> (doublings_ - 1)));
    // Those that are due, and the latest.
    const std::int64_t intervals = (epochs_ - 1) / every();
    const std::int64_t kept = intervals + 1 + ((epochs_ - 1) % every() == 0 ? 0 : 1);
    archive.ensure(kept <= options_.most_epochs);
    for (std::int64_t i = 0; i < kept; ++i) {
      if constexpr (Archive::is_loading::value) {
        kept_->push_back({0, i <= intervals ? i * every() : epochs_ - 1, {}});
      }
      Kept& entry = kept_.value()[static_cast<std::size_t>(i)];
      archive& entry.epoch;
      const std::int64_t least = i == 0 ? 0 : kept_.value()[static_cast<std::size_t>(i) - 1].epoch;
      archive.ensure(detail::is_count(entry.epoch) && entry.epoch >= least + (i == 0 ? 0 : 1));
      detail::archive_array(archive, entry.scores, features, 1);
    }
  }

  detail::ResetOnMove<std::vector<Kept>> kept_;  // those that are due, and the latest
  ScoreHistoryOptions options_;
  detail::ResetOnMove<std::int64_t> doublings_;  // of options_.every
  detail::ResetOnMove<std::int64_t> epochs_;
};

}  // namespace viann
