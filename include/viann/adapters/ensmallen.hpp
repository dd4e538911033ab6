// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <ensmallen.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/importance_hook.hpp"
#include "viann/weight_view.hpp"

namespace viann {

namespace detail {

struct AnyFunction {};

/// Optimizers that report no epoch to callbacks before the end of the first.
template <typename Optimizer>
struct BeginsNoFirstEpoch : std::is_same<Optimizer, ens::Eve> {};
template <typename UpdatePolicy>
struct BeginsNoFirstEpoch<ens::BigBatchSGD<UpdatePolicy>> : std::true_type {};

}  // namespace detail

/// Calls a hook from ensmallen's callbacks, with the weights before training and after every epoch
/// of `Optimize()`.
///
/// ```cpp
/// viann::EnsmallenCallback observer(importance, [](const arma::mat& coordinates) {
///   return viann::units_by_features(coordinates.memptr(), units, features);
/// });
/// optimizer.Optimize(function, coordinates, observer, ens::EarlyStopAtMinLoss());
/// ```
///
/// For mlpack's networks, mlpack_callback() makes such a callback.
///
/// The optimizer defines what an epoch is. SGD, Adam and all others built on SGD have epochs, and
/// so have Eve, SPALeRASGD and BigBatchSGD. An Optimize() that ends before its first epoch ends
/// counts as one. The other optimizers (L-BFGS, gradient descent, CMA-ES) only take steps: pass the
/// number of steps in an epoch, as in `EnsmallenCallback(importance, weights, 10)`. ParallelSGD
/// takes its steps in several threads at once and must not be observed.
///
/// `Optimize()` may be called repeatedly: the hook continues its run. The callback calls
/// on_train_begin() only if the hook has not seen a layer yet; a loaded hook continues, too.
///
/// A hook that takes gradients gets the epoch's latest, as weights(gradient). L-BFGS and SVRG also
/// evaluate some away from the weights; it may be one of these. The hook gets the weights alone if
/// there is none (CMA-ES), it is sparse, or the callable returns the same weights for any argument.
///
/// Put it before callbacks that stop the training: once one stops, ensmallen skips those after it.
/// Behind them it still sees the last epoch, unless training also ends for another reason.
///
/// Holds a reference to the hook. An exception from the hook passes through `Optimize()`, which
/// leaves the coordinates as they are.
///
/// \tparam Hook     VarianceImportance, or any other hook
/// \tparam Weights  callable as weights(coordinates); returns a view of the layer's weights in that
///                  matrix. A local matrix must move into the view: features_by_units(std::move(W))
template <typename Hook, typename Weights>
class EnsmallenCallback {
 public:
  /// \param steps  observe each time after this many steps, not after every epoch; 0: every epoch
  EnsmallenCallback(Hook& hook, Weights weights, std::size_t steps = 0)
      : hook_(hook), weights_(std::move(weights)), steps_(steps) {
    // ensmallen looks for methods with exact signatures and silently ignores all others.
    using namespace ens::callbacks::traits;
    using detail::AnyFunction;
    using Self = EnsmallenCallback;
    using SGD = ens::StandardSGD;
    static_assert(HasBeginOptimizationSignature<Self, SGD, AnyFunction, arma::mat>::value &&
                      HasBeginEpochSignature<Self, SGD, AnyFunction, arma::mat>::hasVoid &&
                      HasEndEpochSignature<Self, SGD, AnyFunction, arma::mat>::hasVoid &&
                      HasStepTakenSignature<Self, SGD, AnyFunction, arma::mat>::hasVoid &&
                      HasGradientSignature<Self, SGD, AnyFunction, arma::mat, arma::mat>::hasVoid &&
                      HasEndOptimizationSignature<Self, SGD, AnyFunction, arma::mat>::value,
                  "viann: this version of ensmallen would not call EnsmallenCallback; call "
                  "on_epoch_end() after each of several short calls of Optimize() instead.");
  }

  /// ensmallen calls this at the start of Optimize(), and the members below where their names say.
  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginOptimization(Optimizer& /*optimizer*/, Function& /*function*/,
                         Coordinates& coordinates) {
    ended_epochs_ = 0;
    has_taken_steps_ = false;
    has_epochs_ = false;
    if (hook_.features() == 0) hook_.on_train_begin(weights_(std::as_const(coordinates)));
  }

  /// Keeps the layer's part of the gradient for the observation that comes next.
  template <typename Optimizer, typename Function, typename Coordinates, typename Gradients>
  void Gradient(Optimizer& /*optimizer*/, Function& /*function*/, const Coordinates& coordinates,
                const Gradients& gradient) {
    if constexpr (detail::takes_gradients<Hook> && std::is_same_v<Gradients, Coordinates>) {
      gradient_ = weights_(gradient).values();
      // A callable that ignores its argument returns the weights again.
      has_gradient_ = gradient_ != weights_(coordinates).values();
    }
  }

  /// Observes the epoch before, unless EndEpoch() has.
  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginEpoch(Optimizer& /*optimizer*/, Function& /*function*/, const Coordinates& coordinates,
                  std::size_t epoch, double /*objective*/) {
    // If a callback stops the training at the end of an epoch, those behind it get no EndEpoch().
    end_epoch(coordinates, epoch - 1);
  }

  /// Observes the epoch.
  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer& /*optimizer*/, Function& /*function*/, const Coordinates& coordinates,
                std::size_t epoch, double /*objective*/) {
    end_epoch(coordinates, epoch);
  }

  /// Observes if the number of steps was given and has been reached.
  /// \throws std::logic_error at the first step of an optimizer that has no epochs, if the number
  ///         of steps was not given.
  template <typename Optimizer, typename Function, typename Coordinates>
  void StepTaken(Optimizer& /*optimizer*/, Function& /*function*/, const Coordinates& coordinates) {
    if (steps_ == 0 && !has_epochs_ && !detail::BeginsNoFirstEpoch<Optimizer>::value) {
      throw std::logic_error(
          "viann::EnsmallenCallback: this optimizer takes steps but has no epochs; say after how "
          "many steps to observe: EnsmallenCallback(hook, weights, steps), or "
          "MlpackCallbackOptions::steps.");
    }
    has_taken_steps_ = true;
    if (steps_ == 0 || ++steps_since_observation_ < steps_) return;
    steps_since_observation_ = 0;
    observe(coordinates);
  }

  /// Observes if training has ended before its first epoch.
  template <typename Optimizer, typename Function, typename Coordinates>
  void EndOptimization(Optimizer& /*optimizer*/, Function& /*function*/, Coordinates& coordinates) {
    const bool has_ended_before_an_epoch = has_taken_steps_ && ended_epochs_ == 0;
    if (steps_ == 0 && has_ended_before_an_epoch) observe(std::as_const(coordinates));
  }

 private:
  template <typename Coordinates>
  void end_epoch(const Coordinates& coordinates, std::size_t epoch) {
    has_epochs_ = true;
    if (steps_ > 0 || epoch <= ended_epochs_) return;
    ended_epochs_ = epoch;
    observe(coordinates);
  }

  template <typename Coordinates>
  void observe(const Coordinates& coordinates) {
    if constexpr (detail::takes_gradients<Hook>) {
      if (std::exchange(has_gradient_, false)) {
        hook_.on_epoch_end(weights_(coordinates), features_by_units(gradient_));
        return;
      }
    }
    hook_.on_epoch_end(weights_(coordinates));
  }

  Hook& hook_;
  Weights weights_;
  std::size_t steps_;
  std::size_t steps_since_observation_ = 0;
  Eigen::MatrixXd gradient_;
  bool has_gradient_ = false;  // of no observation yet
  // State of the current Optimize():
  std::size_t ended_epochs_ = 0;
  bool has_taken_steps_ = false;
  bool has_epochs_ = false;
};

}  // namespace viann
