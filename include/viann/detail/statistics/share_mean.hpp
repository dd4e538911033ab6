// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "viann/detail/equal_bits.hpp"
#include "viann/detail/state_archive.hpp"

namespace viann::detail {

/// The part that n numbers have in the mean of `all` numbers, as the sum of x / all: the sum of
/// finite numbers may not be finite.
template <typename Sum>
Sum part_of_mean(const Sum* x, Eigen::Index n, Eigen::Index all) {
  Sum mean = 0;
  for (Eigen::Index i = 0; i < n; ++i) mean += x[i] / static_cast<Sum>(all);
  return mean;
}

/// The weighted mean over the epochs of each feature's share nz(x) = x / sum(x). An epoch whose x
/// are all 0, or too small to be shared out, does not count.
template <typename Sum>
class ShareMean {
 public:
  using Index = Eigen::Index;

  void start(Index features) { sums_.assign(static_cast<std::size_t>(features), Sum(0)); }

  /// Takes in an epoch's x, by feature. If one is infinite or NaN, the means are not finite.
  /// \param mean  of x over `all` features, of which these may be a part
  void add(const Sum* x, Sum weight, Sum mean, Index all) {
    // Below this, x / n loses digits, and shares do not add up to 1.
    constexpr Sum least = (std::numeric_limits<Sum>::min)() / std::numeric_limits<Sum>::epsilon();
    if (mean < least) return;
    if (std::isnan(mean)) mean = 1;  // so that the share of what is not NaN is finite
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      sums_[i] += weight * (x[i] / mean / static_cast<Sum>(all));
    }
    weight_ += weight;
  }

  /// Whether no epoch had shares.
  bool empty() const { return weight_ == 0; }

  /// The mean of a feature; 0 if no epoch had shares.
  Sum operator()(Index feature) const {
    return empty() ? Sum(0) : sums_[static_cast<std::size_t>(feature)] / weight_;
  }

  friend bool operator==(const ShareMean& a, const ShareMean& b) {
    return equal_bits(a.weight_, b.weight_) && all_equal_bits(a.sums_, b.sums_);
  }

  /// Saves or loads; before loading, call start().
  template <class Archive>
  void transfer(Archive& archive) {
    archive& weight_;
    archive_elements(archive, sums_);
    const Sum total = std::accumulate(sums_.begin(), sums_.end(), Sum(0));
    archive.ensure(std::abs(total - weight_) <= Sum(1e-6) * weight_ &&
                   std::all_of(sums_.begin(), sums_.end(), [](Sum x) { return x >= 0; }));
  }

 private:
  std::vector<Sum> sums_;  // of weights times shares, by feature
  Sum weight_ = 0;         // of all epochs that had shares
};

}  // namespace viann::detail
