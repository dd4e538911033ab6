// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/symmetric.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/layer_displacement.hpp"
#include "viann/detail/statistics/shares.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// The directions, over the units, in which the weights of all features move together, and how far
/// each feature's weights reach along them. D(t) is the displacement, with a row per feature:
///
///     C(t) = D(t)' D(t) / |D(t)|^2      (units x units)
///     C    = sum of C(t) / t            (so far)
///     movement_i = D_i(t) C(t) D_i(t)',    magnitude_i = w_i(t) C w_i(t)'
///
/// 3 features units^2 operations an epoch.
template <typename Scalar>
class MovementDirections {
 public:
  using Sum = SumOf<Scalar>;
  using Sums = std::vector<Sum>;

  /// By feature, for the weights last observed.
  const Sum* magnitude() const { return magnitude_.data(); }

  void start(const Layer& layer) {
    total_.setZero(layer.units(), layer.units());
    magnitude_.assign(index(layer.features()), Sum(0));
  }

  /// Takes in the weights that `displacement` has just observed. If memory runs out, nothing
  /// changes.
  /// \returns movement_i / |D(t)|^2, infinite or NaN where |D_i|^2 is.
  Sums observe(const LayerDisplacement<Scalar>& displacement, const WeightSource<Scalar>& weights,
               bool remove_decay, Sum inverse_epoch) {
    const Index features = displacement.layer().features();
    const Index units = displacement.layer().units();
    Sums movement(displacement.displacement(), displacement.displacement() + features);
    Sums magnitude(movement.size());
    Matrix now = total_;  // C(t)
    std::fill_n(now.data(), now.size(), Sum(0));
    Matrix total = total_;
    Sums D(index(vectors * units));  // of the features of a group, one after the other
    Sums w(D.size());

    const Sum mean = mean_of(movement.data(), features);
    const bool has_moved = mean > 0 && std::isfinite(mean);
    const Sum norm = has_moved ? std::sqrt(mean) * std::sqrt(static_cast<Sum>(features)) : Sum(1);
    const auto for_each_group = [&](const auto& body) {
      for (Index begin = 0; begin < features; begin += vectors) {
        const Index count = (std::min)(vectors, features - begin);
        std::fill(D.begin(), D.end(), Sum(0));
        std::fill(w.begin(), w.end(), Sum(0));
        for (Index i = 0; i < count; ++i) {
          displacement.read(weights, remove_decay, begin + i, &D[index(i * units)],
                            &w[index(i * units)]);
        }
        for (Sum& d : D) d /= norm;
        body(begin, count);
      }
    };
    if (has_moved) {
      for_each_group([&](Index, Index) { add_outer_products(D.data(), units, now.data()); });
      for_each_group(
          [&](Index begin, Index count) { set_squares(now, D, count, &movement[index(begin)]); });
      for (Index i = 0; i < now.size(); ++i) total.data()[i] += inverse_epoch * now.data()[i];
    }
    for_each_group(
        [&](Index begin, Index count) { set_squares(total, w, count, &magnitude[index(begin)]); });
    total_.swap(total);
    magnitude_.swap(magnitude);
    return movement;
  }

  friend bool operator==(const MovementDirections& a, const MovementDirections& b) {
    return all_equal_bits(a.total_, b.total_) && all_equal_bits(a.magnitude_, b.magnitude_);
  }

  /// \returns whether the saved or loaded state can be that of such a layer.
  template <class Archive>
  bool transfer(Archive& archive, const Layer& layer) {
    archive_array(archive, total_, layer.units(), layer.units());
    if constexpr (Archive::is_loading::value) {  // the first format has both triangles
      for (Index col = 0; col < total_.cols(); ++col) {
        std::fill_n(total_.data() + col * total_.rows(), col, Sum(0));
      }
    }
    magnitude_.resize(index(layer.features()));
    archive_elements(archive, magnitude_);
    return (total_.diagonal().array() >= 0).all() &&
           std::all_of(magnitude_.begin(), magnitude_.end(), [](Sum x) { return x >= 0; });
  }

 private:
  using Matrix = Eigen::Matrix<Sum, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }

  // Sets squares to x' C x of `count` vectors x, which rounding can make negative.
  static void set_squares(const Matrix& C, const Sums& x, Index count, Sum* squares) {
    const auto forms = quadratic_forms(x.data(), C.rows(), C.data());
    std::transform(forms.begin(), forms.begin() + count, squares,
                   [](Sum form) { return (std::max)(Sum(0), form); });
  }

  Matrix total_;  // sum of C(t) / t, its lower triangle; the rest is not read
  Sums magnitude_;
};

}  // namespace viann::detail
