// SPDX-License-Identifier: MIT
#include "viann/detail/kernels/displacement.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using viann::detail::lanes;
using viann::detail::SumOf;

TEMPLATE_TEST_CASE("the sums of the displacement, by feature and by element", "", float, double,
                   long double) {
  using Sum = SumOf<TestType>;
  for (const Index n : {Index{0}, Index{1}, Index{lanes}, Index{3 * lanes + 5}}) {
    CAPTURE(n);
    const auto size = static_cast<std::size_t>(n);
    std::vector<TestType> w(size), w0(size);
    std::vector<Sum> magnitude(size, 1), displacement(size, 2), along_initial(size, 3),
        along_sign(size, 4);
    long double sums[4] = {};
    for (std::size_t i = 0; i < size; ++i) {
      w[i] = TestType(0.25) * static_cast<TestType>(static_cast<int>(i * i % 17) - 8);
      w0[i] = TestType(0.5) * static_cast<TestType>(static_cast<int>(i * 7 % 5) - 2);
    }
    const auto of_feature = viann::detail::displacement_sums(w.data(), w0.data(), n);
    viann::detail::add_displacement_terms(w.data(), w0.data(), n, magnitude.data(),
                                          displacement.data(), along_initial.data(),
                                          along_sign.data());
    for (std::size_t i = 0; i < size; ++i) {
      const long double d = static_cast<long double>(w[i]) - w0[i];
      const long double sign = w0[i] > 0 ? 1 : w0[i] < 0 ? -1 : 0;
      const long double terms[4] = {static_cast<long double>(w[i]) * w[i], d * d, d * w0[i],
                                    d * sign};
      // Multiples of 1/16: no order of terms rounds.
      CHECK(magnitude[i] == 1 + terms[0]);
      CHECK(displacement[i] == 2 + terms[1]);
      CHECK(along_initial[i] == 3 + terms[2]);
      CHECK(along_sign[i] == 4 + terms[3]);
      for (int k = 0; k < 4; ++k) sums[k] += terms[k];
    }
    CHECK(of_feature.magnitude == sums[0]);
    CHECK(of_feature.displacement == sums[1]);
    CHECK(of_feature.along_initial == sums[2]);
    CHECK(of_feature.along_sign == sums[3]);
  }
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
