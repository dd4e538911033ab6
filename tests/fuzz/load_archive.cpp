// SPDX-License-Identifier: MIT
//
// Loads libFuzzer's made-up data as every class, and uses accepted objects. Built without the
// comparison of checksums, which would refuse everything.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "support/saved.hpp"
#include "viann/viann.hpp"

namespace {

constexpr Eigen::Index most_weights = 4096;  // that an object in use may have

void require(bool holds) {
  if (!holds) std::abort();
}

// An accepted object may throw only the exceptions that its class documents.
template <typename Hook>
void use_hook(Hook& hook) {
  try {
    if (hook.features() == 0)
      hook.on_train_begin(viann::features_by_units(Eigen::Matrix2d::Ones()));
    if (hook.features() > most_weights || hook.units() > most_weights / hook.features()) return;
    const Eigen::MatrixXd weights = Eigen::MatrixXd::Constant(hook.features(), hook.units(), 0.5);
    const std::int64_t before = hook.epochs();
    hook.on_epoch_end(viann::features_by_units(weights));
    hook.on_epoch_end(viann::units_by_features(weights.transpose()));
    require(hook.epochs() == before + 2);
    hook.on_train_end();
    const Eigen::VectorXd scores = hook.scores();
    require(scores.size() == hook.features());
    require(scores.minCoeff() >= 0 && scores.maxCoeff() <= 1);
  } catch (const std::overflow_error&) {
  } catch (const std::logic_error&) {
  }
}

template <typename Scalar>
void use(viann::VarianceImportance<Scalar>& hook) {
  use_hook(hook);
}
template <typename Scalar>
void use(viann::DisplacementImportance<Scalar>& hook) {
  use_hook(hook);
}
template <typename Scalar>
void use(viann::WelfordAccumulator<Scalar>& accumulator) {
  if (accumulator.empty()) return;
  try {
    accumulator(accumulator.mean());
    accumulator += accumulator;
  } catch (const std::overflow_error&) {  // more than 2^53 samples
  }
  require((accumulator.variance() >= 0).any() || !accumulator.variance().isFinite().all());
}
void use(viann::ScoreHistory& history) {
  const auto kept = history.kept_epochs();
  require(history.scores().cols() == static_cast<Eigen::Index>(kept.size()));
  if (kept.empty()) return;
  require(history.settled_since() >= kept.front() && history.settled_since() <= kept.back());
  require(history.in_top_since(1).size() == static_cast<std::size_t>(history.features()));
  try {
    history.add(kept.back() + 1, history.scores().col(0));
  } catch (const std::invalid_argument&) {  // the numbers end at 2^53
  }
}

template <typename T>
void fuzz(T object, const std::string& bytes) {
  const std::string before = saved(object);
  try {
    load(object, bytes);
  } catch (const std::runtime_error&) {
    require(saved(object) == before);
    return;
  }
  // A loaded object can be saved and loaded again.
  const std::string state = saved(object);
  T copy = object;
  load(copy, state);
  require(saved(copy) == state);
  use(copy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  fuzz(viann::WelfordAccumulator<>(), bytes);
  fuzz(viann::WelfordAccumulator<float>(), bytes);
  fuzz(viann::VarianceImportance<>(), bytes);
  fuzz(viann::VarianceImportance<float>(), bytes);
  fuzz(viann::DisplacementImportance<>(), bytes);
  fuzz(viann::DisplacementImportance<float>(), bytes);
  fuzz(viann::ScoreHistory(), bytes);
  return 0;
}
