// SPDX-License-Identifier: MIT
#include "viann/detail/kernels/displacement.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using viann::detail::lanes;
using viann::detail::SumOf;

TEMPLATE_TEST_CASE("the sums and the rest of a displacement", "", float, double, long double) {
  using Sum = SumOf<TestType>;
  for (const Index n : {Index{0}, Index{1}, Index{lanes}, Index{3 * lanes + 5}}) {
    CAPTURE(n);
    const auto size = static_cast<std::size_t>(n);
    std::vector<TestType> w(size), w0(size);
    std::vector<Sum> D(size);
    for (std::size_t i = 0; i < size; ++i) {
      w[i] = TestType(0.25) * static_cast<TestType>(static_cast<int>(i * i % 17) - 8);
      w0[i] = TestType(0.5) * static_cast<TestType>(static_cast<int>(i * 7 % 5) - 2);
    }
    viann::detail::DisplacementSums<Sum> sums{1, 2, 3, 4, 5, 6}, expected = sums;
    viann::detail::add_displacement_terms(w.data(), w0.data(), n, sums);
    viann::detail::remove_decay(w.data(), w0.data(), n, {Sum(0.5), Sum(0.25), Sum(2)}, D.data());
    for (std::size_t i = 0; i < size; ++i) {
      const Sum d = static_cast<Sum>(w[i]) - w0[i], sign = w0[i] > 0 ? 1 : w0[i] < 0 ? -1 : 0;
      CHECK(D[i] == 2 * (d + Sum(0.5) * w0[i] + Sum(0.25) * sign));
      expected.d_d += d * d;
      expected.d_w0 += d * w0[i];
      expected.d_s += d * sign;
      expected.w0_w0 += static_cast<Sum>(w0[i]) * w0[i];
      expected.w0_s += std::abs(w0[i]);
      expected.s_s += sign * sign;
    }
    // Multiples of 1/16: no order of terms rounds.
    CHECK(sums.d_d == expected.d_d);
    CHECK(sums.d_w0 == expected.d_w0);
    CHECK(sums.d_s == expected.d_s);
    CHECK(sums.w0_w0 == expected.w0_w0);
    CHECK(sums.w0_s == expected.w0_s);
    CHECK(sums.s_s == expected.s_s);
  }
}

TEST_CASE("decay is the fit that makes weights smaller, and takes no more than all") {
  // w(0) = (1, 3), s = (1, 1); d = (x, y).
  const auto fit = [](double x, double y) {
    return viann::detail::fit_decay<double>({x * x + y * y, x + 3 * y, x + y, 10, 4, 2}, 2);
  };
  const auto check = [&](double x, double y, double along_initial, double along_sign, double rest) {
    CAPTURE(x, y);
    const auto decay = fit(x, y);
    CHECK(decay.along_initial == Approx(along_initial).margin(1e-14));
    CHECK(decay.along_sign == Approx(along_sign).margin(1e-14));
    CHECK(decay.rest == rest);
  };
  check(-0.5, -1.5, 0.5, 0, 0);       // half of w(0)
  check(-0.25, -0.25, 0, 0.25, 0);    // the same from both
  check(-0.35, -0.55, 0.1, 0.25, 0);  // both
  check(0.5, 1.5, 0, 0, 1);           // growth
  check(0.2, -1, 0.28, 0, 1);         // both fit best with -0.4 along the sign; one alone is left
  check(-1, 0.1, 0, 0.45, 1);         // now it is the sign that fits better
  check(-2, -6, 1, 0, 1);             // decay takes no more than all: (-1, -3) is left
  check(0, 0, 0, 0, 0);
}

TEST_CASE("the sign is 0 for 0 alone") {
  using viann::detail::sign;
  CHECK(sign(3.0) == 1);
  CHECK(sign(-2.5) == -1);
  CHECK(sign(0.0) == 0);
  CHECK(sign(-0.0) == 0);
  CHECK(sign(std::numeric_limits<double>::denorm_min()) == 1);
  CHECK(sign(-std::numeric_limits<float>::denorm_min()) == -1);
}
