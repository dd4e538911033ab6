// SPDX-License-Identifier: MIT
//
// Scores must not change by a bit unless that is intended. These are the checksums of raw scores in
// version 0.1, on processors that do not fuse multiplication and addition.

#include <cstdint>
#include <cstring>
#include <string>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "viann/detail/archive/state_archive.hpp"

#if !defined(__FMA__) && (defined(__x86_64__) || defined(_M_X64))

namespace {

/// Pseudo-random weights, alike with every standard library.
Trajectory recorded_training(Eigen::Index features, Eigen::Index units) {
  std::uint32_t state = 1;
  Trajectory trajectory(6, Eigen::MatrixXd(features, units));
  for (auto& weights : trajectory) {
    for (double& weight : weights.reshaped()) {
      state = state * 1664525U + 1013904223U;
      weight = static_cast<double>(state) / 3e9 - 0.7;  // sums of these are rounded
    }
  }
  return trajectory;
}

std::uint64_t checksum(const Eigen::VectorXd& numbers) {
  viann::detail::Checksum result;
  for (const double number : numbers) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    result.add(bits);
  }
  return result.value();
}

template <typename Hook>
std::uint64_t recorded(Eigen::Index features, Eigen::Index units, bool row_major,
                       const Hook& hook = {}) {
  return checksum(trained(recorded_training(features, units), hook, row_major).raw_scores());
}

}  // namespace

TEST_CASE("scores are those of version 0.1, to the bit") {
  using viann::DisplacementImportance;
  using viann::VarianceImportance;
  CHECK(recorded<VarianceImportance<>>(37, 45, false) == 0x7e806b5ad21e6c05U);
  CHECK(recorded<VarianceImportance<>>(37, 45, true) == 0x2d738aa0550637e7U);
  CHECK(recorded<VarianceImportance<>>(3, 700, true) == 0xcfc04e69157b7510U);
  CHECK(recorded<VarianceImportance<float>>(37, 45, false) == 0x5be9316a09ff45bcU);
  CHECK(recorded<VarianceImportance<float>>(37, 45, true) == 0xbe23318d44a0fcc0U);
  viann::DisplacementImportanceOptions options;
  options.weigh_directions = false;
  const DisplacementImportance<> displacement(options);
  CHECK(recorded(37, 45, false, displacement) == 0xc53c0c22e895a5d1U);
  CHECK(recorded(37, 45, true, displacement) == 0xf79c827c54e06e39U);
  CHECK(recorded(600, 17, true, DisplacementImportance<float>(options)) == 0xd935feb4974c8c76U);
}
#endif
