// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "viann/detail/layer/walk.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/matrix_memory.hpp"

namespace viann::detail {

/// The weights of a layer as every hook reads them: in chunks of contiguous numbers of the state's
/// type. A chunk that is already so in memory is read in place. Any other is copied into a small
/// buffer.
/// \tparam Scalar  type of the hook's state
template <typename Scalar>
class WeightSource {
 public:
  /// \param weights  features x units
  explicit WeightSource(MatrixMemory weights)
      : memory_(std::move(weights)), copy_(memory_.type->template to<Scalar>()) {}

  Index features() const { return memory_.rows; }
  Index units() const { return memory_.cols; }

  /// The axis along which weights are neighbours in memory.
  Axis memory_axis() const { return memory_.is_row_major ? Axis::Units : Axis::Features; }

  /// `length` neighbours along an axis: in place, or copied into the buffer.
  /// \param along   the first one's index on that axis
  /// \param across  their index on the other axis
  /// \param buffer  has room for `length` numbers
  const Scalar* chunk(Axis axis, Index along, Index across, Index length, Scalar* buffer) const {
    if (memory_.type == &number_type<Scalar> && stride(axis) == 1) {
      return static_cast<const Scalar*>(memory_.data) + offset(axis, along, across);
    }
    copy_(memory_.data, offset(axis, along, across), stride(axis), length, buffer);
    return buffer;
  }

  /// Copies the `length` neighbours along an axis that chunk() returns.
  void read(Axis axis, Index along, Index across, Index length, Scalar* to) const {
    const Scalar* const from = chunk(axis, along, across, length, to);
    if (from != to) std::copy(from, from + length, to);
  }

  /// Whether all weights are finite in Scalar.
  bool all_finite() const {
    const Axis axis = memory_axis();
    const Index length = axis == Axis::Features ? features() : units();
    const Index size = features() * units();
    const bool is_gapless = stride(axis) == 1 &&
                            stride(axis == Axis::Features ? Axis::Units : Axis::Features) == length;
    const Index rows = is_gapless ? size : length;  // short rows would cost more than their reading
    std::atomic<bool> finite{true};
    walk(Axis::Features, rows, size / rows, [&](const Chunk& c) {
      if (!is_finite(axis, c.row, c.col, c.length)) finite = false;
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
    for (Index feature = 0; feature < features(); ++feature) {
      for (Index unit = 0; unit < units(); ++unit) {
        long double value = 0;
        memory_.type->to_long_double(memory_.data, offset(Axis::Features, feature, unit), 1, 1,
                                     &value);
        if (std::isfinite(static_cast<Scalar>(value))) continue;
        const bool is_too_large = std::isfinite(value);
        return {feature, unit,
                concat(value, is_too_large ? ", beyond the range of the state's type" : "")};
      }
    }
    return {};
  }

 private:
  Index stride(Axis axis) const {
    return axis == Axis::Features ? memory_.row_stride : memory_.col_stride;
  }
  Index offset(Axis axis, Index along, Index across) const {
    return axis == Axis::Features ? along * memory_.row_stride + across * memory_.col_stride
                                  : across * memory_.row_stride + along * memory_.col_stride;
  }

  bool is_finite(Axis axis, Index along, Index across, Index length) const {
    const Index first = offset(axis, along, across);
    // Numbers of a type that is no wider are tested without conversion, which would take longer.
    if (memory_.type->are_finite != nullptr && stride(axis) == 1 &&
        memory_.type->size <= Index{sizeof(Scalar)}) {
      return memory_.type->are_finite(memory_.data, first, length);
    }
    ChunkBuffer<Scalar> buffer;
    copy_(memory_.data, first, stride(axis), length, buffer.data());
    return detail::all_finite(buffer.data(), length);
  }

  MatrixMemory memory_;
  NumberType::Copy<Scalar> copy_;
};

}  // namespace viann::detail
