// SPDX-License-Identifier: MIT
#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../../support/catch.hpp"

using faithfulness::area_under_curve;
using faithfulness::average_precision;
using faithfulness::bootstrap_mean;
using faithfulness::Flags;
using faithfulness::is_first_right;
using faithfulness::mean_of;
using faithfulness::order_agreement;
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

TEST_CASE("average precision and AUC of ties are means over their orders") {
  const Flags relevant = flags({1, 1, 0, 1, 0, 1, 0});
  for (const auto& scores : {numbers({1, 1, 1, 1, 1, 1, 1}), numbers({0, 5, 3, 3, 3, 3, 3}),
                             numbers({4, 4, 4, 2, 2, 2, 9}), numbers({7, 6, 7, 6, 7, 6, 7})}) {
    Eigen::VectorXd breaks = numbers({0, .01, .02, .03, .04, .05, .06});
    double precision = 0, area = 0;
    int orders = 0;
    do {
      precision += average_precision(scores + breaks, relevant);
      area += area_under_curve(scores + breaks, relevant);
      ++orders;
    } while (std::next_permutation(breaks.data(), breaks.data() + breaks.size()));
    CHECK(orders == 5040);
    CHECK(average_precision(scores, relevant) == Approx(precision / orders));
    CHECK(area_under_curve(scores, relevant) == Approx(area / orders));
  }
  // One relevant input among equal ones is at every place with the same probability.
  CHECK(average_precision(numbers({2, 2, 2, 2}), flags({0, 1, 0, 0})) ==
        Approx((1 + 1. / 2 + 1. / 3 + 1. / 4) / 4));
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

TEST_CASE("the order of inputs that matter") {
  const Eigen::VectorXd truth = numbers({4, 2, 1, 0.5});
  CHECK(order_agreement(numbers({9, 8, 7, 1}), truth) == Approx(1));
  CHECK(order_agreement(numbers({1, 7, 8, 9}), truth) == Approx(-1));
  CHECK(order_agreement(numbers({9, 7, 8, 1}), truth) == Approx(0.8));
  CHECK(order_agreement(numbers({1, 1, 1, 1}), truth) == 0);
  // The first two are similar: either order is right. The third is similar to the second only.
  const Eigen::VectorXd similar = numbers({1, 0.95, 0.86, 0.2});
  CHECK(faithfulness::tie_similar(similar) == numbers({1, 1, 0.86, 0.2}));
  CHECK(order_agreement(numbers({8, 9, 7, 1}), similar) == Approx(1));
  CHECK(order_agreement(numbers({9, 8, 7, 1}), similar) == Approx(1));
  CHECK(order_agreement(numbers({9, 7, 8, 1}), similar) < 0.9);
  CHECK(std::isnan(order_agreement(numbers({1, 2, 3}), numbers({1, 0.99, 0.98}))));
}

TEST_CASE("whether the highest score is right") {
  const Eigen::VectorXd truth = numbers({0, 5, 4.6, 1});
  CHECK(is_first_right(numbers({0, 3, 2, 1}), truth) == 1);
  CHECK(is_first_right(numbers({0, 2, 3, 1}), truth) == 1);  // similar to the largest
  CHECK(is_first_right(numbers({0, 2, 1, 3}), truth) == 0);
  CHECK(is_first_right(numbers({3, 3, 1, 3}), truth) == Approx(1. / 3));
  CHECK(is_first_right(numbers({0, 0, 0, 0}), truth) == 0.5);
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
