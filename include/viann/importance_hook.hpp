// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "viann/weight_view.hpp"

/// \file
/// The interface of every hook. A class with this interface works with the library's adapters,
/// reports and diagnostics: VarianceImportance, DisplacementImportance, or a hook of your own.
/// There is no base class.
///
/// | member                     | what it promises                                                |
/// | -------------------------- | --------------------------------------------------------------- |
/// | on_train_begin(view)       | starts a new run with the weights before training               |
/// | on_epoch_end(view)         | takes in the weights after an epoch                             |
/// | on_train_end()             | throws std::logic_error if there is nothing to score            |
/// | features(), units()        | shape of the layer, Eigen::Index; 0 until it is known           |
/// | epochs()                   | epochs taken in since the start, std::int64_t                   |
/// | raw_scores()               | one finite number per feature, Eigen::VectorXd, in its own unit |
/// | scores()                   | these after min_max_normalize()                                 |
/// | serialize(archive, number) | saves or loads, for save(), Boost.Serialization and cereal      |
///
/// The first on_train_begin() after loading does not start a new run: it continues the saved one.
///
/// A view is a WeightView, for use within the call only; its values() are the weights. A hook
/// throws std::invalid_argument for invalid weights, std::logic_error for calls out of order, and
/// std::overflow_error for scores that are not finite. A call that throws leaves the hook
/// unchanged. All calls but the first two and loading are const.
///
/// A hook may have `static constexpr bool takes_gradients = true`: on_epoch_end(view, gradient)
/// takes the gradient of the loss by the weights, too, as a view of their shape. An adapter that is
/// called back then calls it in every epoch in which it has seen a gradient.

namespace viann {

namespace detail {

/// Stands for any archive.
struct AnyArchive {
  using is_loading = std::false_type;
  template <typename T>
  AnyArchive& operator&(const T& value);
};

/// Whether call(hook) compiles and gives a Result.
template <typename Result, typename Hook, typename Call>
constexpr bool gives(const Call&) {
  if constexpr (std::is_invocable_v<Call, std::add_lvalue_reference_t<Hook>>) {
    return std::is_same_v<Result, std::invoke_result_t<Call, Hook&>>;
  } else {
    return false;
  }
}

using View = const WeightView&;

template <typename Hook>
constexpr bool takes_views() {
  return gives<void, Hook>(
             [](auto& hook) -> decltype(hook.on_train_begin(std::declval<View>())) {}) &&
         gives<void, Hook>([](auto& hook) -> decltype(hook.on_epoch_end(std::declval<View>())) {});
}

template <typename Hook>
constexpr bool takes_gradient_views() {
  return gives<void, Hook>(
      [](auto& hook) -> decltype(hook.on_epoch_end(std::declval<View>(), std::declval<View>())) {});
}

template <typename Hook>
constexpr bool has_train_end() {
  return gives<void, const Hook>([](auto& hook) -> decltype(hook.on_train_end()) {});
}

template <typename Hook>
constexpr bool has_counts() {
  using Eigen::Index;
  return gives<Index, const Hook>([](auto& hook) -> decltype(hook.features()) { return 0; }) &&
         gives<Index, const Hook>([](auto& hook) -> decltype(hook.units()) { return 0; }) &&
         gives<std::int64_t, const Hook>([](auto& hook) -> decltype(hook.epochs()) { return 0; });
}

template <typename Hook>
constexpr bool has_scores() {
  using Eigen::VectorXd;
  return gives<VectorXd, const Hook>([](auto& h) -> decltype(h.raw_scores()) { return {}; }) &&
         gives<VectorXd, const Hook>([](auto& h) -> decltype(h.scores()) { return {}; });
}

template <typename Hook>
constexpr bool has_serialize() {
  return gives<void, Hook>(
      [](auto& hook) -> decltype(hook.serialize(std::declval<AnyArchive&>(), 0U)) {});
}

template <typename Hook, typename = void>
inline constexpr bool takes_gradients = false;
template <typename Hook>
inline constexpr bool takes_gradients<Hook, std::enable_if_t<Hook::takes_gradients>> = true;

}  // namespace detail

/// Compiles only if Hook has the interface of a hook; otherwise the compiler's message says what is
/// missing. Use it in the tests of a hook, and in code that takes any hook:
///
///     static_assert(viann::require_importance_hook<MyHook>());
template <typename Hook>
constexpr bool require_importance_hook() {
  static_assert(detail::takes_views<Hook>(),
                "viann: a hook needs void on_train_begin(view) and void on_epoch_end(view), with "
                "const viann::WeightView& view.");
  static_assert(detail::has_train_end<Hook>(), "viann: a hook needs void on_train_end() const.");
  static_assert(detail::has_counts<Hook>(),
                "viann: a hook needs Eigen::Index features() const, Eigen::Index units() const and "
                "std::int64_t epochs() const.");
  static_assert(detail::has_scores<Hook>(),
                "viann: a hook needs Eigen::VectorXd raw_scores() const and Eigen::VectorXd "
                "scores() const.");
  static_assert(!detail::takes_gradients<Hook> || detail::takes_gradient_views<Hook>(),
                "viann: a hook with takes_gradients needs void on_epoch_end(view, gradient).");
  static_assert(detail::has_serialize<Hook>(),
                "viann: a hook needs template <class Archive> void serialize(Archive& archive, "
                "unsigned version).");
  return true;
}

#if defined(__cpp_concepts) && __cpp_concepts >= 201907L
/// What require_importance_hook() says, as a concept: for C++20 and later. For a type that is no
/// hook it is false, and overloads can be chosen by it; that function stops the compiler.
///
///     void observe(viann::ImportanceHook auto& hook);
template <typename Hook>
concept ImportanceHook =
    detail::takes_views<Hook>() && detail::has_train_end<Hook>() && detail::has_counts<Hook>() &&
    detail::has_scores<Hook>() && detail::has_serialize<Hook>() &&
    (!detail::takes_gradients<Hook> || detail::takes_gradient_views<Hook>());
#endif

}  // namespace viann
