// SPDX-License-Identifier: MIT
#include "viann/detail/kernels/sketch.hpp"

#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using viann::detail::lanes;
using viann::detail::Signs;
using viann::detail::SumOf;
using viann::detail::tile_features;
using viann::detail::tile_units;

TEST_CASE("signs depend on the epoch and the feature alone") {
  const Signs<double> all(5, 0, 8), some(5, 3, 4), later(6, 0, 8);
  int differ_from_later = 0, positive = 0;
  for (Index k = 0; k < viann::detail::draws; ++k) {
    for (std::size_t i = 0; i < 4; ++i) CHECK(some[k][i] == all[k][i + 3]);
    for (std::size_t i = 4; i < 8; ++i) CHECK(some[k][i] == 0);
    for (std::size_t i = 0; i < 8; ++i) {
      CHECK(std::abs(all[k][i]) == 1);
      differ_from_later += all[k][i] != later[k][i] ? 1 : 0;
      positive += all[k][i] > 0 ? 1 : 0;
    }
  }
  // Of 64; within 3.5 standard deviations of a half.
  CHECK(std::abs(differ_from_later - 32) < 14);
  CHECK(std::abs(positive - 32) < 14);
}

TEST_CASE("the mean of squared projections on sketches of M is x M'M x'") {
  // Three features, two units; x is each of the rows.
  const double M[3][2] = {{1, 2}, {3, -1}, {0, 1}};
  double mean[3] = {};
  constexpr int epochs = 4000;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const Signs<double> signs(epoch, 0, 3);
    for (Index k = 0; k < viann::detail::draws; ++k) {
      double p[2] = {};
      for (std::size_t i = 0; i < 3; ++i) {
        for (int j = 0; j < 2; ++j) p[j] += signs[k][i] * M[i][j];
      }
      for (int i = 0; i < 3; ++i) {
        const double x_p = M[i][0] * p[0] + M[i][1] * p[1];
        mean[i] += x_p * x_p / (epochs * static_cast<double>(viann::detail::draws));
      }
    }
  }
  // Squares of the rows' products: 5, 1, 2; 1, 10, -1; 2, -1, 1. Standard errors are below 0.1.
  CHECK(mean[0] == Approx(30).margin(0.4));
  CHECK(mean[1] == Approx(102).margin(0.4));
  CHECK(mean[2] == Approx(6).margin(0.1));
}

TEMPLATE_TEST_CASE("tiles are added to a sketch, and projected on it", "", float, double) {
  using Sum = SumOf<TestType>;
  for (const Index n : {Index{1}, Index{lanes}, Index{3 * lanes + 5}}) {
    constexpr Index stride = 40;
    constexpr Index count = 5;
    std::vector<TestType> tile(static_cast<std::size_t>(tile_features * tile_units));
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < n; ++j) {
        tile[static_cast<std::size_t>(i * tile_units + j)] =
            TestType(0.5) * static_cast<TestType>((i * 7 + j * 3) % 11 - 5);
      }
    }
    const Signs<Sum> signs(3, 20, count);
    std::vector<Sum> sketch(static_cast<std::size_t>(viann::detail::draws * stride), 1);
    viann::detail::add_to_sketch(tile.data(), signs, n, sketch.data(), stride);
    viann::detail::Projections<Sum> projections{};
    projections[0][0] = 7;
    viann::detail::add_projections(tile.data(), count, n, sketch.data(), stride, projections);
    for (Index k = 0; k < viann::detail::draws; ++k) {
      for (Index j = 0; j < stride; ++j) {
        Sum expected = 1;
        for (Index i = 0; i < count && j < n; ++i) {
          expected += signs[k][static_cast<std::size_t>(i)] *
                      static_cast<Sum>(tile[static_cast<std::size_t>(i * tile_units + j)]);
        }
        CHECK(sketch[static_cast<std::size_t>(k * stride + j)] == expected);
      }
      for (Index i = 0; i < tile_features; ++i) {
        Sum expected = i == 0 && k == 0 ? 7 : 0;
        for (Index j = 0; j < n && i < count; ++j) {
          expected += static_cast<Sum>(tile[static_cast<std::size_t>(i * tile_units + j)]) *
                      sketch[static_cast<std::size_t>(k * stride + j)];
        }
        CHECK(projections[static_cast<std::size_t>(i)][static_cast<std::size_t>(k)] == expected);
      }
    }
  }
}
