// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>

#include "viann/detail/kernels/sketch.hpp"
#include "viann/detail/layer/walk.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// Numbers of some features and units.
struct Block {
  Index feature;  // the first
  Index features;
  Index unit;  // the first
  Index units;
};

/// A block's numbers, a row per feature, tile_units apart.
template <typename Number>
class Tile {
 public:
  // NOLINTNEXTLINE(*-member-init,*-equals-default): not set to 0
  Tile() {}

  Number* row(Index i) { return rows_ + i * tile_units; }
  const Number* row(Index i) const { return rows_ + i * tile_units; }

  /// Sets rows that have no feature to 0.
  void clear_after(const Block& block) {
    for (Index i = block.features; i < tile_features; ++i) {
      std::fill_n(row(i), block.units, Number(0));
    }
  }

  /// Copies weights. Whatever their memory order, all of a cache line are read together.
  void load(const WeightSource<Number>& weights, const Block& block) {
    if (weights.memory_axis() == Axis::Units) {
      for (Index i = 0; i < block.features; ++i) {
        weights.read(Axis::Units, block.unit, block.feature + i, block.units, row(i));
      }
    } else {
      std::array<Number, tile_features> buffer{};
      for (Index j = 0; j < block.units; ++j) {
        const Number* const column = weights.chunk(Axis::Features, block.feature, block.unit + j,
                                                   block.features, buffer.data());
        for (Index i = 0; i < block.features; ++i) row(i)[j] = column[i];
      }
    }
    clear_after(block);
  }

 private:
  Number rows_[tile_features * tile_units];  // NOLINT(*-avoid-c-arrays): a plain loop's array
};

}  // namespace viann::detail
