// SPDX-License-Identifier: MIT
#include "viann/detail/statistics/mean_and_deviation.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("mean and standard deviation, wherever in the range of double") {
  const auto of = [](const std::vector<double>& numbers, double degrees) {
    return viann::detail::mean_and_deviation(
        static_cast<Eigen::Index>(numbers.size()), degrees,
        [&](Eigen::Index i) { return numbers[static_cast<std::size_t>(i)]; });
  };
  CHECK(of({1, 2, 6}, 2).mean == 3);
  CHECK(of({1, 2, 6}, 2).deviation == Approx(std::sqrt(7.0)));
  CHECK(of({1, 2, 6}, 3).deviation == Approx(std::sqrt(14.0 / 3)));
  CHECK(of({1, 2, 1}, 2).deviation == Approx(std::sqrt(1.0 / 3)));
  CHECK(of({-4, -2}, 1).deviation == Approx(std::sqrt(2.0)));
  CHECK(of({-4}, 1).mean == -4);
  CHECK(of({-4}, 1).deviation == 0);
  CHECK(of({0, 0}, 1).mean == 0);
  CHECK(of({0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 5).deviation == 0);
  CHECK(of({1.5e308, 1.5e308}, 1).mean == 1.5e308);
  CHECK(of({1e308, -1e308}, 1).deviation == Approx(1e308 * std::sqrt(2.0)));
  CHECK(of({3e-308, 1e-308}, 2).mean == Approx(2e-308));
  CHECK(of({3e-308, 1e-308}, 2).deviation == Approx(1e-308));
  CHECK(of({3e-320, 1e-320}, 2).mean == Approx(2e-320));
}
