// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

namespace viann::detail {

/// The mean of n numbers, as the sum of x / n: the sum of finite numbers may not be finite.
template <typename Sum>
Sum mean_of(const Sum* x, Eigen::Index n) {
  Sum mean = 0;
  for (Eigen::Index i = 0; i < n; ++i) mean += x[i] / static_cast<Sum>(n);
  return mean;
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
