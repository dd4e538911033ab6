// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/layer_displacement.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// The directions, over the units, in which the weights of all features move together, and how far
/// each feature's weights reach along them. With D(t) the displacement, a row for each feature:
///
///     C(t) = D(t)' D(t) / |D(t)|^2      (units x units)
///     C    = sum of C(t) / t            (so far)
///     movement_i = D_i(t) C(t) D_i(t)',    magnitude_i = w_i(t) C w_i(t)'
///
/// 5 features units^2 operations an epoch, in Eigen's products of symmetric matrices: general ones
/// take 6, and four times as long to compile.
template <typename Scalar>
class MovementDirections {
 public:
  using Sum = SumOf<Scalar>;
  using Sums = std::vector<Sum>;

  /// By feature, of the weights last observed.
  const Sum* magnitude() const { return magnitude_.data(); }

  void start(const Layer& layer) {
    total_.setZero(layer.units(), layer.units());
    magnitude_.assign(static_cast<std::size_t>(layer.features()), Sum(0));
  }

  /// Takes in weights that `displacement` has observed just now. If memory runs out, nothing is
  /// changed.
  /// \returns movement_i / |D(t)|^2; what is infinite or NaN in |D_i|^2 is so here.
  Sums observe(const LayerDisplacement<Scalar>& displacement, const WeightSource<Scalar>& weights,
               bool remove_decay, Sum inverse_epoch) {
    const Index features = displacement.layer().features();
    Sums movement(displacement.displacement(), displacement.displacement() + features);
    const Sum mean = mean_of(movement.data(), features);
    const bool has_moved = mean > 0 && std::isfinite(mean);
    const Sum inverse_norm =
        has_moved ? 1 / (std::sqrt(mean) * std::sqrt(static_cast<Sum>(features))) : Sum(0);

    Matrix now = total_;  // C(t)
    std::fill_n(now.data(), now.size(), Sum(0));
    Matrix total = total_;
    Sums magnitude(movement.size());
    // Once through all features for C(t), and once for what follows from it.
    for (const bool is_first : {true, false}) {
      constexpr Index panel = 256;  // features, so that D and w stay in a cache of some MiB
      for (Index begin = 0; begin < features; begin += panel) {
        Matrix D;  // a column for each feature of the panel
        Matrix w;
        displacement.read(weights, remove_decay, begin, std::min(panel, features - begin), D, w);
        for (Index i = 0; i < D.size(); ++i) D.data()[i] *= inverse_norm;
        if (is_first) {
          if (has_moved) now.template selfadjointView<Eigen::Lower>().rankUpdate(D);
        } else {
          if (has_moved) squares(now, D, movement.data() + begin);
          squares(total, w, magnitude.data() + begin);
        }
      }
      if (!is_first) break;
      for (Index i = 0; i < now.size(); ++i) total.data()[i] += inverse_epoch * now.data()[i];
    }
    total_.swap(total);
    magnitude_.swap(magnitude);
    return movement;
  }

  friend bool operator==(const MovementDirections& a, const MovementDirections& b) {
    return a.total_ == b.total_ && a.magnitude_ == b.magnitude_;
  }

  /// \returns whether what was saved, or loaded, can be the state of such a layer.
  template <class Archive>
  bool transfer(Archive& archive, const Layer& layer) {
    archive_array(archive, total_, layer.units(), layer.units());
    magnitude_.resize(static_cast<std::size_t>(layer.features()));
    archive_elements(archive, magnitude_);
    return (total_.diagonal().array() >= 0).all() &&
           std::all_of(magnitude_.begin(), magnitude_.end(), [](Sum x) { return x >= 0; });
  }

 private:
  using Matrix = Eigen::Matrix<Sum, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

  // Sets squares to x' C x of every column x.
  static void squares(const Matrix& C, const Matrix& columns, Sum* squares) {
    Matrix product(columns.rows(), columns.cols());
    std::fill_n(product.data(), product.size(), Sum(0));
    product.noalias() += C.template selfadjointView<Eigen::Lower>() * columns;
    for (Index i = 0; i < columns.cols(); ++i) {
      const Index first = i * columns.rows();
      const Sum square = dot(columns.data() + first, product.data() + first, columns.rows());
      squares[i] = std::max(Sum(0), square);  // rounding can make it negative
    }
  }

  Matrix total_;  // sum of C(t) / t, its lower triangle; the rest is not read
  Sums magnitude_;
};

}  // namespace viann::detail
