// SPDX-License-Identifier: MIT
//
// The concept ImportanceHook, which C++17 does not have: compiled as C++20, and not run.

#include <string>
#include <utility>

#include "viann/displacement_importance.hpp"
#include "viann/importance_hook.hpp"
#include "viann/variance_importance.hpp"

namespace {

using viann::ImportanceHook;

static_assert(ImportanceHook<viann::VarianceImportance<>>);
static_assert(ImportanceHook<viann::VarianceImportance<float>&>);
static_assert(ImportanceHook<viann::DisplacementImportance<long double>>);

static_assert(!ImportanceHook<const viann::VarianceImportance<>>);
static_assert(!ImportanceHook<viann::WelfordAccumulator<>>);
static_assert(!ImportanceHook<void>);
static_assert(!ImportanceHook<double>);
static_assert(!ImportanceHook<std::string>);

// A hook that hides one member is no hook.
using Hook = viann::VarianceImportance<>;
struct Whole : Hook {};
struct BareMatrices : Hook {
  void on_epoch_end(const Eigen::MatrixXd& weights);
};
struct TrainEndNotConst : Hook {
  void on_train_end();
};
struct CountsInInt : Hook {
  int epochs() const;
};
struct ScoresByReference : Hook {
  const Eigen::VectorXd& scores() const;
};
struct NotSaved : Hook {
  void serialize() = delete;
};
static_assert(ImportanceHook<Whole>);
static_assert(!ImportanceHook<BareMatrices>);
static_assert(!ImportanceHook<TrainEndNotConst>);
static_assert(!ImportanceHook<CountsInInt>);
static_assert(!ImportanceHook<ScoresByReference>);
static_assert(!ImportanceHook<NotSaved>);

// It chooses specialisations and overloads.
template <typename T>
constexpr bool is_taken_as_hook = false;
template <ImportanceHook T>
constexpr bool is_taken_as_hook<T> = true;
static_assert(is_taken_as_hook<Hook>);
static_assert(!is_taken_as_hook<Eigen::MatrixXd>);

}  // namespace
