// SPDX-License-Identifier: MIT
#include "statistics.hpp"

#include <cmath>
#include <vector>

#include "../../support/catch.hpp"

using faithfulness::area_under_curve;
using faithfulness::average_precision;
using faithfulness::bootstrap_mean;
using faithfulness::Flags;
using faithfulness::mean_of;
using faithfulness::share_in_top;

namespace {

Eigen::VectorXd numbers(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

Flags flags(const std::vector<int>& values) {
  return Eigen::Map<const Eigen::ArrayXi>(values.data(), static_cast<Eigen::Index>(values.size()))
             .array() == 1;
}

}  // namespace

TEST_CASE("average precision and AUC: perfect, worst, and by hand") {
  const Eigen::VectorXd scores = numbers({0.9, 0.8, 0.3, -1.0});
  CHECK(average_precision(scores, flags({1, 1, 0, 0})) == 1);
  CHECK(area_under_curve(scores, flags({1, 1, 0, 0})) == 1);
  CHECK(average_precision(scores, flags({0, 0, 0, 1})) == 0.25);
  CHECK(area_under_curve(scores, flags({0, 0, 0, 1})) == 0);
  // Relevant at places 1 and 3: (1/1 + 2/3) / 2; three of four pairs are in order.
  CHECK(average_precision(scores, flags({1, 0, 1, 0})) == Approx(5.0 / 6));
  CHECK(area_under_curve(scores, flags({1, 0, 1, 0})) == 0.75);
}

TEST_CASE("average precision and AUC do not hang on the order of equal scores") {
  // scikit-learn's example of ties: one threshold at 0.8 (1 of 1), one at 0.4 (2 of 4).
  const Eigen::VectorXd scores = numbers({0.4, 0.8, 0.4, 0.4});
  for (const auto& relevant : {flags({1, 1, 0, 0}), flags({0, 1, 0, 1}), flags({0, 1, 1, 0})}) {
    CHECK(average_precision(scores, relevant) == Approx((1.0 + 2.0 / 4) / 2));
    CHECK(area_under_curve(scores, relevant) == 0.75);  // 2 pairs won, 2 tied, of 4
  }
  const Eigen::VectorXd equal = numbers({2, 2, 2, 2});
  CHECK(average_precision(equal, flags({0, 1, 0, 0})) == 0.25);  // the share of relevant ones
  CHECK(area_under_curve(equal, flags({0, 1, 0, 0})) == 0.5);
}

TEST_CASE("average precision and AUC where there is nothing to tell apart") {
  CHECK(std::isnan(average_precision(numbers({1, 2}), flags({0, 0}))));
  CHECK(std::isnan(area_under_curve(numbers({1, 2}), flags({0, 0}))));
  CHECK(average_precision(numbers({1, 2}), flags({1, 1})) == 1);
  CHECK(std::isnan(area_under_curve(numbers({1, 2}), flags({1, 1}))));
}

TEST_CASE("the share of the relevant among the highest") {
  CHECK(share_in_top(numbers({4, 3, 2, 1}), flags({1, 1, 0, 0})) == 1);
  CHECK(share_in_top(numbers({4, 3, 2, 1}), flags({1, 0, 1, 0})) == 0.5);
  CHECK(share_in_top(numbers({1, 2, 3, 4}), flags({1, 1, 0, 0})) == 0);
  // Three tie for one place after the first; the relevant one gets it with a chance of a third.
  CHECK(share_in_top(numbers({9, 5, 5, 5}), flags({1, 1, 0, 0})) == Approx((1 + 1. / 3) / 2));
  CHECK(share_in_top(numbers({5, 5, 5, 5}), flags({1, 0, 0, 0})) == 0.25);
  CHECK(std::isnan(share_in_top(numbers({1, 2}), flags({0, 0}))));
}

TEST_CASE("means leave out what is not known") {
  CHECK(mean_of({1, NAN, 3}) == 2);
  CHECK(std::isnan(mean_of({NAN})));
  CHECK(faithfulness::median_of({5, 1, 3}) == 3);
}

TEST_CASE("the bootstrap interval of a mean") {
  const auto same = bootstrap_mean({0.5, 0.5, 0.5});
  CHECK(same.mean == 0.5);
  CHECK(same.lower == 0.5);
  CHECK(same.upper == 0.5);

  // The resampled mean of n zeros and n ones is binomial: its standard deviation is 0.5 / sqrt(2n),
  // and for n = 50 its 2.5 % and 97.5 % quantiles are 0.40 and 0.60.
  std::vector<double> values(100, 0.0);
  std::fill(values.begin() + 50, values.end(), 1.0);
  const auto interval = bootstrap_mean(values);
  CHECK(interval.mean == 0.5);
  CHECK(interval.lower == Approx(0.40).margin(0.011));
  CHECK(interval.upper == Approx(0.60).margin(0.011));
  const auto again = bootstrap_mean(values);
  CHECK(again.lower == interval.lower);
  CHECK(again.upper == interval.upper);
}
