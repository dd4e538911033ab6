// SPDX-License-Identifier: MIT
#include "support/displacement_formula.hpp"

#include <cmath>

viann::DisplacementImportanceOptions with_decay() {
  viann::DisplacementImportanceOptions options;
  options.remove_decay = false;
  return options;
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

/// d + a w + b sign w with a, b >= 0: the shortest of all solutions with none, one or both of the
/// two, of which no more than w is taken.
Vector without_decay(const Vector& d, const Vector& w) {
  const Vector s = w.array().sign();
  const long double ww = w.squaredNorm(), ws = w.dot(s), ss = s.squaredNorm();
  if (ww < 1e-300L) return d;
  const long double x = -d.dot(w), y = -d.dot(s), determinant = ww * ss - ws * ws;
  long double best_a = 0, best_b = 0;
  const auto length = [&](long double a, long double b) { return (d + a * w + b * s).norm(); };
  const auto consider = [&](long double a, long double b) {
    if (a < 0 || b < 0 || length(a, b) >= length(best_a, best_b)) return;
    best_a = a;
    best_b = b;
  };
  consider(x / ww, 0);
  consider(0, y / ss);
  if (determinant > 1e-10L * ww * ss) {
    consider((x * ss - y * ws) / determinant, (y * ww - x * ws) / determinant);
  }
  if (best_a + best_b * ws / ww > 1) {  // more than all: the shortest that takes just all
    const long double b = best_b, most = ww / ws;
    best_a = 1;
    best_b = 0;
    consider(0, most);
    consider(1 - b / most, b);
  }
  const Vector rest = d + best_a * w + best_b * s;
  const long double rounding = 2.220446049250313e-16L * static_cast<long double>(d.size());
  return rest.squaredNorm() > rounding * d.squaredNorm() ? rest : Vector::Zero(d.size()).eval();
}

std::uint64_t mix(std::uint64_t x) {
  x += 11400714819323198485U;
  x ^= x >> 30;
  x *= 13787848793156543929U;
  x ^= x >> 27;
  x *= 10723151780598845931U;
  return x ^ x >> 31;
}

/// The means of shares, by features' (x . r'M)^2 summed over eight draws of signs r.
struct Mean {
  Vector sum;
  long double weight = 0;

  void add(const Matrix& rows, Matrix M, std::size_t epoch, long double epoch_weight) {
    if (sum.size() == 0) sum.setZero(rows.rows());
    const long double largest = M.cwiseAbs().maxCoeff();
    if (largest == 0) return;
    M /= largest;
    Vector squares = Vector::Zero(rows.rows());
    for (unsigned draw = 0; draw < 8; ++draw) {
      Vector r(rows.rows());
      for (Eigen::Index i = 0; i < r.size(); ++i) {
        r[i] = mix(mix(epoch) + static_cast<std::uint64_t>(i)) >> draw & 1U ? 1 : -1;
      }
      const Vector p = M.transpose().lazyProduct(r);
      squares += rows.lazyProduct(p).cwiseAbs2();
    }
    if (squares.sum() == 0) return;
    sum += epoch_weight * squares / squares.sum();
    weight += epoch_weight;
  }

  Vector value() const { return weight > 0 ? Vector(sum / weight) : sum; }
};

}  // namespace

Eigen::VectorXd formula(const Trajectory& trajectory, const Trajectory& gradients,
                        const viann::DisplacementImportanceOptions& options) {
  Mean movement, alignment, gradient;
  const Matrix start = trajectory[0].cast<long double>();
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    const Matrix W = trajectory[t].cast<long double>();
    Matrix D = W - start;
    for (Eigen::Index i = 0; options.remove_decay && W.cols() >= 16 && i < D.rows(); ++i) {
      D.row(i) = without_decay(D.row(i).transpose(), start.row(i).transpose()).transpose();
    }
    const auto epoch = static_cast<long double>(t);
    movement.add(D, D, t, 1 / epoch);
    alignment.add(W, W - trajectory[t - 1].cast<long double>(), t, std::sqrt(epoch));
    if (t <= gradients.size() && gradients[t - 1].size() > 0) {
      gradient.add(W, gradients[t - 1].cast<long double>(), t, std::sqrt(epoch));
    }
  }
  const Vector from_weights = movement.value().cwiseProduct(alignment.value()).cwiseSqrt();
  if (gradient.weight == 0) return from_weights.cast<double>();
  return from_weights.cwiseProduct(gradient.value()).cwiseSqrt().cast<double>();
}

viann::DisplacementImportance<> one_feature(const Trajectory& trajectory) {
  const auto view = [](const ColMajorMatrixXd& weights) {
    return viann::features_by_units(weights.row(0));
  };
  viann::DisplacementImportance<> hook;
  hook.on_train_begin(view(trajectory[0]));
  for (std::size_t t = 1; t < trajectory.size(); ++t) {
    hook.on_epoch_end(view(trajectory[t]), view(trajectory[t]));
  }
  return hook;
}
