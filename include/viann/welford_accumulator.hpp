// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/archive.hpp"
#include "viann/detail/checks.hpp"
#include "viann/detail/emptied_by_move.hpp"
#include "viann/detail/expressions.hpp"
#include "viann/detail/sweep.hpp"

namespace viann {

namespace detail {
template <typename Scalar>
class LayerVariance;

/// Merges, element by element, means and sums of squared deviations of other_n samples into those
/// of n (T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37(3), 1983).
template <typename State, typename Other>
void merge_samples(std::int64_t n, State& mean, State& m2, std::int64_t other_n,
                   const Other& other_mean, const Other& other_m2) {
  using Scalar = typename State::Scalar;
  const auto ours = static_cast<Scalar>(n);
  const auto theirs = static_cast<Scalar>(other_n);
  const Scalar share = theirs / (ours + theirs);
  m2 += other_m2 + (other_mean - mean) * ((other_mean - mean) * (ours * share));
  mean += (other_mean - mean) * share;
}

}  // namespace detail

/// Running mean and sample variance of every element of a matrix, over a stream of matrices.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/welford_accumulator.hpp>
///
/// int main() {
///   viann::WelfordAccumulator<> accumulator;
///   for (int t = 0; t < 10; ++t) accumulator(Eigen::MatrixXd::Random(2, 3));
///   std::cout << accumulator.mean() << "\n\n" << accumulator.variance() << "\n";
/// }
/// ```
///
/// With n samples so far, x the new one and M2 the sum of squared deviations from the mean
/// (B. P. Welford, Technometrics 4(3), 1962, pp. 419-420):
///
///     d = x - mean,   M2 += d^2 (n - 1) / n,   mean += d / n
///
/// Nothing is ever subtracted from M2, so the variance cannot turn out negative, and elements that
/// do not change have a variance of exactly 0. The sum of x^2 minus n mean^2, the textbook's
/// short cut, has neither property: it loses all digits once the mean exceeds about 1e8 standard
/// deviations.
///
/// Differences between samples, and for the variance their squares, must lie in Scalar's range;
/// else mean and variance turn infinite or NaN.
///
/// Memory: two Scalars per element (16 bytes with double). Float halves that; its error is
/// measured in the README.
///
/// \tparam Scalar  type of the state: float, double or long double. Samples are converted to it.
template <typename Scalar = double>
class WelfordAccumulator {
  static_assert(std::is_floating_point_v<Scalar>,
                "viann::WelfordAccumulator keeps its state in float, double or long double; the "
                "samples may be of any real type.");

 public:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using Index = Eigen::Index;

  WelfordAccumulator() = default;

  /// An accumulator from the state of another: its count(), mean() and squared_deviations().
  /// \throws std::invalid_argument if these do not fit together.
  WelfordAccumulator(std::int64_t count, Array mean, Array squared_deviations) {
    if (count < 0 || (count == 0) != (mean.size() == 0) ||
        mean.rows() != squared_deviations.rows() || mean.cols() != squared_deviations.cols()) {
      throw std::invalid_argument(detail::sentence(
          "viann::WelfordAccumulator: ", count, " samples, a mean of ", mean.rows(), " x ",
          mean.cols(), " and squared deviations of ", squared_deviations.rows(), " x ",
          squared_deviations.cols(), " are no accumulator's state."));
    }
    state_ = State{std::move(mean), std::move(squared_deviations)};
    count_ = count;
  }

  /// Takes in a sample: any dense Eigen expression of real numbers. The first fixes the shape.
  /// \throws std::invalid_argument if the shape differs from the first sample's, or the sample
  ///         is empty, or a value is not finite in Scalar; the accumulator is then unchanged.
  template <typename Derived>
  void operator()(const Eigen::DenseBase<Derived>& sample) {
    const detail::Evaluated<Derived> values(sample.derived());
    check(values);
    // A row-major sample is read across; within panels of rows its cache lines are used up.
    constexpr auto keep =
        Derived::IsRowMajor ? detail::KeepTogether::Rows : detail::KeepTogether::Columns;
    update<keep>(values, VisitNothing());
  }

  /// Takes in all that `other` has seen, as if its samples had been fed to this one.
  /// \throws std::invalid_argument if both have seen samples and their shapes differ.
  WelfordAccumulator& operator+=(const WelfordAccumulator& other) {
    if (other.empty()) return *this;
    if (empty()) return *this = WelfordAccumulator(other);  // moved: all or nothing
    if (rows() != other.rows() || cols() != other.cols()) {
      throw std::invalid_argument(detail::sentence(
          "viann::WelfordAccumulator: cannot merge ", other.rows(), " x ", other.cols(), " into ",
          rows(), " x ", cols(), "; merge accumulators of the same matrix."));
    }
    detail::merge_samples(count(), state_->mean, state_->m2, other.count(), other.mean(),
                          other.squared_deviations());
    count_ = count() + other.count();
    return *this;
  }

  /// Number of samples taken in.
  std::int64_t count() const { return count_; }

  /// Shape of the samples; 0 x 0 before the first.
  Index rows() const { return state_->mean.rows(); }
  Index cols() const { return state_->mean.cols(); }

  /// Whether no sample has been taken in.
  bool empty() const { return count() == 0; }

  /// Mean of the samples, rows x cols.
  const Array& mean() const { return state_->mean; }

  /// Sample variance M2 / (n - 1), rows x cols; NaN while count() < 2.
  Array variance() const {
    if (count() < 2) {
      return Array::Constant(rows(), cols(), std::numeric_limits<Scalar>::quiet_NaN());
    }
    return state_->m2 / static_cast<Scalar>(count() - 1);
  }

  /// M2, the sums of squared deviations from the mean, rows x cols.
  const Array& squared_deviations() const { return state_->m2; }

  /// Back to the state of a new accumulator, without a shape.
  void reset() { *this = WelfordAccumulator(); }

  /// Whether both have the same count, shape and, bit for bit, state.
  friend bool operator==(const WelfordAccumulator& a, const WelfordAccumulator& b) {
    return a.count() == b.count() && a.rows() == b.rows() && a.cols() == b.cols() &&
           (a.mean() == b.mean()).all() && (a.squared_deviations() == b.squared_deviations()).all();
  }
  friend bool operator!=(const WelfordAccumulator& a, const WelfordAccumulator& b) {
    return !(a == b);
  }

  /// Saves or loads the state: archives of Boost.Serialization or cereal.
  /// \throws std::runtime_error if what is loaded is no accumulator of Scalar, or damaged; this one
  ///         is then unchanged.
  /// \throws std::overflow_error if what is to be saved is not finite; nothing is written.
  template <class Archive>
  void serialize(Archive& archive, const unsigned /*version*/) {
    detail::archive_object<Scalar>(
        archive, *this, "WelfordAccumulator",
        [](WelfordAccumulator& accumulator, auto& state) { return accumulator.transfer(state); });
  }

 private:
  template <typename>
  friend class detail::LayerVariance;

  // What to call for stretches and blocks if nothing is to be summed up. No lambda of a function
  // that is a template: that would be another type for every kind of samples.
  struct VisitNothing {
    VisitNothing operator()(const detail::Stretch& /*stretch*/) const { return {}; }
    template <typename Block>
    void operator()(Index /*offset*/, const Block& /*x*/, const Block& /*m2*/) const {}
  };

  // Takes in a sample known to be finite and of the right shape. begin(stretch) is called for
  // every stretch and returns what is called as visit(offset, x, m2) for its blocks while they are
  // in registers: x are the sample's values, m2 the sums of squared deviations. A sum over them
  // costs no second sweep.
  template <detail::KeepTogether keep, typename Derived, typename Begin>
  void update(const Derived& sample, const Begin& begin) {
    if (empty()) {
      state_ = State{Array::Zero(sample.rows(), sample.cols()),
                     Array::Zero(sample.rows(), sample.cols())};
    }
    const std::int64_t n = ++count_.value();
    const Scalar inverse = Scalar(1) / static_cast<Scalar>(n);
    const Scalar shrink = static_cast<Scalar>(n - 1) / static_cast<Scalar>(n);
    detail::for_each_stretch<keep>(rows(), cols(), [&](const detail::Stretch& stretch) {
      detail::Contiguous<Scalar> contiguous;
      update_stretch(contiguous(sample.col(stretch.col).segment(stretch.row, stretch.length)),
                     stretch, begin, inverse, shrink);
    });
  }

  // Flattened: at -O2 a compiler would leave parts of these expressions as calls, with all that
  // could be in registers in memory.
  template <typename Begin>
  [[gnu::flatten]] void update_stretch(const typename detail::Contiguous<Scalar>::Result samples,
                                       const detail::Stretch& stretch, const Begin& begin,
                                       Scalar inverse, Scalar shrink) {
    auto means = state_->mean.col(stretch.col).segment(stretch.row, stretch.length);
    auto sums = state_->m2.col(stretch.col).segment(stretch.row, stretch.length);
    const Index rest = state_->mean.size() - (stretch.col * rows() + stretch.row);
    auto&& visit = begin(stretch);
    detail::for_each_block(stretch.length, [&](Index offset, auto size) {
      auto mean = means.segment(offset, size);
      auto m2 = sums.segment(offset, size);
      // With so much to do between two reads, the processor's own prefetching falls behind.
      const Index soon = std::min<Index>(256, rest - offset);
      detail::prefetch(mean.data() + soon);
      detail::prefetch(m2.data() + soon);
      const auto x = samples.segment(offset, size).eval();
      const auto d = (x - mean).eval();
      // In this order of factors the first sample, with its shrink of 0, cannot overflow.
      const auto sum = (m2 + d * (d * shrink)).eval();
      m2 = sum;
      mean += d * inverse;
      visit(offset, x, sum);
    });
  }

  template <typename Values>
  void check(const Values& values) const {
    if (values.size() == 0) {
      throw std::invalid_argument(detail::sentence("viann::WelfordAccumulator: sample ", count_ + 1,
                                                   " is empty (", values.rows(), " x ",
                                                   values.cols(), ")."));
    }
    if (!empty() && (values.rows() != rows() || values.cols() != cols())) {
      throw std::invalid_argument(detail::sentence(
          "viann::WelfordAccumulator: sample ", count_ + 1, " is ", values.rows(), " x ",
          values.cols(), ", but the first was ", rows(), " x ", cols(), "."));
    }
    if (!detail::all_finite<Scalar>(values)) {
      const detail::NonFinite bad = detail::first_non_finite<Scalar>(values);
      throw std::invalid_argument(detail::sentence(
          "viann::WelfordAccumulator: sample ", count_ + 1, " has at row ", bad.row, ", column ",
          bad.col, " the value ", bad.value, "; only finite values have a variance."));
    }
  }

  template <class Archive>
  bool transfer(Archive& archive) {
    std::int64_t rows = this->rows();
    std::int64_t cols = this->cols();
    archive& count_.value() & rows& cols;
    if (empty()) return rows == 0 && cols == 0;
    if (!detail::is_count(count()) || !detail::is_shape(rows, cols)) return false;
    detail::archive_array(archive, state_->mean, rows, cols);
    detail::archive_array(archive, state_->m2, rows, cols);
    return count() == 1 ? (state_->m2 == 0).all() : (state_->m2 >= 0).all();
  }

  struct State {
    Array mean;
    Array m2;  // sum of squared deviations from the mean
  };

  detail::EmptiedByMove<State> state_;
  detail::EmptiedByMove<std::int64_t> count_;
};

}  // namespace viann
