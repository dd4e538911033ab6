// SPDX-License-Identifier: MIT
#pragma once

/// \file
/// Declares viann's public types, without Eigen: for headers that only name a hook, as in
/// `std::unique_ptr<viann::VarianceImportance<>> importance;`.

#include "viann/detail/requirements.hpp"

namespace viann {

class WeightView;

template <typename Scalar = double>
class WelfordAccumulator;

enum class ScoreCombination;
struct VarianceImportanceOptions;
template <typename Scalar = double>
class VarianceImportance;

struct DisplacementImportanceOptions;
template <typename Scalar = double>
class DisplacementImportance;

struct ScoreHistoryOptions;
class ScoreHistory;
struct MeanWithInterval;
struct StabilityAcrossRuns;

enum class Aggregation;
enum class Replacement;
struct PermutationImportanceOptions;
struct PermutationScores;

struct KnockoffOptions;
class KnockoffSampler;
struct KnockoffSelection;

struct TableOptions;
class Report;
struct HtmlReportOptions;

}  // namespace viann
