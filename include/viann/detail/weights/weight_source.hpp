// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <type_traits>

#include "viann/detail/kernels/lane_sum.hpp"
#include "viann/detail/layer/walk.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/expressions.hpp"

namespace viann::detail {

class ForeignElements;
template <typename Expression>
struct IsForeign : std::false_type {};
template <typename Plain>
struct IsForeign<Eigen::CwiseNullaryOp<ForeignElements, Plain>> : std::true_type {};

/// Whether both strides of a matrix in memory are known at run time alone, as those of a Map may
/// be.
template <typename Matrix>
inline constexpr bool has_run_time_strides =
    Matrix::InnerStrideAtCompileTime == Eigen::Dynamic&& Matrix::OuterStrideAtCompileTime ==
    Eigen::Dynamic;

/// The weights of a layer, from any Eigen expression, as every hook reads them: in chunks of
/// contiguous numbers of the state's type. A chunk that is already so in memory is read in place.
/// Any other is copied into a small buffer; only that copy is compiled for each kind of weights.
///
/// A source refers to the expression, and must not outlive the call that takes the weights.
/// \tparam Scalar  type of the hook's state
template <typename Scalar>
class WeightSource {
 public:
  /// \param weights  features x units; its coefficients are read more than once
  template <typename Expression>
  explicit WeightSource(const Expression& weights)
      : features_(weights.rows()),
        units_(weights.cols()),
        memory_axis_(Expression::IsRowMajor ? Axis::Units : Axis::Features) {
    if constexpr (IsInMemory<Expression>::value) {
      read_memory(weights.data(), weights.rowStride(), weights.colStride());
      if constexpr (has_run_time_strides<Expression>) find_memory_axis();
    } else if constexpr (IsForeign<Expression>::value) {
      const auto& elements = weights.functor();
      elements.visit([&](const auto* data) {
        read_memory(data, elements.row_stride(), elements.col_stride());
      });
      find_memory_axis();
    } else {
      weights_ = &weights;
      copy_ = copy_expression<Expression, Scalar>;
      copy_widest_ = copy_expression<Expression, long double>;
    }
  }

  /// Weights that are all equal.
  WeightSource(const Scalar& weight, Index features, Index units)
      : weights_(&weight),
        features_(features),
        units_(units),
        are_scalars_(true),
        copy_(copy_memory<Scalar, Scalar>),
        copy_widest_(copy_memory<Scalar, long double>) {}

  Index features() const { return features_; }
  Index units() const { return units_; }

  /// The axis along which weights are neighbours in memory.
  Axis memory_axis() const { return memory_axis_; }

  /// `length` neighbours along an axis: in place, or copied into the buffer.
  /// \param along   the first one's index on that axis
  /// \param across  their index on the other axis
  /// \param buffer  has room for `length` numbers
  const Scalar* chunk(Axis axis, Index along, Index across, Index length, Scalar* buffer) const {
    const bool by_feature = axis == Axis::Features;
    const Index feature = by_feature ? along : across;
    const Index unit = by_feature ? across : along;
    if (are_scalars_ && stride(axis) == 1) {
      return static_cast<const Scalar*>(weights_) + offset(feature, unit);
    }
    copy_(*this, feature, unit, axis, length, buffer);
    return buffer;
  }

  /// Copies the `length` neighbours along an axis that chunk() returns.
  void read(Axis axis, Index along, Index across, Index length, Scalar* to) const {
    const Scalar* const from = chunk(axis, along, across, length, to);
    if (from != to) std::copy(from, from + length, to);
  }

  /// Whether all weights are finite in Scalar.
  bool all_finite() const {
    const bool by_feature = memory_axis_ == Axis::Features;
    const Index length = by_feature ? features_ : units_;
    const Index size = features_ * units_;
    const bool is_gapless =
        stride(memory_axis_) == 1 && stride(by_feature ? Axis::Units : Axis::Features) == length;
    const Index rows = is_gapless ? size : length;  // short rows would cost more than their reading
    std::atomic<bool> finite{true};
    walk(Axis::Features, rows, size / rows, [&](const Chunk& c) {
      if (!is_finite(memory_axis_, c.row, c.col, c.length)) finite = false;
    });
    return finite;
  }

  /// A weight that is not finite in Scalar.
  struct NonFinite {
    Index feature = -1;
    Index unit = -1;
    std::string value;  // as it was given, for a message
  };

  /// The first of them, feature by feature. Call it only if there is one.
  NonFinite first_non_finite() const {
    for (Index feature = 0; feature < features_; ++feature) {
      for (Index unit = 0; unit < units_; ++unit) {
        long double value = 0;
        copy_widest_(*this, feature, unit, Axis::Units, 1, &value);
        if (std::isfinite(static_cast<Scalar>(value))) continue;
        const bool is_too_large = std::isfinite(value);
        return {feature, unit,
                concat(value, is_too_large ? ", beyond the range of the state's type" : "")};
      }
    }
    return {};
  }

 private:
  template <typename To>
  using Copy = void (*)(const WeightSource&, Index feature, Index unit, Axis, Index length, To*);

  template <typename Number>
  void read_memory(const Number* data, Index feature_stride, Index unit_stride) {
    weights_ = data;
    feature_stride_ = feature_stride;
    unit_stride_ = unit_stride;
    are_scalars_ = std::is_same_v<Number, Scalar>;
    copy_ = copy_memory<Number, Scalar>;
    if constexpr (std::is_floating_point_v<Number> && sizeof(Number) <= sizeof(Scalar)) {
      are_finite_ = are_finite_in_memory<Number>;
    }
    copy_widest_ = copy_memory<Number, long double>;
  }

  // Strides that are known at run time alone need not agree with Eigen's memory order. Along an
  // axis of one element they mean nothing.
  void find_memory_axis() {
    constexpr Index none = (std::numeric_limits<Index>::max)();
    const Index feature_distance = features_ == 1 ? none : std::abs(feature_stride_);
    const Index unit_distance = units_ == 1 ? none : std::abs(unit_stride_);
    if (feature_distance == unit_distance) return;
    memory_axis_ = feature_distance < unit_distance ? Axis::Features : Axis::Units;
  }

  Index stride(Axis axis) const { return axis == Axis::Features ? feature_stride_ : unit_stride_; }
  Index offset(Index feature, Index unit) const {
    return feature * feature_stride_ + unit * unit_stride_;
  }

  bool is_finite(Axis axis, Index along, Index across, Index length) const {
    if (are_finite_ != nullptr && stride(axis) == 1) {
      const bool by_feature = axis == Axis::Features;
      return are_finite_(*this, by_feature ? along : across, by_feature ? across : along, length);
    }
    ChunkBuffer<Scalar> buffer;
    return detail::all_finite(chunk(axis, along, across, length, buffer.data()), length);
  }

  // Numbers of a type that is no wider are tested without conversion, which would take longer.
  template <typename Number>
  static bool are_finite_in_memory(const WeightSource& source, Index feature, Index unit,
                                   Index length) {
    return detail::all_finite(
        static_cast<const Number*>(source.weights_) + source.offset(feature, unit), length);
  }

  template <typename Number, typename To>
  static void copy_memory(const WeightSource& source, Index feature, Index unit, Axis axis,
                          Index length, To* to) {
    const auto* const from =
        static_cast<const Number*>(source.weights_) + source.offset(feature, unit);
    const Index stride = source.stride(axis);
    if (stride == 1) {  // a loop that is vectorised
      for (Index i = 0; i < length; ++i) to[i] = static_cast<To>(from[i]);
    } else {
      for (Index i = 0; i < length; ++i) to[i] = static_cast<To>(from[i * stride]);
    }
  }

  template <typename Expression, typename To>
  static void copy_expression(const WeightSource& source, Index feature, Index unit, Axis axis,
                              Index length, To* to) {
    const auto& from = *static_cast<const Expression*>(source.weights_);
    Index& along = axis == Axis::Features ? feature : unit;
    for (Index i = 0; i < length; ++i, ++along) to[i] = static_cast<To>(from.coeff(feature, unit));
  }

  const void* weights_;  // the first weight in memory, or the expression
  Index features_;
  Index units_;
  Axis memory_axis_ = Axis::Units;
  Index feature_stride_ = 0;  // in memory
  Index unit_stride_ = 0;
  bool are_scalars_ = false;  // in memory
  bool (*are_finite_)(const WeightSource&, Index feature, Index unit, Index length) = nullptr;
  Copy<Scalar> copy_;
  Copy<long double> copy_widest_;
};

}  // namespace viann::detail
