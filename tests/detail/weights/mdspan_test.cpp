// SPDX-License-Identifier: MIT
#include "viann/detail/weights/mdspan.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>
#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_mdspan
#include <array>
#include <mdspan>
#endif

#include "support/catch.hpp"
#include "support/strided_buffer.hpp"
#include "viann/weight_view.hpp"

using viann::features_by_units;
using viann::units_by_features;
using viann::detail::is_mdspan;
using viann::detail::is_strided_memory;

namespace {

/// The members that viann needs.
template <typename Number, typename Reference = Number&, bool has_strides = true>
struct Mdspan {
  using data_handle_type = Number*;
  using reference = Reference;

  Number* data;
  std::size_t rows, cols, row_stride, col_stride;

  static constexpr std::size_t rank() { return 2; }
  static constexpr bool is_always_strided() { return has_strides; }
  Number* data_handle() const { return data; }
  std::size_t extent(std::size_t axis) const { return axis == 0 ? rows : cols; }
  std::size_t stride(std::size_t axis) const { return axis == 0 ? row_stride : col_stride; }
};

static_assert(is_mdspan<Mdspan<const float>> && is_strided_memory<Mdspan<const float>>);
static_assert(!is_mdspan<Eigen::MatrixXd> && !is_mdspan<std::vector<double>> && !is_mdspan<int>);
static_assert(!is_strided_memory<Mdspan<double, double>>);
static_assert(!is_strided_memory<Mdspan<double, double&, false>>);

template <typename Weights>
void check_both(const Weights& weights) {
  const auto by_feature = features_by_units(weights);
  REQUIRE(by_feature.features() == 3);
  REQUIRE(by_feature.units() == 5);
  CHECK(by_feature.values() == numbered());
  CHECK(by_feature.memory().data == weights.data_handle());
  const auto by_unit = units_by_features(weights);
  REQUIRE(by_unit.features() == 5);
  REQUIRE(by_unit.units() == 3);
  CHECK(by_unit.values() == numbered().transpose());
}

}  // namespace

TEMPLATE_TEST_CASE("an mdspan is viewed, not copied", "", float, double, long double, Eigen::half,
                   Eigen::bfloat16) {
  for (const Strides strides : strides_of_3_x_5()) {
    if (strides.row < 0 || strides.col < 0) continue;
    CAPTURE(strides.row, strides.col);
    StridedBuffer<TestType> buffer(numbered(), strides.row, strides.col);
    check_both(Mdspan<TestType>{buffer.data(), 3, 5, static_cast<std::size_t>(strides.row),
                                static_cast<std::size_t>(strides.col)});
  }
}

TEST_CASE("an mdspan of a null pointer is refused, unless it is empty") {
  CHECK_THROWS_AS(features_by_units(Mdspan<double>{nullptr, 3, 5, 5, 1}), std::invalid_argument);
  CHECK(features_by_units(Mdspan<double>{nullptr, 0, 5, 5, 1}).units() == 5);
}

#ifdef __cpp_lib_mdspan
namespace {

/// A layout without strides.
struct Tiles {
  template <typename Extents>
  struct mapping {
    using extents_type = Extents;
    using index_type = typename Extents::index_type;
    using size_type = typename Extents::size_type;
    using rank_type = typename Extents::rank_type;
    using layout_type = Tiles;
    Extents sizes;

    const Extents& extents() const { return sizes; }
    index_type required_span_size() const { return 24; }
    index_type operator()(index_type i, index_type j) const {
      return 12 * (i / 2) + 4 * (j / 2) + 2 * (i % 2) + j % 2;
    }
    static constexpr bool is_always_unique() { return true; }
    static constexpr bool is_always_exhaustive() { return false; }
    static constexpr bool is_always_strided() { return false; }
    static constexpr bool is_unique() { return true; }
    static constexpr bool is_exhaustive() { return false; }
    static constexpr bool is_strided() { return false; }
    friend bool operator==(const mapping& a, const mapping& b) { return a.sizes == b.sizes; }
  };
};

/// An accessor to twice the element.
struct Doubled {
  using element_type = double;
  using reference = double;
  using data_handle_type = double*;
  using offset_policy = Doubled;
  double access(double* data, std::size_t i) const { return 2 * data[i]; }
  double* offset(double* data, std::size_t i) const { return data + i; }
};

using Sizes = std::dextents<std::size_t, 2>;
using Tiled = std::mdspan<double, Sizes, Tiles>;
using Scaled = std::mdspan<double, Sizes, std::layout_right, Doubled>;
static_assert(is_mdspan<Tiled> && !is_strided_memory<Tiled>);
static_assert(is_mdspan<Scaled> && !is_strided_memory<Scaled>);

}  // namespace

TEMPLATE_TEST_CASE("the standard's mdspan is viewed in every layout that has strides", "", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  StridedBuffer<TestType> by_rows(numbered(), 5, 1);
  StridedBuffer<TestType> by_columns(numbered(), 1, 3);
  check_both(std::mdspan(by_rows.data(), 3, 5));
  check_both(std::mdspan<const TestType, std::extents<std::uint8_t, 3, 5>>(by_rows.data()));
  check_both(std::mdspan<TestType, Sizes, std::layout_left>(by_columns.data(), 3, 5));
  for (const Strides strides : strides_of_3_x_5()) {
    if (strides.row < 0 || strides.col < 0) continue;
    StridedBuffer<TestType> buffer(numbered(), strides.row, strides.col);
    const std::array<Eigen::Index, 2> both = {strides.row, strides.col};
    check_both(
        std::mdspan<TestType, Sizes, std::layout_stride>(buffer.data(), {Sizes(3, 5), both}));
  }
}
#endif
