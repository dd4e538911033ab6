// SPDX-License-Identifier: MIT
#include "viann/detail/weights/mdspan.hpp"

#include <cstddef>
#include <vector>
#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_mdspan
#include <array>
#include <mdspan>
#endif

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/strided_buffer.hpp"
#include "support/trajectories.hpp"
#include "viann/weight_view.hpp"

using viann::features_by_units;
using viann::units_by_features;
using viann::detail::is_mdspan;
using viann::detail::refers_to_elements;

namespace {

/// The members that viann cannot do without.
template <typename Number>
struct Smallest {
  const Number* data;
  std::size_t rows, cols, row_stride, col_stride;

  static constexpr std::size_t rank() { return 2; }
  const Number* data_handle() const { return data; }
  std::size_t extent(std::size_t axis) const { return axis == 0 ? rows : cols; }
  std::size_t stride(std::size_t axis) const { return axis == 0 ? row_stride : col_stride; }
};

/// An accessor to the element at factor * i + shift.
struct Accessor {
  std::size_t factor = 1;
  std::size_t shift = 0;
  double& access(double* data, std::size_t i) const { return data[factor * i + shift]; }
};

/// All members that viann looks at.
struct Whole {
  using reference = double&;

  double* data;
  std::size_t rows, cols, row_stride, col_stride;
  bool has_strides = true;
  Accessor from = {};

  static constexpr std::size_t rank() { return 2; }
  double* data_handle() const { return data; }
  std::size_t extent(std::size_t axis) const { return axis == 0 ? rows : cols; }
  std::size_t stride(std::size_t axis) const { return axis == 0 ? row_stride : col_stride; }
  bool is_strided() const { return has_strides; }
  const Accessor& accessor() const { return from; }
};

struct ReturnsValues : Whole {
  using reference = double;
};
struct IsNoPointer : Whole {
  struct Iterator {};
  Iterator data_handle() const { return {}; }
};
struct MappingWithoutStrides : Whole {
  struct mapping_type {};
};

static_assert(is_mdspan<Smallest<float>> && is_mdspan<Whole> && is_mdspan<ReturnsValues>);
static_assert(!is_mdspan<Eigen::MatrixXd> && !is_mdspan<std::vector<double>> && !is_mdspan<int>);
static_assert(refers_to_elements<Smallest<float>>() && refers_to_elements<Whole>());
static_assert(!refers_to_elements<ReturnsValues>());
static_assert(!refers_to_elements<IsNoPointer>());

template <typename Mdspan>
void check_both(const Mdspan& weights) {
  const auto by_feature = features_by_units(weights);
  REQUIRE(by_feature.features() == 3);
  REQUIRE(by_feature.units() == 5);
  CHECK(by_feature.features_by_units().template cast<double>() == numbered());
  CHECK(by_feature.features_by_units().data() == weights.data_handle());
  const auto by_unit = units_by_features(weights);
  REQUIRE(by_unit.features() == 5);
  REQUIRE(by_unit.units() == 3);
  CHECK(by_unit.features_by_units().template cast<double>() == numbered().transpose());
}

template <typename Mdspan>
void check_refused(const Mdspan& weights, const std::string& reason) {
  CHECK(contains(message_of<std::invalid_argument>([&] { features_by_units(weights); }), reason));
  CHECK(contains(message_of<std::invalid_argument>([&] { units_by_features(weights); }), reason));
}

}  // namespace

TEMPLATE_TEST_CASE("an mdspan is looked at, not copied", "", float, double, long double,
                   Eigen::half, Eigen::bfloat16) {
  for (const Strides strides : strides_of_3_x_5()) {
    if (strides.row < 0 || strides.col < 0) continue;
    CAPTURE(strides.row, strides.col);
    StridedBuffer<TestType> buffer(numbered(), strides.row, strides.col);
    check_both(Smallest<TestType>{buffer.data(), 3, 5, static_cast<std::size_t>(strides.row),
                                  static_cast<std::size_t>(strides.col)});
  }
}

TEST_CASE("a hook observes an mdspan as it does the same matrix") {
  const auto trajectory = random_walk(40, 70, 5, 8);
  viann::VarianceImportance<> of_rows, of_columns;
  for (const auto& W : trajectory) {
    StridedBuffer<double> by_rows(W, 75, 1);
    StridedBuffer<double> by_columns(W.transpose(), 75, 1);
    of_rows.on_epoch_end(features_by_units(Whole{by_rows.data(), 40, 70, 75, 1}));
    of_columns.on_epoch_end(units_by_features(Whole{by_columns.data(), 70, 40, 75, 1}));
  }
  viann::VarianceImportance<> row_major, column_major;
  for (const auto& W : trajectory) {
    observe(row_major, W, true);
    observe(column_major, W);
  }
  CHECK(of_rows == row_major);
  CHECK(of_rows.raw_scores() == row_major.raw_scores());
  CHECK(of_columns == column_major);
}

TEST_CASE("an mdspan whose memory does not say where its elements are is refused") {
  std::vector<double> data(100, 1);
  Whole weights{data.data(), 3, 5, 5, 1};
  CHECK(features_by_units(weights).units() == 5);
  weights.from.shift = 1;
  check_refused(weights, "the accessor of this mdspan does not return data_handle()[i]");
  weights.from = {2, 0};
  check_refused(weights, "hand over Eigen::MatrixXd::NullaryExpr(rows, columns");
  weights.from = {0, 14};  // the last element alone is where it should be
  check_refused(weights, "does not return data_handle()[i]");
  weights.from = {};
  weights.has_strides = false;
  check_refused(weights, "the layout of this mdspan has no strides; hand over Eigen");
  check_refused(MappingWithoutStrides{{data.data(), 3, 5, 5, 1}}, "has no strides");
  check_refused(Whole{nullptr, 3, 5, 5, 1}, "a null pointer as 3 x 5");
  CHECK(features_by_units(Whole{nullptr, 0, 5, 5, 1}).units() == 5);
  CHECK(features_by_units(Whole{data.data(), 3, 0, 5, 1, true, {1, 1}}).features() == 3);
}

#ifdef __cpp_lib_mdspan
namespace {

/// Tiles of 2 x 2, one after the other: no strides.
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

/// Twice the element.
struct Doubled {
  using element_type = double;
  using reference = double;
  using data_handle_type = double*;
  using offset_policy = Doubled;
  double access(double* data, std::size_t i) const { return 2 * data[i]; }
  double* offset(double* data, std::size_t i) const { return data + i; }
};

/// The element behind.
template <typename Element>
struct Next {
  using element_type = Element;
  using reference = Element&;
  using data_handle_type = Element*;
  using offset_policy = Next;
  Element& access(Element* data, std::size_t i) const { return data[i + 1]; }
  Element* offset(Element* data, std::size_t i) const { return data + i; }
};

}  // namespace

TEMPLATE_TEST_CASE("the standard's mdspan is looked at in every layout that has strides", "", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  using Sizes = std::dextents<std::size_t, 2>;
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

TEST_CASE("the standard's mdspan without strides or with another accessor is refused") {
  using Sizes = std::dextents<int, 2>;
  std::vector<double> data(24, 1);
  check_refused(std::mdspan<double, Sizes, Tiles>(data.data(), {Sizes(3, 5)}), "has no strides");
  using Shifted = std::mdspan<double, Sizes, std::layout_right, Next<double>>;
  check_refused(Shifted(data.data(), Sizes(3, 5)), "does not return data_handle()[i]");
  using Scaled = std::mdspan<double, Sizes, std::layout_right, Doubled>;
  STATIC_REQUIRE(is_mdspan<Scaled>);
  STATIC_REQUIRE_FALSE(refers_to_elements<Scaled>());
}
#endif
