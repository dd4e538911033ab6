// SPDX-License-Identifier: MIT
#include "support/displacement_formula.hpp"

#include <cmath>

viann::DisplacementImportanceOptions displacement_options(bool remove_decay,
                                                          bool weigh_directions) {
  viann::DisplacementImportanceOptions options;
  options.remove_decay = remove_decay;
  options.weigh_directions = weigh_directions;
  return options;
}

viann::DisplacementImportanceOptions plain() { return displacement_options(false, false); }

viann::DisplacementImportanceOptions without_directions() {
  return displacement_options(true, false);
}

Trajectory decaying_walk(Eigen::Index features, Eigen::Index units, std::uint64_t seed,
                         int epochs) {
  Trajectory trajectory = random_walk(features, units, epochs, seed);
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    trajectory[t] -= 0.02 * static_cast<double>(t) * trajectory[0];
    trajectory[t] -= (0.01 * static_cast<double>(t) * trajectory[0].array().sign()).matrix();
  }
  for (auto& weights : trajectory) weights = weights.cast<float>().cast<double>().eval();
  return trajectory;
}

namespace {

using Matrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using Vector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

/// The residual of a least-squares regression of d on { w, sign w }. Directions that coincide or
/// vanish count as one or none.
Vector without_decay(Vector d, const Vector& w) {
  Vector u = w.array().sign();
  if (w.squaredNorm() > 0) {
    u -= w * (u.dot(w) / w.squaredNorm());
    d -= w * (d.dot(w) / w.squaredNorm());
  }
  if (u.norm() > 1e-9L) d -= u * (d.dot(u) / u.squaredNorm());
  return d;
}

Vector shares(const Vector& x) { return x.sum() > 0 ? Vector(x / x.sum()) : x; }

/// x C x' of every row x.
Vector forms(const Matrix& rows, const Matrix& C) {
  return rows.lazyProduct(C).cwiseProduct(rows).rowwise().sum();
}

/// x C x' / |x|^2 of every row x; the mean of the others for a row of zeros.
Vector alignment(const Matrix& rows, const Matrix& C) {
  const Vector squares = rows.rowwise().squaredNorm();
  const Vector numerators = forms(rows, C);
  Vector result = Vector::Zero(rows.rows());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    if (squares[i] > 0) result[i] = numerators[i] / squares[i];
  }
  const auto others = static_cast<long double>((squares.array() > 0).count());
  const long double mean = others > 0 ? result.sum() / others : 1;
  return (squares.array() > 0).select(result, mean);
}

}  // namespace

Eigen::VectorXd formula(const Trajectory& trajectory,
                        const viann::DisplacementImportanceOptions& options,
                        std::size_t forgotten) {
  const Eigen::Index units = trajectory[0].cols();
  const bool remove_decay = options.remove_decay && units >= 16;
  const bool weigh_directions = options.weigh_directions && units <= 1024;
  const Matrix W0 = trajectory[0].cast<long double>();
  Matrix W = W0, C = Matrix::Zero(W0.cols(), W0.cols());
  Vector a = Vector::Ones(W0.rows()), L = Vector::Zero(W0.rows());
  long double harmonic = 0, harmonic_measured = 0;
  std::size_t measured = 0;
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    W = trajectory[t].cast<long double>();
    Matrix D = W - W0;
    for (Eigen::Index i = 0; remove_decay && i < D.rows(); ++i) {
      D.row(i) = without_decay(D.row(i).transpose(), W0.row(i).transpose()).transpose();
    }
    harmonic += 1 / static_cast<long double>(t);
    if (weigh_directions) {
      if (t == forgotten + 1) measured = 0;
      const bool is_due = 2 * t >= 3 * measured;
      if (!is_due || D.squaredNorm() == 0) continue;
      const Matrix now = D.transpose().lazyProduct(D) / D.squaredNorm();
      L += (harmonic - harmonic_measured) * shares(forms(D, now));
      C += (harmonic - harmonic_measured) * now;
      a = alignment(W, C);
    } else {
      L += (harmonic - harmonic_measured) * shares(D.rowwise().squaredNorm());
    }
    harmonic_measured = harmonic;
    measured = t;
  }
  const Vector final_shares = shares(a.cwiseProduct(W.rowwise().squaredNorm()));
  if (harmonic_measured > 0) L /= harmonic_measured;
  return L.cwiseProduct(final_shares).cwiseSqrt().cast<double>();
}
