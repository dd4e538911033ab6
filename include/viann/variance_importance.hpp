// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/checks.hpp"
#include "viann/detail/layer.hpp"
#include "viann/importance_scores.hpp"
#include "viann/weight_view.hpp"
#include "viann/welford_accumulator.hpp"

namespace viann {

/// What a feature's raw score sums over the units: v is the running variance of a weight w.
enum class ScoreCombination {
  VarianceTimesMagnitude,  ///< v * |w|, the paper's
  Variance,                ///< v alone, for embeddings: a token's vector has no natural zero
};

struct VarianceImportanceOptions {
  ScoreCombination combination = ScoreCombination::VarianceTimesMagnitude;

  /// Whether the weights given to on_train_begin() are the first observation. The paper's
  /// implementation does not count them.
  bool observe_initial_weights = false;

  friend bool operator==(const VarianceImportanceOptions& a, const VarianceImportanceOptions& b) {
    return a.combination == b.combination && a.observe_initial_weights == b.observe_initial_weights;
  }
};

/// Which inputs a network relies on, from the variance of its first layer's weights over training.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/variance_importance.hpp>
///
/// int main() {
///   Eigen::MatrixXd weights = Eigen::MatrixXd::Random(4, 8);  // 4 features, 8 units
///   viann::VarianceImportance<> importance;
///   for (int epoch = 0; epoch < 10; ++epoch) {
///     weights.row(2) *= 1.1;  // stands for training, which here moves feature 2 alone
///     importance.on_epoch_end(viann::features_by_units(weights));
///   }
///   std::cout << importance.scores() << "\n";  // 0 0 1 0
/// }
/// ```
///
/// VIANN (C. R. de Sa, Variance-Based Feature Importance in Neural Networks, Discovery Science
/// 2019, LNCS 11828, pp. 306-315, doi:10.1007/978-3-030-33778-0_24): with v_ij the sample variance
/// over the epochs of the weight from feature i to unit j, and w_ij its last value,
///
///     raw_i   = sum_j v_ij |w_ij|
///     score_i = (raw_i - min raw) / (max raw - min raw)
///
/// Scores compare inputs on one scale only: standardise the inputs. They tell what the weights
/// did, not why: correlated inputs share or swap their scores, and weights that keep moving without
/// need (weight decay, training on into the noise) raise theirs.
///
/// Memory: two Scalars per weight and one double per feature (long double if Scalar is), in the
/// memory order of the first weights seen. No copy of the weights and no pointer to them is kept.
/// An observation reads the weights twice (finite check, update), reads and writes the state once,
/// and allocates nothing after the first; weights in the other memory order take longer.
///
/// Messages count epochs from 1, features and units from 0. Reading in one thread while another
/// observes is the caller's to order, as with any standard container.
///
/// \tparam Scalar  type of the state: double, float or long double; the weights' type is free.
template <typename Scalar = double>
class VarianceImportance {
 public:
  using Array = typename WelfordAccumulator<Scalar>::Array;
  using Index = Eigen::Index;

  explicit VarianceImportance(VarianceImportanceOptions options = {}) : options_(options) {}

  /// Starts afresh with the weights before training. Optional: it fixes and checks the shape before
  /// an epoch is spent. These weights are no observation unless the options say so.
  /// \throws std::invalid_argument if there are none, or one is not finite; nothing is changed.
  template <typename Stored>
  void on_train_begin(const WeightView<Stored>& weights) {
    VarianceImportance fresh(options_);
    fresh.layer_.template check<Scalar>(weights, "VarianceImportance", 0);
    fresh.fix_shape(weights);
    if (options_.observe_initial_weights) {
      fresh.observe(weights);
      fresh.initial_observations_ = 1;
    }
    *this = std::move(fresh);
  }

  /// The hook: observes the weights at the end of an epoch, or of any other fixed stretch of
  /// training. The first call fixes the shape unless on_train_begin() did.
  /// \throws std::invalid_argument if the shape differs from the first, or there are no weights,
  ///         or one is not finite in Scalar; nothing is changed.
  template <typename Stored>
  void on_epoch_end(const WeightView<Stored>& weights) {
    layer_.template check<Scalar>(weights, "VarianceImportance", epochs() + 1);
    if (!layer_.known()) fix_shape(weights);
    observe(weights);
  }

  /// Weights that do not say which axis is the feature do not compile.
  template <typename Other>
  void on_train_begin(const Other&) {
    detail::refuse_weights_without_axis<Other>();
  }
  template <typename Other>
  void on_epoch_end(const Other&) {
    detail::refuse_weights_without_axis<Other>();
  }

  /// Optional: checks that there is something to score. Observing may go on afterwards.
  /// \throws std::logic_error if there were fewer than two observations.
  void on_train_end() const { require_two_observations("on_train_end()"); }

  /// Shape of the layer; 0 until it is fixed.
  Index features() const { return layer_.features(); }
  Index units() const { return layer_.units(); }

  /// Number of epochs observed; the initial weights are none, even where they are an observation.
  std::int64_t epochs() const { return accumulator_.count() - initial_observations_; }

  /// raw_i of every feature, in units of a weight cubed (squared for the variance alone). May be
  /// read after every epoch, at the cost of a division per feature.
  /// \throws std::logic_error if there were fewer than two observations.
  /// \throws std::overflow_error if a sum exceeds the range of the state.
  Eigen::VectorXd raw_scores() const {
    require_two_observations("a score");
    const auto degrees_of_freedom = static_cast<Sum>(accumulator_.count() - 1);
    Eigen::VectorXd raw = (sums_ / degrees_of_freedom).template cast<double>();
    if (!detail::all_finite<double>(raw)) {
      throw std::overflow_error(detail::sentence(
          "viann::VarianceImportance: after epoch ", epochs(), " the score of feature ",
          detail::first_non_finite<double>(raw).first,
          " exceeds the range of the state; the weights have diverged: lower the learning rate."));
    }
    return raw;
  }

  /// score_i of every feature: raw_scores() after min_max_normalize(); throws what these throw.
  Eigen::VectorXd scores() const { return min_max_normalize(raw_scores()); }

  /// Mean and sample variance of every weight, features x units; 0 x 0 before the first
  /// observation, and the variance is NaN before the second.
  Array weight_mean() const { return by_feature(accumulator_.mean()); }
  Array weight_variance() const { return by_feature(accumulator_.variance()); }

  /// Whether both have the same options and, bit for bit, the same state in the same memory order.
  friend bool operator==(const VarianceImportance& a, const VarianceImportance& b) {
    return a.options_ == b.options_ && a.layer_ == b.layer_ &&
           a.initial_observations_ == b.initial_observations_ && a.accumulator_ == b.accumulator_ &&
           (a.sums_ == b.sums_).all();
  }
  friend bool operator!=(const VarianceImportance& a, const VarianceImportance& b) {
    return !(a == b);
  }

  /// Saves or loads options and state, with the archives of Boost.Serialization or cereal.
  /// \throws std::runtime_error if what is loaded does not fit together; nothing is changed.
  template <class Archive>
  void serialize(Archive& archive, const unsigned version) {
    if constexpr (Archive::is_loading::value) {
      VarianceImportance loaded;
      loaded.archive_state(archive, version);
      if (!loaded.is_consistent()) {
        throw std::runtime_error(
            "viann::VarianceImportance: the archive is damaged, or was not written by a "
            "VarianceImportance.");
      }
      *this = std::move(loaded);
    } else {
      archive_state(archive, version);
    }
  }

 private:
  // A sum over many units keeps double's digits also where the state is float.
  using Sum = std::conditional_t<std::is_same_v<Scalar, float>, double, Scalar>;

  template <typename Stored>
  void fix_shape(const WeightView<Stored>& weights) {
    layer_.learn(weights);
    sums_.setZero(features());
  }

  template <typename Stored>
  void observe(const WeightView<Stored>& weights) {
    if (options_.combination == ScoreCombination::VarianceTimesMagnitude) {
      sweep(weights.features_by_units(), [](const auto& w, const auto& m2) {
        return m2.template cast<Sum>() * w.abs().template cast<Sum>();
      });
    } else {
      sweep(weights.features_by_units(),
            [](const auto& /*w*/, const auto& m2) { return m2.template cast<Sum>(); });
    }
  }

  // Updates the state and, while it is in the cache, sums over it. In either memory order a
  // feature stays in one thread, so that the number of threads does not change its sum.
  template <typename Values, typename Terms>
  void sweep(const Values& values, const Terms& terms) {
    using detail::KeepTogether;
    sums_.setZero();
    if (layer_.features_are_rows()) {
      accumulator_.template update<KeepTogether::Rows>(
          values, [&](Index feature, Index /*unit*/, const auto& w, const auto& m2) {
            sums_.segment(feature, w.size()) += terms(w, m2);
          });
    } else {
      accumulator_.template update<KeepTogether::Columns>(
          values.transpose(), [&](Index /*unit*/, Index feature, const auto& w, const auto& m2) {
            sums_[feature] += terms(w, m2).sum();
          });
    }
  }

  void require_two_observations(const char* what) const {
    if (accumulator_.count() >= 2) return;
    throw std::logic_error(detail::sentence("viann::VarianceImportance: ", what,
                                            " takes at least two observations, but there ",
                                            accumulator_.count() == 1 ? "was 1" : "were 0",
                                            "; call on_epoch_end() after every epoch."));
  }

  Array by_feature(const Array& state) const {
    if (layer_.features_are_rows()) return state;
    return state.transpose();
  }

  bool is_consistent() const {
    const Array state = by_feature(accumulator_.mean());
    return options_.combination <= ScoreCombination::Variance && epochs() >= 0 &&
           (accumulator_.empty() || (state.rows() == features() && state.cols() == units()));
  }

  template <class Archive>
  void archive_state(Archive& archive, const unsigned version) {
    auto combination = static_cast<std::int32_t>(options_.combination);
    archive& combination& options_.observe_initial_weights& initial_observations_;
    layer_.serialize(archive, version);
    accumulator_.serialize(archive, version);
    if constexpr (Archive::is_loading::value) {
      options_.combination = static_cast<ScoreCombination>(combination);
      sums_.resize(features());
    }
    for (Index feature = 0; feature < sums_.size(); ++feature) archive& sums_[feature];
  }

  VarianceImportanceOptions options_;
  detail::Layer layer_;
  std::int64_t initial_observations_ = 0;
  WelfordAccumulator<Scalar> accumulator_;     // in the memory order of the first weights
  Eigen::Array<Sum, Eigen::Dynamic, 1> sums_;  // by feature: sum over units of M2 |w| or of M2
};

}  // namespace viann
