// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>

namespace viann::detail {

/// The mean of n numbers, as the sum of x / n: the sum of finite numbers may not be finite.
template <typename Sum>
Sum mean_of(const Sum* x, Eigen::Index n) {
  // Eigen's sum() has another order for every size of a register, hence other bits. This is its
  // order for two doubles, which recorded scores depend on.
  std::array<Sum, 4> partial = {};
  const auto size = static_cast<Sum>(n);
  const Eigen::Index even = n - n % 2;
  for (Eigen::Index i = 0; i < even; ++i) partial[static_cast<std::size_t>(i % 4)] += x[i] / size;
  const Sum mean = (partial[0] + partial[2]) + (partial[1] + partial[3]);
  return even == n ? mean : mean + x[even] / size;
}

/// Shares of the total, x / sum(x), or zeros if that is 0. Only the share of an infinite number or
/// NaN is NaN.
template <typename Sum>
class Shares {
 public:
  Shares(const Sum* x, Eigen::Index n) : x_(x), size_(static_cast<Sum>(n)) {
    const Sum mean = mean_of(x, n);
    if (mean > 0) mean_ = mean;
  }
  Sum operator()(Eigen::Index i) const { return x_[i] / mean_ / size_; }

 private:
  const Sum* x_;
  Sum size_;
  Sum mean_ = 1;
};

}  // namespace viann::detail
