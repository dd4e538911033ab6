// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <viann/displacement_importance.hpp>
#include <viann/importance_scores.hpp>
#include <viann/weight_view.hpp>

namespace faithfulness {

/// A candidate: DisplacementImportance that counts movement and final weights along the directions
/// in which the inputs' weights move together. With D_i(t), nz and T as there,
///
///     C(t)    = D(t)' D(t) / |D(t)|^2         (units x units),  C = its mean with weights 1/t
///     L_i     = mean with weights 1/t of nz_i(D_i(t) C(t) D_i(t)')
///     score_i = sqrt(L_i nz_i(w_i(T) C w_i(T)'))
///
/// What an input has to tell moves its weights along few directions, those to which later layers
/// listen; noise moves them along all. With C = 1 this is DisplacementImportance. It costs
/// units^2 operations per input and epoch: of an epoch of training on n samples, units / (3 n).
class AlignedDisplacement {
 public:
  template <typename Stored>
  void on_train_begin(const viann::WeightView<Stored>& weights) {
    initial_ = weights.features_by_units().matrix().template cast<double>();
    movement_.setZero(initial_.rows());
    alignment_.setZero(initial_.cols(), initial_.cols());
    epochs_ = 0;
    // What weight decay may have done: see DisplacementImportance.
    along_ = initial_.rowwise().normalized();
    sign_ = initial_.array().sign();
    remove(along_, sign_);
    for (auto row : sign_.rowwise()) {
      if (row.squaredNorm() < 1e-9) row.setZero();
    }
    sign_.rowwise().normalize();
  }

  template <typename Stored>
  void on_epoch_end(const viann::WeightView<Stored>& weights) {
    final_ = weights.features_by_units().matrix().template cast<double>();
    ++epochs_;
    Eigen::MatrixXd D = final_ - initial_;
    if (D.cols() >= viann::DisplacementImportance<>::min_units_without_decay) {
      remove(along_, D);
      remove(sign_, D);
    }
    if (D.squaredNorm() == 0) return;
    const Eigen::MatrixXd C = D.transpose() * D / D.squaredNorm();
    movement_ += viann::sum_to_one(along(C, D)) / epochs_;
    alignment_ += C / epochs_;
  }

  Eigen::VectorXd raw_scores() const {
    return viann::sum_to_one(movement_)
        .cwiseProduct(viann::sum_to_one(along(alignment_, final_)))
        .cwiseSqrt();
  }

 private:
  // Takes out of every row its part along the same row of `direction`, which is a unit vector or 0.
  static void remove(const Eigen::MatrixXd& direction, Eigen::MatrixXd& rows) {
    const Eigen::VectorXd parts = rows.cwiseProduct(direction).rowwise().sum();
    rows -= parts.asDiagonal() * direction;
  }

  // x_i C x_i' of every row x_i; rounding cannot make it negative.
  static Eigen::VectorXd along(const Eigen::MatrixXd& C, const Eigen::MatrixXd& rows) {
    return (rows * C).cwiseProduct(rows).rowwise().sum().cwiseMax(0);
  }

  Eigen::MatrixXd initial_, along_, sign_, final_;
  Eigen::VectorXd movement_;
  Eigen::MatrixXd alignment_;  // sum of C(t) / t
  int epochs_ = 0;
};

}  // namespace faithfulness
