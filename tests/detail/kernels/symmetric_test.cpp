// SPDX-License-Identifier: MIT
#include "viann/detail/kernels/symmetric.hpp"

#include <vector>

#include "support/catch.hpp"

using Eigen::Index;
using viann::detail::vectors;

namespace {

/// Small whole numbers, so that no order of terms rounds.
template <typename Number>
std::vector<Number> numbers(Index size) {
  std::vector<Number> result;
  for (Index i = 0; i < size; ++i) result.push_back(static_cast<Number>(i * i % 17 - 8));
  return result;
}

}  // namespace

TEMPLATE_TEST_CASE("outer products fill the lower triangle, quadratic forms read it", "", double,
                   long double) {
  for (const Index n : {Index{1}, Index{7}, Index{8}, Index{21}}) {
    CAPTURE(n);
    const auto x = numbers<TestType>(vectors * n);
    std::vector<TestType> C(static_cast<std::size_t>(n * n), 3);
    viann::detail::add_outer_products(x.data(), n, C.data());
    const auto at = [&](Index row, Index col) {
      return C[static_cast<std::size_t>(col * n + row)];
    };
    const auto of = [&](Index k, Index i) { return x[static_cast<std::size_t>(k * n + i)]; };
    for (Index col = 0; col < n; ++col) {
      for (Index row = 0; row < n; ++row) {
        TestType expected = 3;
        for (Index k = 0; row >= col && k < vectors; ++k) expected += of(k, row) * of(k, col);
        CHECK(at(row, col) == expected);
      }
    }
    const auto forms = viann::detail::quadratic_forms(x.data(), n, C.data());
    for (Index k = 0; k < vectors; ++k) {
      TestType expected = 0;
      for (Index col = 0; col < n; ++col) {
        for (Index row = 0; row < n; ++row) {
          expected += of(k, row) * of(k, col) * (row >= col ? at(row, col) : at(col, row));
        }
      }
      CHECK(forms[static_cast<std::size_t>(k)] == expected);
    }
  }
}
