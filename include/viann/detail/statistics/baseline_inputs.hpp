// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/weight_source.hpp"
#include "viann/weight_view.hpp"

/// The checked inputs of the baselines: layers of trained weights, or data and a loss.

namespace viann::detail {

/// A layer's weights as doubles, inputs x units, checked on behalf of a public function.
inline Eigen::MatrixXd finite_layer(const WeightView& weights, const char* function) {
  if (weights.features() == 0 || weights.units() == 0) {
    throw std::invalid_argument(concat("viann::", function, ": a layer of ", weights.features(),
                                       " inputs x ", weights.units(),
                                       " units has no weights; pass the trained weights."));
  }
  const WeightSource<double> source(weights.memory());
  if (!source.all_finite()) {
    const auto bad = source.first_non_finite();
    throw std::invalid_argument(concat("viann::", function, ": the weight from input ", bad.feature,
                                       " to unit ", bad.unit, " is ", bad.value,
                                       "; only finite weights can be scored."));
  }
  return weights.values();
}

template <typename Weights>
Eigen::MatrixXd finite_layer(const Weights&, const char*) {
  refuse_weights_without_axis<Weights>();
  return {};
}

inline void require_equal_width(Eigen::Index units, Eigen::Index inputs, const char* function) {
  if (units != inputs) {
    throw std::invalid_argument(concat("viann::", function, ": a layer of ", units,
                                       " units cannot feed a layer of ", inputs,
                                       " inputs; pass the layers from the inputs to the outputs, "
                                       "each with the axis that its memory has."));
  }
}

/// The loss on X, refused if it is not finite.
template <typename Loss, typename Data>
double finite_loss(Loss& loss, const Data& X, const char* function, const std::string& when) {
  const auto value = static_cast<double>(loss(X));
  if (!std::isfinite(value)) {
    throw std::invalid_argument(concat("viann::", function, ": the loss ", when, " is ", value,
                                       "; only finite losses can be compared."));
  }
  return value;
}

/// A copy of X whose columns can be perturbed, some at a time, and the loss before that.
template <typename Derived, typename Loss>
class PerturbedColumns {
 public:
  using Data = Eigen::Matrix<typename Derived::Scalar, Eigen::Dynamic, Eigen::Dynamic,
                             Derived::IsRowMajor ? Eigen::RowMajor : Eigen::ColMajor>;
  static_assert(std::is_invocable_r_v<double, Loss&, const Data&>,
                "viann: the loss must be callable with a matrix of X's scalar type and storage "
                "order, as in [&](const Eigen::MatrixXd& X) { return net.loss(X, y); }");

  PerturbedColumns(const Eigen::DenseBase<Derived>& X, Loss& loss, const char* function)
      : X_(X), loss_(loss), function_(function) {
    if (X_.size() == 0) {
      throw std::invalid_argument(concat("viann::", function, ": X is ", X_.rows(), " samples x ",
                                         X_.cols(), " features; there is nothing to score."));
    }
    baseline_ = finite_loss(loss_, X_, function_, "on X as it is");
  }

  Eigen::Index features() const { return X_.cols(); }

  /// How much the loss rises after perturb(column) has changed each of some columns.
  /// \param what  names the columns in a message.
  template <typename Perturb>
  double loss_increase(const std::vector<Eigen::Index>& columns, const std::string& what,
                       const Perturb& perturb) {
    Data kept(X_.rows(), static_cast<Eigen::Index>(columns.size()));
    Eigen::Index next = 0;
    for (const Eigen::Index column : columns) {
      kept.col(next++) = X_.col(column);
      perturb(X_.col(column));
    }
    const double value = finite_loss(loss_, X_, function_, "without " + what);
    next = 0;
    for (const Eigen::Index column : columns) X_.col(column) = kept.col(next++);
    return value - baseline_;
  }

 private:
  Data X_;
  Loss& loss_;
  const char* function_;
  double baseline_ = 0;
};

}  // namespace viann::detail
