// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "viann/detail/kernels/welford.hpp"
#include "viann/detail/layer/moments.hpp"
#include "viann/detail/layer/walk.hpp"
#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/matrix_memory.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/fwd.hpp"

namespace viann {

/// Running mean and sample variance of every element of a matrix, over a stream of matrices.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/welford_accumulator.hpp>
///
/// int main() {
///   viann::WelfordAccumulator accumulator;
///   for (int t = 0; t < 10; ++t) accumulator(Eigen::MatrixXd::Random(2, 3));
///   std::cout << accumulator.mean() << "\n\n" << accumulator.variance() << "\n";
/// }
/// ```
///
/// Let n be the number of samples, x the newest one and M2 the sum of squared deviations from the
/// mean (B. P. Welford, Technometrics 4(3), 1962, pp. 419-420):
///
///     d = x - mean,   M2 += d^2 (n - 1) / n,   mean += d / n
///
/// Nothing is ever subtracted from M2, so the variance cannot turn out negative, and elements that
/// do not change have a variance of exactly 0. The textbook's shortcut, the sum of x^2 minus
/// n mean^2, has neither property: it loses all digits once the mean exceeds about 1e8 standard
/// deviations.
///
/// Differences between samples, and for the variance their squares, must lie in Scalar's range;
/// otherwise mean and variance become infinite or NaN.
///
/// Memory: two Scalars per element (16 bytes with double). Float halves that; its error is
/// measured on the headers' page.
///
/// \tparam Scalar  type of the state: float, double or long double. Samples are converted to it.
template <typename Scalar>
class WelfordAccumulator {
  static_assert(std::is_floating_point_v<Scalar>,
                "viann::WelfordAccumulator keeps its state in float, double or long double; the "
                "samples may be of any real type.");

 public:
  /// Of means and variances, in the shape of the samples.
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using Index = Eigen::Index;  ///< of counts and indices

  WelfordAccumulator() = default;

  /// Makes an accumulator from the state of another: its count(), mean() and squared_deviations().
  /// \throws std::invalid_argument if these do not fit together: different shapes, a count that is
  ///         negative or above 2^53, samples without elements or elements without samples, or a
  ///         squared deviation below 0, or other than 0 after one sample.
  WelfordAccumulator(std::int64_t count, Array mean, Array squared_deviations) {
    detail::Moments<Scalar> moments{std::move(mean), std::move(squared_deviations), count};
    if (!moments.is_consistent()) {
      throw std::invalid_argument(
          detail::concat("viann::WelfordAccumulator: ", count, " samples, a mean of ",
                         moments.rows(), " x ", moments.cols(), " and squared deviations of ",
                         moments.m2.rows(), " x ", moments.m2.cols(),
                         " are no accumulator's state; pass count(), mean() and "
                         "squared_deviations() of one accumulator."));
    }
    moments_ = std::move(moments);
  }

  /// Takes in a sample: any dense Eigen expression of real numbers. The first sample fixes the
  /// shape. An expression of this accumulator's mean() or squared_deviations() is copied first.
  /// \throws std::invalid_argument if the shape differs from the first sample's, the sample is
  ///         empty, or a value is not finite in Scalar; the accumulator is then unchanged.
  /// \throws std::overflow_error after 2^53 samples; the accumulator is then unchanged.
  template <typename Derived>
  void operator()(const Eigen::DenseBase<Derived>& sample) {
    const detail::MatrixMemory values = detail::memory_of(sample.derived());
    require_valid(Sample(values));
    const auto overlaps = [&](const Array& state) {
      return values.overlaps(state.data(), state.data() + state.size());
    };
    if (!empty() && (overlaps(mean()) || overlaps(squared_deviations()))) {
      take_in(Sample(detail::own(Array(sample.derived().template cast<Scalar>()))));
    } else {
      take_in(Sample(values));
    }
  }

  /// Merges `other` into this accumulator, as if this one had taken in the samples of `other`.
  /// \throws std::invalid_argument if both have seen samples and their shapes differ.
  /// \throws std::overflow_error if there are more than 2^53 samples; nothing is changed.
  WelfordAccumulator& operator+=(const WelfordAccumulator& other) {
    if (other.empty()) return *this;
    if (empty()) return *this = WelfordAccumulator(other);  // by move: exception safe
    if (rows() != other.rows() || cols() != other.cols()) {
      throw std::invalid_argument(detail::concat(
          "viann::WelfordAccumulator: cannot merge ", other.rows(), " x ", other.cols(), " into ",
          rows(), " x ", cols(), "; merge accumulators of the same matrix."));
    }
    require_countable(count() + other.count());
    detail::merge_moments(count(), moments_->mean.data(), moments_->m2.data(), other.count(),
                          other.mean().data(), other.squared_deviations().data(), mean().size());
    moments_->count += other.count();
    return *this;
  }

  /// Number of samples taken in.
  std::int64_t count() const noexcept { return moments_->count; }

  /// Number of rows of a sample; 0 before the first.
  Index rows() const noexcept { return moments_->rows(); }

  /// Number of columns of a sample; 0 before the first.
  Index cols() const noexcept { return moments_->cols(); }

  /// Whether no sample has been taken in.
  [[nodiscard]] bool empty() const noexcept { return count() == 0; }

  /// Mean of the samples, rows x cols.
  const Array& mean() const noexcept { return moments_->mean; }

  /// Sample variance M2 / (n - 1), rows x cols; NaN while count() < 2.
  Array variance() const { return moments_->variance(); }

  /// M2, the sums of squared deviations from the mean, rows x cols.
  const Array& squared_deviations() const noexcept { return moments_->m2; }

  /// Resets to the state of a new accumulator, without a shape.
  void reset() { *this = WelfordAccumulator(); }

  /// Whether both have the same count, shape and, bit for bit, state.
  friend bool operator==(const WelfordAccumulator& a, const WelfordAccumulator& b) {
    return a.moments_.value() == b.moments_.value();
  }
  /// Whether they differ in any of these.
  friend bool operator!=(const WelfordAccumulator& a, const WelfordAccumulator& b) {
    return !(a == b);
  }

  /// Saves or loads the state, for viann::save() and load(), Boost.Serialization or cereal.
  /// \throws std::runtime_error if the loaded data is no accumulator of Scalar, or is damaged; this
  ///         accumulator is then unchanged.
  /// \throws std::overflow_error if a value to be saved is not finite; nothing is written.
  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    detail::archive_object<Scalar>(archive, *this, "WelfordAccumulator",
                                   [](WelfordAccumulator& accumulator, auto& state) {
                                     accumulator.moments_->transfer(state);
                                   });
  }

 private:
  using Sample = detail::WeightSource<Scalar>;  // its rows take the place of features

  void take_in(const Sample& sample) {
    if (empty()) moments_->start(sample.features(), sample.units());
    const detail::WelfordFactors<Scalar> factors(++moments_->count);
    // Groups of columns, so that whole cache lines of a row-major sample are used.
    detail::walk(detail::Axis::Units, rows(), cols(), [&](const detail::Chunk& c) {
      detail::ChunkBuffer<Scalar> buffer;
      const Index offset = moments_->offset(c);
      detail::welford_update(
          sample.chunk(detail::Axis::Features, c.row, c.col, c.length, buffer.data()),
          moments_->mean.data() + offset, moments_->m2.data() + offset, c.length, factors);
    });
  }

  static void require_countable(std::int64_t samples) {
    if (detail::is_count(samples)) return;
    throw std::overflow_error(
        detail::concat("viann::WelfordAccumulator: ", samples,
                       " samples are more than can be counted (2^53); was an accumulator merged "
                       "with itself?"));
  }

  void require_valid(const Sample& sample) const {
    const auto refuse = [&](const std::string& reason) {
      throw std::invalid_argument(
          detail::concat("viann::WelfordAccumulator: sample ", count() + 1, reason));
    };
    const Index sample_rows = sample.features();
    const Index sample_cols = sample.units();
    if (sample_rows == 0 || sample_cols == 0) {
      refuse(detail::concat(" is empty (", sample_rows, " x ", sample_cols, ")."));
    }
    if (!empty() && (sample_rows != rows() || sample_cols != cols())) {
      refuse(detail::concat(" is ", sample_rows, " x ", sample_cols, ", but the first was ", rows(),
                            " x ", cols(), "."));
    }
    if (!detail::is_shape(sample_rows, sample_cols)) {
      refuse(detail::concat(" is ", sample_rows, " x ", sample_cols,
                            ", more than memory can hold; check the numbers of rows and columns."));
    }
    require_countable(count() + 1);
    if (!sample.all_finite()) {
      const auto bad = sample.first_non_finite();
      refuse(detail::concat(" has at row ", bad.feature, ", column ", bad.unit, " the value ",
                            bad.value, "; only finite values have a variance."));
    }
  }

  detail::ResetOnMove<detail::Moments<Scalar>> moments_;
};

}  // namespace viann
