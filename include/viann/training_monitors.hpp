// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/fwd.hpp"

/// \file
/// Rules that tell a training loop when to stop.

namespace viann {

/// Stops when a metric passes a threshold, but not before a minimum of epochs.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/training_monitors.hpp>
///
/// int main() {
///   auto low = viann::MetricThreshold::below(0.1, 3);  // at least 3 epochs
///   double loss = 1;
///   do {
///     loss *= 0.5;  // your training
///   } while (!low.on_epoch_end(loss));
///   std::cout << low.epochs() << "\n";  // 4
/// }
/// ```
///
/// The name says which direction is better, because an accuracy rises and a loss falls.
class MetricThreshold {
 public:
  /// Stops when the metric is greater than `threshold`.
  /// \param min_epochs  the least number of epochs to train.
  /// \throws std::invalid_argument if `threshold` is NaN or `min_epochs` is negative.
  static MetricThreshold above(double threshold, std::int64_t min_epochs = 0) {
    return {true, threshold, min_epochs};
  }

  /// Stops when the metric is less than `threshold`. Otherwise the same as above().
  static MetricThreshold below(double threshold, std::int64_t min_epochs = 0) {
    return {false, threshold, min_epochs};
  }

  /// Takes in the metric of the epoch that has ended.
  /// \returns whether to stop now.
  /// \throws std::invalid_argument if `metric` is NaN, as it is when training has diverged; that
  ///         epoch then does not count.
  [[nodiscard]] bool on_epoch_end(double metric) {
    if (std::isnan(metric)) {
      throw std::invalid_argument(
          detail::concat("viann::MetricThreshold: epoch ", epochs_ + 1,
                         ": the metric is nan, which is neither above nor below ", threshold_,
                         "; has the training diverged?"));
    }
    ++epochs_;
    const bool passed = stops_above_ ? metric > threshold_ : metric < threshold_;
    return passed && epochs_ >= min_epochs_;
  }

  /// Number of metrics taken in.
  std::int64_t epochs() const { return epochs_; }

  /// Forgets the epochs, for the next training.
  void reset() { epochs_ = 0; }

  /// Saves or loads the number of epochs, as a hook does, with archives of Boost.Serialization or
  /// cereal. The rule is the program's own: it is not saved, and loading keeps it.
  /// \throws std::runtime_error if the loaded data is no MetricThreshold, or is damaged; nothing is
  ///         changed.
  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    detail::archive_object<double>(archive, epochs_, "MetricThreshold",
                                   [](std::int64_t& epochs, auto& state) {
                                     state& epochs;
                                     return detail::is_count(epochs);
                                   });
  }

 private:
  MetricThreshold(bool stops_above, double threshold, std::int64_t min_epochs)
      : stops_above_(stops_above), threshold_(threshold), min_epochs_(min_epochs) {
    if (std::isnan(threshold)) {
      throw std::invalid_argument("viann::MetricThreshold: the threshold is nan; pass a number.");
    }
    if (min_epochs < 0) {
      throw std::invalid_argument(detail::concat("viann::MetricThreshold: a minimum of ",
                                                 min_epochs,
                                                 " epochs makes no sense; pass 0 or more."));
    }
  }

  bool stops_above_;
  double threshold_;
  std::int64_t min_epochs_;
  std::int64_t epochs_ = 0;
};

}  // namespace viann
