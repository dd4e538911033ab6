// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"

/// \file
/// The options of VarianceImportance.

namespace viann {

/// The terms that a feature's raw score sums over the units: a weight w has the running variance v.
enum class ScoreCombination {
  VarianceTimesMagnitude,  ///< v * |w|, the paper's
  Variance,                ///< v alone, for embeddings: a token's vector has no natural zero
};

/// The options of VarianceImportance.
struct VarianceImportanceOptions {
  /// What a raw score sums over the units.
  ScoreCombination combination = ScoreCombination::VarianceTimesMagnitude;

  /// Whether the weights given to on_train_begin() are the first observation. The paper's
  /// implementation does not count them. If true, on_train_begin() is no longer optional.
  bool observe_initial_weights = false;

  /// The hook observes only the first max_epochs epochs; the scores then stay the same. All epochs,
  /// the default, repeat the paper; 5 are right more often (average precision .80, not .65, in
  /// tests/benchmarks), because weights keep moving when there is little left to learn.
  std::int64_t max_epochs = (std::numeric_limits<std::int64_t>::max)();

  /// Whether all options are the same.
  friend bool operator==(const VarianceImportanceOptions& a, const VarianceImportanceOptions& b) {
    return a.combination == b.combination &&
           a.observe_initial_weights == b.observe_initial_weights && a.max_epochs == b.max_epochs;
  }
};

namespace detail {

inline bool leaves_two_observations(const VarianceImportanceOptions& options) {
  return options.max_epochs >= (options.observe_initial_weights ? 1 : 2);
}

/// \throws std::invalid_argument if max_epochs leaves fewer than two observations.
inline void require_two_observations(const VarianceImportanceOptions& options, const char* hook) {
  if (leaves_two_observations(options)) return;
  throw std::invalid_argument(
      concat("viann::", hook, ": max_epochs is ", options.max_epochs,
             ", but a variance takes at least two observations; raise it."));
}

/// The options in words, for a hook's settings().
inline std::string words_of(const VarianceImportanceOptions& options) {
  return concat(
      options.combination == ScoreCombination::Variance ? "Variance" : "VarianceTimesMagnitude",
      ", observe_initial_weights = ", options.observe_initial_weights ? "true" : "false",
      ", max_epochs = ", options.max_epochs);
}

/// Saves or loads options.
template <class Archive>
void archive_options(Archive& archive, VarianceImportanceOptions& options) {
  auto combination = static_cast<std::int32_t>(options.combination);
  archive& combination& options.observe_initial_weights& options.max_epochs;
  if constexpr (Archive::is_loading::value) {
    options.combination = static_cast<ScoreCombination>(combination);
  }
  archive.ensure(combination >= 0 && combination <= static_cast<int>(ScoreCombination::Variance) &&
                 leaves_two_observations(options));
}

}  // namespace detail

}  // namespace viann
