// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "viann/detail/kernels/lane_sum.hpp"

/// Random sums that stand for a matrix M of features x units. With random signs r of +1 and -1 by
/// feature, p = r'M is one vector over the units, and the mean of (x . p)^2 over r is x M'M x' (N.
/// Alon, Y. Matias, M. Szegedy, Journal of Computer and System Sciences 58(1), 1999). A sketch is
/// `draws` such vectors. Tiles of some features' numbers are added to it, or projected on it.

namespace viann::detail {

inline constexpr Index draws = 8;          // vectors of a sketch
inline constexpr Index tile_features = 8;  // rows of a tile
inline constexpr Index tile_units = 256;   // columns of a tile, which is row-major

/// The signs r of a tile's features in an epoch, by draw and feature; 0 beyond the layer. They
/// depend on the two numbers alone, hence neither on the platform nor on the number of threads.
template <typename Sum>
class Signs {
 public:
  /// \param count  of the tile's features
  Signs(std::int64_t epoch, Index first_feature, Index count) {
    const std::uint64_t key = mix(static_cast<std::uint64_t>(epoch));
    for (Index i = 0; i < count; ++i) {
      const std::uint64_t bits = mix(key + static_cast<std::uint64_t>(first_feature + i));
      for (Index k = 0; k < draws; ++k) {
        signs_[at(k)][at(i)] = (bits >> k & 1U) != 0 ? Sum(1) : Sum(-1);
      }
    }
  }

  /// Of a draw, by feature.
  const std::array<Sum, tile_features>& operator[](Index draw) const { return signs_[at(draw)]; }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  // SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014).
  static std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
  }

  std::array<std::array<Sum, tile_features>, draws> signs_{};
};

/// Adds the sum of a tile's rows, each times its sign, to n numbers of a vector.
template <typename Number, typename Sum>
[[gnu::noinline]] void add_signed_rows(const Number* __restrict__ tile,
                                       const std::array<Sum, tile_features>& signs, Index n,
                                       Sum* __restrict__ vector) {
  static_assert(tile_features == 8);
  const std::array<Sum, tile_features> r = signs;
  for_each_in_lanes(n, [=](Index i, int) {
    const auto row = [&](Index k) {
      return r[static_cast<std::size_t>(k)] * static_cast<Sum>(tile[k * tile_units + i]);
    };
    vector[i] += ((row(0) + row(1)) + (row(2) + row(3))) + ((row(4) + row(5)) + (row(6) + row(7)));
  });
}

/// Adds a tile to n columns of a sketch.
/// \param sketch  the first of them; vectors are `stride` numbers apart
template <typename Number, typename Sum>
void add_to_sketch(const Number* tile, const Signs<Sum>& signs, Index n, Sum* sketch,
                   std::ptrdiff_t stride) {
  for (Index k = 0; k < draws; ++k) add_signed_rows(tile, signs[k], n, sketch + k * stride);
}

/// The projections of a tile's rows on a sketch, by row and draw.
template <typename Sum>
using Projections = std::array<std::array<Sum, draws>, tile_features>;

/// Adds the terms of n columns to the projections of `count` rows. Parameters as above.
template <typename Number, typename Sum>
void add_projections(const Number* tile, Index count, Index n, const Sum* sketch,
                     std::ptrdiff_t stride, Projections<Sum>& projections) {
  for (Index i = 0; i < count; ++i) {
    for (Index k = 0; k < draws; ++k) {
      projections[static_cast<std::size_t>(i)][static_cast<std::size_t>(k)] +=
          dot(tile + i * tile_units, sketch + k * stride, n);
    }
  }
}

}  // namespace viann::detail
