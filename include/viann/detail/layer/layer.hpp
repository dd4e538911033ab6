// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "viann/detail/layer/walk.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// What every hook knows about the layer it observes: its shape and its memory order, both taken
/// from the first weights seen, and the checks that all later weights must pass.
class Layer {
 public:
  Index features() const { return static_cast<Index>(features_); }
  Index units() const { return static_cast<Index>(units_); }
  bool known() const { return features_ > 0; }

  /// The axis along which a hook's state is contiguous: one of its column-major arrays has a column
  /// for every unit (Axis::Features), or for every feature (Axis::Units).
  Axis contiguous_axis() const { return features_are_rows_ ? Axis::Features : Axis::Units; }

  /// Shape of such an array.
  Index state_rows() const { return features_are_rows_ ? features() : units(); }
  Index state_cols() const { return features_are_rows_ ? units() : features(); }

  /// Such an array as features x units.
  template <typename Array>
  Array by_feature(const Array& state) const {
    if (features_are_rows_) return state;
    return state.transpose();
  }

  /// Takes the shape of weights and their memory order.
  template <typename Scalar>
  void learn(const WeightSource<Scalar>& weights, Axis contiguous_axis) {
    features_ = weights.features();
    units_ = weights.units();
    features_are_rows_ = contiguous_axis == Axis::Features;
  }

  /// Calls body(chunk, x) for every chunk of such an array: x are the weights that belong to it.
  template <typename Scalar, typename Body>
  void walk(const WeightSource<Scalar>& weights, const Body& body) const {
    detail::walk(contiguous_axis(), state_rows(), state_cols(), [&](const Chunk& c) {
      ChunkBuffer<Scalar> buffer;
      body(c, weights.chunk(contiguous_axis(), c.row, c.col, c.length, buffer.data()));
    });
  }

  /// Refuses weights that a hook cannot take in.
  /// \param hook   name of the hook's class, for the message
  /// \param epoch  counted from 1; 0 for the weights before training
  /// \param what   they are: "weight", or "gradient"
  /// \throws std::invalid_argument
  template <typename Scalar>
  void require_valid(const WeightSource<Scalar>& weights, const char* hook, std::int64_t epoch,
                     const char* what = "weight") const {
    check_shape(weights.features(), weights.units(), hook, epoch, what);
    if (weights.all_finite()) return;
    const auto weight = weights.first_non_finite();
    refuse(hook, epoch,
           concat("the ", what, " of (feature ", weight.feature, ", unit ", weight.unit, ") is ",
                  weight.value,
                  "; training has diverged: lower its learning rate or clip its gradients."));
  }

  friend bool operator==(const Layer& a, const Layer& b) {
    return a.features() == b.features() && a.units() == b.units() &&
           a.features_are_rows_ == b.features_are_rows_;
  }

  template <class Archive>
  void transfer(Archive& archive) {
    archive& features_& units_& features_are_rows_;
    archive.ensure(is_shape(features_, units_) || (features_ == 0 && units_ == 0));
  }

 private:
  void check_shape(Index features, Index units, const char* hook, std::int64_t epoch,
                   const char* what) const {
    const bool is_empty = features == 0 || units == 0;
    if (!is_empty && known() && features == features_ && units == units_) return;
    if (!is_empty && !known() && is_shape(features, units)) return;
    const bool are_swapped = known() && features == units_ && units == features_;
    const char* const advice =
        is_empty   ? "; build the layer before it is observed."
        : !known() ? ", more than memory can hold; check the numbers of rows and columns."
        : are_swapped
            ? "; the axes are swapped against those of the first call: check for every call which "
              "of features_by_units and units_by_features fits, or call reset() before another "
              "layer."
            : "; observe the same layer in every call, or call reset() before another.";
    std::string first_seen;
    if (known()) first_seen = concat(", but the first seen were ", features_, " x ", units_);
    refuse(
        hook, epoch,
        concat(is_empty ? "there are no " : "the ", what, "s ", is_empty ? "(" : "are ", features,
               " features x ", units, is_empty ? " units)" : " units", first_seen, advice));
  }

  [[noreturn]] static void refuse(const char* hook, std::int64_t epoch, const std::string& reason) {
    const std::string when = epoch > 0 ? concat("epoch ", epoch) : "before training";
    throw std::invalid_argument(concat("viann::", hook, ": ", when, ": ", reason));
  }

  std::int64_t features_ = 0;
  std::int64_t units_ = 0;
  bool features_are_rows_ = true;
};

/// Where all of a layer's features are in this process. (Where they are split, see
/// adapters/mpi.hpp.)
struct WholeLayer {
  static Index first_feature() { return 0; }
  static Index all_features(Index here) { return here; }
  /// Adds up numbers of all parts of the layer.
  template <typename Sum>
  void add_up(Sum* /*numbers*/, std::size_t /*count*/) const {}
};

}  // namespace viann::detail
