// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "viann/detail/archive.hpp"
#include "viann/detail/feature_sums.hpp"
#include "viann/detail/layer.hpp"
#include "viann/detail/sweep.hpp"
#include "viann/weight_view.hpp"

namespace viann::detail {

/// How far the weights w of every feature are from where they started, w(0): the square |D|^2 of
/// d = w - w(0), or of what a least-squares regression of d on { w(0), sign w(0) } leaves of it.
///
/// By Gram and Schmidt, with u the part of sign w(0) that is orthogonal to w(0):
///
///     u = sign w(0) - k w(0),   k = |w(0)|_1 / |w(0)|^2
///     |D|^2 = |d|^2 - (d.w(0))^2 / |w(0)|^2 - (d.u)^2 / |u|^2
///
/// A row takes three sums, all from one sweep over w and w(0), and a fourth is |w|^2. What they
/// cannot tell from rounding counts as nothing: see without_decay().
template <typename Scalar>
class LayerDisplacement {
 public:
  using Index = Eigen::Index;
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Sum = SumOf<Scalar>;
  using Sums = typename FeatureSums<Sum>::Total;

  const Layer& layer() const { return layer_; }

  /// By feature, of the weights last observed: |D|^2 and |w|^2. Infinite or NaN where a square
  /// exceeds the range of Sum.
  const Sums& displacement() const { return displacement_.total(); }
  const Sums& magnitude() const { return magnitude_.total(); }

  /// Keeps w(0), which passed the layer's check. To be prepared next.
  template <typename Stored>
  void start(const WeightView<Stored>& weights) {
    layer_.learn(weights);
    layer_.keep_features_together([&](auto keep) {
      initial_ =
          in_state_order<keep()>(weights.features_by_units()).array().template cast<Scalar>();
    });
    magnitude_.total().setZero(layer_.features());
  }

  /// Measures weights, features x units, that passed the layer's check.
  template <typename Values>
  void observe(const Values& weights, bool remove_decay) {
    measure(weights, remove_decay);
    if (!remove_decay) return;
    for (Index i = 0; i < layer_.features(); ++i) displacement_.total()[i] = without_decay(i);
  }

  /// Calls body(begin, D, w) for the features from `begin` on, a few hundred at a time: D_i and w_i
  /// as rows of matrices that are the body's to change. For weights just observed.
  template <typename Values, typename Body>
  void for_each_panel(const Values& weights, bool remove_decay, const Body& body) const {
    using Block = Eigen::Matrix<Sum, Eigen::Dynamic, Eigen::Dynamic>;
    constexpr Index most = 256;  // both blocks stay in a cache of some MiB
    for (Index begin = 0; begin < layer_.features(); begin += most) {
      const Index length = std::min(most, layer_.features() - begin);
      layer_.keep_features_together([&](auto keep) {
        const auto rows_of = [&](const auto& values) -> Block {
          const auto state = values.array().template cast<Scalar>().template cast<Sum>();
          if constexpr (keep() == KeepTogether::Rows) {
            return state.middleRows(begin, length).matrix();
          } else {
            return state.middleCols(begin, length).matrix().transpose();
          }
        };
        Block w = rows_of(in_state_order<keep()>(weights));
        const Block w0 = rows_of(initial_);
        Block D = w - w0;
        if (remove_decay) {
          const auto of_panel = [&](const Sums& sums) { return sums.segment(begin, length); };
          const Sums along_initial = of_panel(along_initial_.total());
          const Sums along_u = of_panel(along_sign_.total()) - of_panel(slope_) * along_initial;
          const Sums b = along_u * of_panel(inverse_sign_);
          const Sums a = along_initial * of_panel(inverse_initial_) - b * of_panel(slope_);
          D -= a.matrix().asDiagonal() * w0;
          D -= b.matrix().asDiagonal() * sign(w0.array()).matrix();
          // What is left of a row that only decays is rounding: see without_decay().
          D = (of_panel(displacement()) > 0).template cast<Sum>().matrix().asDiagonal() * D;
        }
        body(begin, D, w);
      });
    }
  }

  friend bool operator==(const LayerDisplacement& a, const LayerDisplacement& b) {
    return a.layer_ == b.layer_ && (!a.layer_.known() || ((a.initial_ == b.initial_).all() &&
                                                          (a.magnitude() == b.magnitude()).all()));
  }

  /// \returns whether what was saved, or loaded, is the state of one layer.
  template <class Archive>
  bool transfer(Archive& archive) {
    if (!layer_.transfer(archive)) return false;
    archive_array(archive, initial_, layer_.state_rows(), layer_.state_cols());
    archive_array(archive, magnitude_.total(), layer_.features(), 1);
    return (magnitude() >= 0).all();
  }

  /// Works out what follows from w(0), and takes the memory that observe() needs: after start() or
  /// loading, for the same `remove_decay` as observe().
  void prepare(bool remove_decay) {
    layer_.keep_features_together([&](auto keep) {
      for (auto* sums : {&displacement_, &magnitude_, &along_initial_, &along_sign_}) {
        sums->template reserve<keep()>(initial_.rows(), initial_.cols());
      }
    });
    if (!remove_decay) return;
    FeatureSums<Sum> sum_of_squares;
    FeatureSums<Sum> sum_of_absolutes;
    FeatureSums<Sum> sum_of_signs;
    layer_.keep_features_together([&](auto keep) {
      sweep<keep()>({&sum_of_squares, &sum_of_absolutes, &sum_of_signs}, [&](Stretch stretch) {
        using Adder = StretchSums<decltype(keep)::value, Sum>;
        Adder add_square(sum_of_squares, stretch);
        Adder add_absolute(sum_of_absolutes, stretch);
        Adder add_sign(sum_of_signs, stretch);
        const auto initial = initial_.col(stretch.col).segment(stretch.row, stretch.length);
        for_each_block(stretch.length, [&](Index offset, auto n) {
          const auto w = block_of(initial, offset, n);
          add_square.add(offset, w.square());
          add_absolute.add(offset, w.abs());
          add_sign.add(offset, sign(w).square());
        });
      });
    });
    const Sums& squares = sum_of_squares.total();
    const Sums& absolutes = sum_of_absolutes.total();
    const Sums& signs = sum_of_signs.total();
    // A square that is subnormal counts as none: its inverse is not finite.
    const auto has_start = squares >= std::numeric_limits<Sum>::min();
    slope_ = has_start.select(absolutes / squares, Sum(0));
    inverse_initial_ = has_start.select(squares.inverse(), Sum(0));
    // Below an angle of 1e-5 the directions count as one: u would consist of rounding.
    const Sums across = signs - slope_ * absolutes;
    inverse_sign_ = (across > Sum(1e-10) * signs).select(across.inverse(), Sum(0));
  }

 private:
  // Several sums read a block: converted once, in registers.
  template <typename Values, typename Length>
  static auto block_of(const Values& values, Index offset, Length n) {
    return values.segment(offset, n).template cast<Sum>().eval();
  }

  // Adds up sums that body(stretch) adds to.
  template <KeepTogether keep, typename Body>
  void sweep(std::initializer_list<FeatureSums<Sum>*> sums, const Body& body) const {
    for (auto* sum : sums) {
      sum->template reserve<keep>(initial_.rows(), initial_.cols());
      sum->start();
    }
    for_each_stretch<keep>(initial_.rows(), initial_.cols(), body);
    for (auto* sum : sums) sum->finish();
  }

  // Eigen's own is not vectorised, and would take longer than all the rest. A weight that is
  // subnormal in Sum gets a fraction.
  template <typename Weights>
  static auto sign(const Weights& w) {
    return (w * (1 / std::numeric_limits<Sum>::min())).max(Sum(-1)).min(Sum(1));
  }

  template <typename Values>
  void measure(const Values& values, bool remove_decay) {
    layer_.keep_features_together([&](auto keep) {
      if (remove_decay) {
        measure<keep(), true>(in_state_order<keep()>(values));
      } else {
        measure<keep(), false>(in_state_order<keep()>(values));
      }
    });
  }

  template <KeepTogether keep, bool remove_decay, typename Values>
  void measure(const Values& values) {
    sweep<keep>({&displacement_, &magnitude_, &along_initial_, &along_sign_}, [&](Stretch stretch) {
      Contiguous<Scalar> contiguous;
      measure_stretch<keep, remove_decay>(
          contiguous(values.col(stretch.col).segment(stretch.row, stretch.length)), stretch);
    });
  }

  // Flattened for the reason that WelfordAccumulator gives.
  template <KeepTogether keep, bool remove_decay>
  [[gnu::flatten]] void measure_stretch(const typename Contiguous<Scalar>::Result weights,
                                        const Stretch& stretch) {
    using Adder = StretchSums<keep, Sum>;
    Adder add_magnitude(magnitude_, stretch);
    Adder add_displacement(displacement_, stretch);
    Adder add_along_initial(along_initial_, stretch);
    Adder add_along_sign(along_sign_, stretch);
    const auto initial = initial_.col(stretch.col).segment(stretch.row, stretch.length);
    for_each_block(stretch.length, [&](Index offset, auto n) {
      const auto w = block_of(weights, offset, n);
      const auto w0 = block_of(initial, offset, n);
      const auto d = (w - w0).eval();
      add_magnitude.add(offset, w.square());
      add_displacement.add(offset, d.square());
      if constexpr (remove_decay) {
        add_along_initial.add(offset, d * w0);
        add_along_sign.add(offset, d * sign(w0));
      }
    });
  }

  // |D|^2 of a feature. Where the row only decays, it is a difference of equal numbers, and less
  // than units * epsilon * |d|^2 is the rounding of their sums.
  Sum without_decay(Index feature) const {
    const Sum d = displacement()[feature];  // |d|^2, so far
    const Sum along_initial = along_initial_.total()[feature];
    const Sum along_u = along_sign_.total()[feature] - slope_[feature] * along_initial;
    const Sum rest = d - along_initial * (along_initial * inverse_initial_[feature]) -
                     along_u * (along_u * inverse_sign_[feature]);
    const Sum rounding = static_cast<Sum>(layer_.units()) * std::numeric_limits<Sum>::epsilon();
    return rest < rounding * d ? Sum(0) : rest;
  }

  Layer layer_;
  Array initial_;               // w(0), features x units, or transposed
  FeatureSums<Sum> magnitude_;  // |w|^2
  // By feature, and not part of the state: sums over its units ...
  FeatureSums<Sum> displacement_;   // |d|^2, then |D|^2
  FeatureSums<Sum> along_initial_;  // d.w(0)
  FeatureSums<Sum> along_sign_;     // d.sign w(0)
  // ... and what follows from w(0); an inverse is 0 where there is no such direction.
  Sums slope_;            // k
  Sums inverse_initial_;  // 1 / |w(0)|^2
  Sums inverse_sign_;     // 1 / |u|^2
};

/// Shares of the total, x / sum(x), or zeros if that is 0. Allocates nothing. By the mean, because
/// the sum of finite numbers may be none. The share of what is infinite or NaN is NaN, no other is.
template <typename Sums>
auto shares(const Sums& x) {
  using Sum = typename Sums::Scalar;
  const auto n = static_cast<Sum>(x.size());
  const Sum mean = (x / n).sum();
  return x / (mean > 0 ? mean : Sum(1)) / n;
}

/// Whether `sum`, in which rounding has its part, can be 1 + 1/2 + ... + 1/n.
template <typename Sum>
bool is_harmonic(const Sum& sum, std::int64_t n) {
  if (n == 0) return sum == 0;
  const Sum logarithm = std::log(static_cast<Sum>(n));
  return is_count(n) && sum > Sum(0.999) * logarithm && sum >= 1 &&
         sum < Sum(1.001) * (1 + logarithm);
}

}  // namespace viann::detail
