// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/symmetric.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/layer_displacement.hpp"
#include "viann/detail/statistics/shares.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// The directions, over the units, in which the weights of all features move together. D(t) is the
/// displacement after epoch t, with a row per feature:
///
///     C(s)        = D(s)' D(s) / |D(s)|^2              (units x units)
///     C           = sum over s of weight(s) C(s)
///     movement_i  = D_i(s) C(s) D_i(s)'
///     alignment_i = w_i(s) C w_i(s)' / |w_i(s)|^2
///
/// A measurement takes 3 features units^2 operations, and directions change slowly. So they are
/// measured after the epochs s = 1, 2, 3, 5, 8, 12, 18, 27, 41, ...: each is the first that is at
/// least 1.5 times the last. If nothing has moved yet, the next epoch is tried.
template <typename Scalar>
class MovementDirections {
 public:
  using Sum = SumOf<Scalar>;
  using Sums = std::vector<Sum>;

  /// Whether directions are measured at all.
  bool measures() const { return total_.size() > 0; }

  /// By feature, at the last measurement, in any unit. Infinite or NaN where |D_i(s)|^2 was.
  const Sum* movement() const { return movement_.data(); }

  /// By feature, at the last measurement. All are 1 before the first, or without measurements.
  const Sum* alignment() const { return alignment_.data(); }

  void start(const Layer& layer, bool measures) {
    if (measures) total_.setZero(layer.units(), layer.units());
    alignment_.assign(index(layer.features()), Sum(1));
    prepare();
  }

  /// Measures the weights that `displacement` has just observed, if the epoch is one of s.
  /// \param weight  of C(s)
  /// \returns whether it was.
  bool observe(const LayerDisplacement<Scalar>& displacement, const WeightSource<Scalar>& weights,
               bool remove_decay, std::int64_t epoch, Sum weight) {
    if (2 * epoch < 3 * epoch_) return false;
    const Index features = displacement.layer().features();
    const Sum mean = mean_of(displacement.displacement(), features);
    if (mean == 0) return false;
    std::copy_n(displacement.displacement(), features, movement_.data());
    epoch_ = epoch;
    if (!std::isfinite(mean)) return true;
    const Sum norm = std::sqrt(mean) * std::sqrt(static_cast<Sum>(features));  // |D|

    const Index units = total_.cols();
    const auto for_each_group = [&](const auto& body) {
      for (Index begin = 0; begin < features; begin += vectors) {
        const Index count = (std::min)(vectors, features - begin);
        std::fill(D_.begin(), D_.end(), Sum(0));
        std::fill(w_.begin(), w_.end(), Sum(0));
        for (Index i = 0; i < count; ++i) {
          displacement.read(weights, remove_decay, begin + i, &D_[index(i * units)],
                            &w_[index(i * units)]);
        }
        for (Sum& d : D_) d /= norm;
        body(begin, count);
      }
    };
    std::fill_n(now_.data(), now_.size(), Sum(0));
    for_each_group([&](Index, Index) { add_outer_products(D_.data(), units, now_.data()); });
    for (Index i = 0; i < now_.size(); ++i) total_.data()[i] += weight * now_.data()[i];
    for_each_group([&](Index begin, Index count) {
      set_squares(now_, D_, count, &movement_[index(begin)]);
      set_squares(total_, w_, count, &alignment_[index(begin)]);
    });
    divide(alignment_, displacement.magnitude());
    return true;
  }

  friend bool operator==(const MovementDirections& a, const MovementDirections& b) {
    return a.epoch_ == b.epoch_ && all_equal_bits(a.total_, b.total_) &&
           all_equal_bits(a.alignment_, b.alignment_);
  }

  /// \param was_chosen  the hook's option, which decides alone in the first format
  /// \param epochs      observed so far
  /// \returns whether the saved or loaded state can be that of such a layer.
  template <class Archive>
  bool transfer(Archive& archive, const LayerDisplacement<Scalar>& displacement, bool was_chosen,
                std::int64_t epochs) {
    const Layer& layer = displacement.layer();
    const bool is_first_format = archive.format() == 1;
    bool are_measured = is_first_format ? was_chosen : measures();
    if (!is_first_format) archive& are_measured;
    if constexpr (Archive::is_loading::value) start(layer, false);
    if (!are_measured) return true;
    if (!is_first_format) archive& epoch_;
    archive_array(archive, total_, layer.units(), layer.units());
    archive_elements(archive, alignment_);
    if constexpr (Archive::is_loading::value) {
      if (is_first_format) {  // it has w C w', both triangles of C, and measures every epoch
        divide(alignment_, displacement.magnitude());
        for (Index col = 0; col < total_.cols(); ++col) {
          std::fill_n(total_.data() + col * total_.rows(), col, Sum(0));
        }
      }
      prepare();
    }
    return epoch_ >= 0 && epoch_ <= epochs && (total_.diagonal().array() >= 0).all() &&
           std::all_of(alignment_.begin(), alignment_.end(),
                       [](Sum x) { return x >= 0 && std::isfinite(x); });
  }

 private:
  using Matrix = Eigen::Matrix<Sum, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }

  // Allocates the memory that observe() needs.
  void prepare() {
    now_.resizeLike(total_);
    movement_.resize(alignment_.size());
    D_.resize(index(vectors * total_.cols()));
    w_.resize(D_.size());
  }

  // Sets squares to x' C x of `count` vectors x, which rounding can make negative.
  static void set_squares(const Matrix& C, const Sums& x, Index count, Sum* squares) {
    const auto forms = quadratic_forms(x.data(), C.rows(), C.data());
    std::transform(forms.begin(), forms.begin() + count, squares,
                   [](Sum form) { return (std::max)(Sum(0), form); });
  }

  // Divides x_i by square_i. A feature whose square is 0 gets the mean of the others, because it
  // may have weights before the next measurement.
  static void divide(Sums& x, const Sum* squares) {
    Sum sum = 0;
    Index count = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!(squares[i] > 0)) continue;
      x[i] /= squares[i];
      sum += x[i];
      ++count;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!(squares[i] > 0)) x[i] = count > 0 ? sum / static_cast<Sum>(count) : Sum(1);
    }
  }

  Matrix total_;  // C, its lower triangle; the rest is not read
  Sums alignment_;
  std::int64_t epoch_ = 0;  // s
  // Not part of the state:
  Sums movement_;
  Matrix now_;  // C(s)
  Sums D_, w_;  // of the features of a group, one after the other
};

}  // namespace viann::detail
