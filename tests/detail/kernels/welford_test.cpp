// SPDX-License-Identifier: MIT
//
// Kernels against the same formula in long double, for lengths around the number of lanes.
#include "viann/detail/kernels/welford.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using viann::detail::lanes;
using viann::detail::SumOf;

namespace {

const std::vector<Index> lengths = {0, 1, lanes - 1, lanes, lanes + 1, 3 * lanes, 3 * lanes + 5};

/// Weights of a few observations: x[t][i].
template <typename Scalar>
std::vector<std::vector<Scalar>> observations(Index n) {
  std::mt19937 random(7);
  std::vector<std::vector<Scalar>> x(5, std::vector<Scalar>(static_cast<std::size_t>(n)));
  for (auto& weights : x) {
    for (auto& weight : weights) {
      weight = static_cast<Scalar>(static_cast<int>(random() % 2001) - 1000) / 256;
    }
  }
  return x;
}

/// Mean and M2 of a weight's first `count` observations, in two passes.
struct TwoPasses {
  long double mean = 0;
  long double m2 = 0;

  template <typename Scalar>
  TwoPasses(const std::vector<std::vector<Scalar>>& x, std::size_t count, std::size_t i) {
    for (std::size_t t = 0; t < count; ++t) {
      mean += static_cast<long double>(x[t][i]) / static_cast<long double>(count);
    }
    for (std::size_t t = 0; t < count; ++t) m2 += std::pow(x[t][i] - mean, 2.0L);
  }
};

template <typename Scalar>
Approx about(long double value) {
  const double epsilon = static_cast<double>(std::numeric_limits<Scalar>::epsilon());
  return Approx(static_cast<double>(value)).epsilon(64 * epsilon).margin(64 * epsilon);
}

}  // namespace

TEMPLATE_TEST_CASE("Welford's kernels against two passes", "", float, double, long double) {
  using Sum = SumOf<TestType>;
  for (const Index n : lengths) {
    CAPTURE(n);
    const auto size = static_cast<std::size_t>(n);
    const auto x = observations<TestType>(n);
    std::vector<TestType> mean(size), m2(size), mean_each(size), m2_each(size), mean_of_sum(size),
        m2_of_sum(size);
    for (std::size_t t = 0; t < x.size(); ++t) {
      const viann::detail::WelfordFactors<TestType> factors(static_cast<std::int64_t>(t + 1));
      std::vector<Sum> sums(size, Sum(1));
      viann::detail::welford_update(x[t].data(), mean.data(), m2.data(), n, factors);
      viann::detail::welford_update_and_add<true>(x[t].data(), mean_each.data(), m2_each.data(), n,
                                                  factors, sums.data());
      const Sum sum = viann::detail::welford_update_and_sum<true>(x[t].data(), mean_of_sum.data(),
                                                                  m2_of_sum.data(), n, factors);
      CHECK(mean_each == mean);
      CHECK(m2_each == m2);
      CHECK(mean_of_sum == mean);
      CHECK(m2_of_sum == m2);
      long double total = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const TwoPasses exact(x, t + 1, i);
        const long double term = exact.m2 * std::abs(static_cast<long double>(x[t][i]));
        total += term;
        CHECK(static_cast<double>(mean[i]) == about<TestType>(exact.mean));
        CHECK(static_cast<double>(m2[i]) == about<TestType>(exact.m2));
        CHECK(static_cast<double>(sums[i]) == about<TestType>(1 + term));
      }
      CHECK(static_cast<double>(sum) == about<TestType>(total));
    }
  }
}

TEST_CASE("the sums of the variance alone") {
  const std::vector<double> x = {2, -4, 6, 1, 1, 1, 1, 1, 3};
  std::vector<double> mean(9, 0), m2(9, 1), sums(9, 10);
  const viann::detail::WelfordFactors<double> factors(2);
  viann::detail::welford_update_and_add<false>(x.data(), mean.data(), m2.data(), 9, factors,
                                               sums.data());
  CHECK(sums == std::vector<double>{13, 19, 29, 11.5, 11.5, 11.5, 11.5, 11.5, 15.5});
  mean.assign(9, 0);
  m2.assign(9, 1);
  CHECK(viann::detail::welford_update_and_sum<false>(x.data(), mean.data(), m2.data(), 9,
                                                     factors) == 134 - 90);
}

TEST_CASE("a sum of all lanes, and of the elements that do not fill them") {
  viann::detail::LaneSum<double> sum;
  for (int lane = 0; lane <= lanes; ++lane) sum[lane] += 1 << lane;
  CHECK(sum.total() == 511);
  const std::vector<double> ones(19, 1), twos(19, 2);
  CHECK(viann::detail::dot(ones.data(), twos.data(), 19) == 38);
}

TEMPLATE_TEST_CASE("moments merged against two passes", "", float, double, long double) {
  for (const Index n : lengths) {
    CAPTURE(n);
    const auto size = static_cast<std::size_t>(n);
    const auto x = observations<TestType>(n);
    std::vector<TestType> mean(size), m2(size), other_mean(size), other_m2(size);
    for (std::size_t t = 0; t < 5; ++t) {
      const bool first = t < 2;
      const viann::detail::WelfordFactors<TestType> factors(
          static_cast<std::int64_t>(first ? t + 1 : t - 1));
      viann::detail::welford_update(x[t].data(), (first ? mean : other_mean).data(),
                                    (first ? m2 : other_m2).data(), n, factors);
    }
    viann::detail::merge_moments(2, mean.data(), m2.data(), 3, other_mean.data(), other_m2.data(),
                                 n);
    for (std::size_t i = 0; i < size; ++i) {
      const TwoPasses exact(x, 5, i);
      CHECK(static_cast<double>(mean[i]) == about<TestType>(exact.mean));
      CHECK(static_cast<double>(m2[i]) == about<TestType>(exact.m2));
    }
  }
}
