// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/equal_bits.hpp"
#include "viann/detail/statistics/shares.hpp"

namespace viann::detail {

/// Whether `sum`, which was rounded, can be 1 + 1/2 + ... + 1/n.
template <typename Sum>
bool is_harmonic(const Sum& sum, std::int64_t n) {
  if (n == 0) return sum == 0;
  const Sum logarithm = std::log(static_cast<Sum>(n));
  return is_count(n) && sum > Sum(0.999) * logarithm && sum >= 1 &&
         sum < Sum(1.001) * (1 + logarithm);
}

/// The mean of each feature's share over the logarithm of time:
///
///     sum over epochs t of share_i(t) / t  /  sum over t of 1/t
///
/// An epoch without shares gives its weight to the next that has them.
template <typename Sum>
class LogTimeMean {
 public:
  using Index = Eigen::Index;

  void start(Index features) { sums_.assign(static_cast<std::size_t>(features), Sum(0)); }

  void next_epoch(std::int64_t epoch) {
    const Sum weight = Sum(1) / static_cast<Sum>(epoch);
    harmonic_ += weight;
    pending_ += weight;
  }

  /// The weight of the epochs since the last that had shares.
  Sum pending() const { return pending_; }

  /// Takes in the shares of x, by feature, for these epochs.
  void add(const Sum* x) {
    const Shares<Sum> share(x, static_cast<Index>(sums_.size()));
    for (std::size_t i = 0; i < sums_.size(); ++i)
      sums_[i] += share(static_cast<Index>(i)) * pending_;
    pending_ = 0;
  }

  /// The mean of a feature; 0 before the first shares.
  Sum operator()(Index feature) const {
    const Sum taken_in = harmonic_ - pending_;
    return taken_in > 0 ? sums_[static_cast<std::size_t>(feature)] / taken_in : Sum(0);
  }

  friend bool operator==(const LogTimeMean& a, const LogTimeMean& b) {
    return equal_bits(a.harmonic_, b.harmonic_) && equal_bits(a.pending_, b.pending_) &&
           all_equal_bits(a.sums_, b.sums_);
  }

  /// Save or load the parts, between which the hook has others. Before the sums, call start().
  template <class Archive>
  void transfer_weight(Archive& archive) {
    archive& harmonic_;
  }
  template <class Archive>
  void transfer_sums(Archive& archive) {
    archive_elements(archive, sums_);
  }
  template <class Archive>
  void transfer_pending(Archive& archive) {
    if (archive.format() > 1) archive& pending_;
  }

  /// Whether this can be the state after so many epochs.
  bool is_possible(std::int64_t epochs) const {
    return is_harmonic(harmonic_, epochs) && pending_ >= 0 && pending_ <= harmonic_ &&
           std::all_of(sums_.begin(), sums_.end(), [](Sum x) { return x >= 0; }) &&
           std::accumulate(sums_.begin(), sums_.end(), Sum(0)) <
               Sum(1.001) * harmonic_ + Sum(0.001);
  }

 private:
  std::vector<Sum> sums_;  // by feature
  Sum harmonic_ = 0;       // 1 + 1/2 + ... + 1/t
  Sum pending_ = 0;
};

}  // namespace viann::detail
