// SPDX-License-Identifier: MIT
#include "viann/detail/weights/foreign_matrix.hpp"

#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "support/foreign_address.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/variance_importance.hpp"

using Eigen::Index;
using viann::detail::Axis;
using viann::detail::foreign_view;
using viann::detail::WeightSource;

namespace {

/// 3 features x 5 units with strides of 1 and 4; each number encodes its place.
template <typename Number>
std::vector<Number> spaced_numbers() {
  std::vector<Number> numbers(20, Number(-1));
  for (int unit = 0; unit < 5; ++unit) {
    for (int feature = 0; feature < 3; ++feature) {
      numbers[static_cast<std::size_t>(4 * unit + feature)] = Number(10 * feature + unit);
    }
  }
  return numbers;
}

}  // namespace

TEMPLATE_TEST_CASE("foreign memory of any type is read where it is", "", float, double, Eigen::half,
                   Eigen::bfloat16) {
  const auto numbers = spaced_numbers<TestType>();
  const auto view = foreign_view(numbers.data(), 3, 5, 1, 4);
  CHECK(address_of(view) == numbers.data());
  REQUIRE(view.features() == 3);
  REQUIRE(view.units() == 5);
  const WeightSource<double> source(view.expression());
  CHECK(source.memory_axis() == Axis::Features);
  CHECK(WeightSource<double>(foreign_view(numbers.data(), 5, 3, 4, 1).expression()).memory_axis() ==
        Axis::Units);
  for (Index feature = 0; feature < 3; ++feature) {
    for (Index unit = 0; unit < 5; ++unit) {
      const double expected = 10.0 * static_cast<double>(feature) + static_cast<double>(unit);
      CHECK(view.expression()(feature, unit) == expected);
      double read = -1;
      source.read(Axis::Units, unit, feature, 1, &read);
      CHECK(read == expected);
    }
  }
  CHECK((2 * view.expression().transpose()).eval()(4, 2) == 48);
}

TEST_CASE("a foreign matrix is viewed by either axis, and so is what is made of it") {
  auto numbers = spaced_numbers<float>();
  const auto matrix = viann::detail::foreign_matrix(numbers.data(), 3, 5, 1, 4);
  const auto by_feature = viann::features_by_units(matrix);
  const auto by_unit = viann::units_by_features(matrix);
  CHECK(address_of(by_feature) == numbers.data());
  CHECK(address_of(by_unit) == numbers.data());
  REQUIRE(by_unit.features() == 5);
  REQUIRE(by_unit.units() == 3);
  CHECK(WeightSource<double>(by_feature.expression()).memory_axis() == Axis::Features);
  CHECK(WeightSource<double>(by_unit.expression()).memory_axis() == Axis::Units);
  const auto without_first = viann::features_by_units(matrix.bottomRows(2));
  numbers[4 * 3 + 2] = 42;
  CHECK(by_feature.expression()(2, 3) == 42);
  CHECK(by_unit.expression()(3, 2) == 42);
  CHECK(without_first.expression()(1, 3) == 42);
  CHECK(viann::units_by_features(viann::detail::foreign_matrix(numbers.data(), 3, 5, 1, 4))
            .expression()(3, 2) == 42);
}

TEST_CASE("a view of what it owns lives as long as any copy of it") {
  auto view = std::make_unique<viann::detail::ForeignView>(
      viann::detail::owning_view(Eigen::MatrixXf(Eigen::MatrixXf::Constant(3, 4, 0.5F))));
  const auto copy = *view;
  view.reset();
  CHECK((copy.expression().array() == 0.5).all());
  viann::VarianceImportance<> importance;
  importance.on_epoch_end(copy);
  CHECK((importance.weight_mean() == 0.5).all());
}
