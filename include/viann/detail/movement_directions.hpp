// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "viann/detail/archive.hpp"
#include "viann/detail/feature_sums.hpp"
#include "viann/detail/layer.hpp"
#include "viann/detail/layer_displacement.hpp"

namespace viann::detail {

/// The directions, over the units, in which the weights of all features move together, and how far
/// each feature's weights reach along them. With D(t) the displacement, a row for each feature:
///
///     C(t) = D(t)' D(t) / |D(t)|^2      (units x units)
///     C    = sum of C(t) / t            (so far)
///     movement_i = D_i(t) C(t) D_i(t)',    magnitude_i = w_i(t) C w_i(t)'
///
/// Three matrix products an epoch, of 2 features units^2 operations each.
template <typename Scalar>
class MovementDirections {
 public:
  using Index = Eigen::Index;
  using Sum = SumOf<Scalar>;
  using Sums = Eigen::Array<Sum, Eigen::Dynamic, 1>;

  /// By feature, of the weights last observed.
  const Sums& magnitude() const { return magnitude_; }

  void start(const Layer& layer) {
    total_.setZero(layer.units(), layer.units());
    magnitude_.setZero(layer.features());
  }

  /// Takes in weights that `displacement` has observed just now.
  /// \returns movement_i / |D(t)|^2; what is infinite or NaN in |D_i|^2 is so here.
  template <typename Values>
  Sums observe(const LayerDisplacement<Scalar>& displacement, const Values& weights,
               bool remove_decay, Sum inverse_epoch) {
    // |D|^2 as a mean, because the sum of finite numbers may be none.
    const auto features = static_cast<Sum>(displacement.layer().features());
    const Sum mean = (displacement.displacement() / features).sum();
    const bool has_moved = mean > 0 && std::isfinite(mean);
    const Sum inverse_norm = has_moved ? 1 / (std::sqrt(mean) * std::sqrt(features)) : Sum(0);

    Matrix now = Matrix::Zero(total_.rows(), total_.cols());
    if (has_moved) {
      displacement.for_each_panel(weights, remove_decay, [&](Index, auto& D, const auto&) {
        D *= inverse_norm;
        now.noalias() += D.transpose() * D;
      });
    }
    total_ += inverse_epoch * now;
    Sums movement = displacement.displacement();
    displacement.for_each_panel(weights, remove_decay, [&](Index begin, auto& D, const auto& w) {
      D *= inverse_norm;
      if (has_moved) movement.segment(begin, D.rows()) = along(now, D);
      magnitude_.segment(begin, w.rows()) = along(total_, w);
    });
    return movement;
  }

  friend bool operator==(const MovementDirections& a, const MovementDirections& b) {
    return a.total_ == b.total_ && (a.magnitude_ == b.magnitude_).all();
  }

  /// \returns whether what was saved, or loaded, can be the state of such a layer.
  template <class Archive>
  bool transfer(Archive& archive, const Layer& layer) {
    archive_array(archive, total_, layer.units(), layer.units());
    if constexpr (Archive::is_loading::value) magnitude_.resize(layer.features());
    archive_elements(archive, magnitude_);
    return (total_.diagonal().array() >= 0).all() && (magnitude_ >= 0).all();
  }

 private:
  using Matrix = Eigen::Matrix<Sum, Eigen::Dynamic, Eigen::Dynamic>;

  // x C x' of every row x. Rounding can make it negative, which C's definition does not.
  static Sums along(const Matrix& C, const Matrix& rows) {
    const Sums squares = (rows * C).cwiseProduct(rows).rowwise().sum();
    return (squares < 0).select(Sum(0), squares);
  }

  Matrix total_;  // sum of C(t) / t
  Sums magnitude_;
};

}  // namespace viann::detail
