// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "viann/detail/requirements.hpp"

/// Gaussian knockoffs of second order, several for every input: its twins.

namespace viann::detail {

using Numbers = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
using Groups = std::vector<std::vector<Eigen::Index>>;  ///< columns by group

/// Minimum variance-based reconstructability (A. Spector & L. Janson, The Annals of Statistics
/// 50(1), 2022), by coordinate descent: the s by column, one for each group, with the least trace
/// of the inverse of the covariance of inputs and m twins,
///
///     m sum_j 1 / s_j + tr(M),   M = ((m + 1) R - m S)^-1
///
/// A step of one s updates M by rank one, so its minimum has a closed form; for a group, with norms
/// in the place of numbers, it is the minimum of an upper bound that is exact where the step
/// starts.
inline Eigen::VectorXd least_reconstructable(const Numbers& R, const Groups& groups, double m) {
  const auto inverse = [](const Numbers& A) -> Numbers {
    return A.llt().solve(Numbers(Numbers::Identity(A.rows(), A.cols())));
  };
  // R's least eigenvalue is feasible, and this norm of its inverse is not below 1 / that.
  Eigen::VectorXd s(R.rows());
  s.setConstant(0.5 / inverse(R).cwiseAbs().rowwise().sum().maxCoeff());
  double change = 1;
  for (int sweep = 0; change > 1e-3 && sweep < 100; ++sweep) {
    change = 0;
    Numbers M = inverse((m + 1) * R - m * Numbers(s.asDiagonal()));
    for (const auto& group : groups) {
      const double root = std::sqrt(static_cast<double>(group.size()));
      const double before = s[group[0]], a = m * M(group, group).norm();
      const double after = root * (1 + before * a) / (M(Eigen::all, group).norm() + root * a);
      const double step = m * (after - before);
      for (const Eigen::Index j : group) {
        const Eigen::VectorXd column = M.col(j);
        M.noalias() += (step / (1 - step * column[j]) * column) * column.transpose();
        s[j] = after;
      }
      change = (std::max)(change, std::abs(after / before - 1));
    }
  }
  return s;
}

/// How twins are made: twin = row - (row - mean) * pull + (u - v) * own + sqrt(m) * v * common,
/// with standard normal u, as many as inputs, for each of m twins, and v their mean over the twins.
struct KnockoffMaps {
  Eigen::Index twins;
  Eigen::RowVectorXd mean;
  Eigen::VectorXd s;          // by input; 0 if it is constant
  Numbers pull, own, common;  // inputs x inputs

  /// \param noise  samples x (twins * inputs): u by twin
  Numbers twins_of(const Numbers& X, const Numbers& noise) const {
    const auto m = static_cast<double>(twins);
    const auto u = [&](Eigen::Index k) { return noise.middleCols(k * X.cols(), X.cols()); };
    Numbers v = Numbers::Zero(X.rows(), X.cols());
    for (Eigen::Index k = 0; k < twins; ++k) v += u(k) / m;
    const Numbers shared = X - (X.rowwise() - mean) * pull + v * (std::sqrt(m) * common - own);
    Numbers result(X.rows(), twins * X.cols());
    for (Eigen::Index k = 0; k < twins; ++k) {
      result.middleCols(k * X.cols(), X.cols()) = shared + u(k) * own;
    }
    return result;
  }
};

/// J. R. Gimenez & J. Zou, AISTATS 2019: twins z_k of inputs z with covariance C have
///
///     E[z_k | z] = z - z C^-1 S,   Cov[z_k, z_l | z] = S [k = l] + S - S C^-1 S
///
/// so that the covariance is C in each, and C - S between any two. z are the standardised inputs,
/// and S has blocks s C of groups. C gets a 1e-10 on its diagonal: where inputs depend linearly on
/// others, s becomes as small and twins become copies to 1e-5.
inline KnockoffMaps knockoff_maps(const Eigen::Ref<const Eigen::VectorXd>& mean,
                                  const Numbers& covariance, const Groups& groups,
                                  Eigen::Index twins) {
  const Eigen::Index inputs = mean.size();
  Eigen::VectorXd deviations = covariance.diagonal().cwiseSqrt(), scales = deviations;
  for (Eigen::Index j = 0; j < inputs; ++j) {  // a constant's variance may be rounded from 0
    if (deviations[j] <= 1e-12 * std::abs(mean[j])) deviations[j] = 0;
    scales[j] = deviations[j] > 0 ? 1 / deviations[j] : 0;
  }
  Numbers C = scales.asDiagonal() * covariance * scales.asDiagonal();
  C.diagonal().array() += 1e-10;
  const Eigen::LLT<Numbers> factor(C);
  if (factor.info() != Eigen::Success) {
    throw std::invalid_argument(
        "viann::KnockoffSampler: the covariance has a negative eigenvalue; pass one of data.");
  }

  Numbers root = Numbers::Zero(inputs, inputs);  // upper: of C's blocks
  for (const auto& group : groups)
    root(group, group) = Numbers(C(group, group).eval().llt().matrixU());
  const auto lower = root.transpose().triangularView<Eigen::Lower>();
  Numbers R = C;  // of inputs that are made uncorrelated within their groups
  lower.solveInPlace(R);
  lower.solveInPlace(R.transpose());

  const auto m = static_cast<double>(twins);
  KnockoffMaps maps{twins, mean.transpose(), least_reconstructable(R, groups, m), {}, {}, {}};
  maps.own = maps.s.cwiseSqrt().asDiagonal() * root;
  const Numbers S = maps.own.transpose() * maps.own;
  const Numbers solved = factor.solve(S);
  maps.common =
      Numbers(Numbers((1 + 1 / m) * S - S * solved).llt().matrixU()) * deviations.asDiagonal();
  maps.pull = scales.asDiagonal() * solved * deviations.asDiagonal();
  maps.own = maps.own * deviations.asDiagonal();
  maps.s = (deviations.array() > 0).select(maps.s, 0);
  return maps;
}

/// Standard normal numbers (G. E. P. Box & M. E. Muller, The Annals of Mathematical Statistics
/// 29(2), 1958). A row's number and the seed decide the row, on every platform, up to rounding.
inline Numbers normal_rows(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed,
                           Eigen::Index first_row) {
  Numbers result(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i) {
    const auto number = static_cast<std::uint64_t>(first_row + i) + 1;
    std::mt19937_64 random(seed ^ (0x9E3779B97F4A7C15U * number));
    const auto uniform = [&] { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; };
    for (Eigen::Index j = 0; j < columns; ++j) {
      const double radius = std::sqrt(-2 * std::log(uniform()));
      result(i, j) = radius * std::cos(6.283185307179586 * uniform());
    }
  }
  return result;
}

/// Makes the noise orthogonal: to 1, to X and itself, with variance 1 (dividing by samples - 1).
/// Needs as many samples as there are columns in all.
inline void make_orthogonal(Numbers& noise, const Numbers& X) {
  Numbers all(noise.rows(), 1 + X.cols() + noise.cols());
  all << Eigen::VectorXd::Ones(noise.rows()), X, noise;
  const Eigen::HouseholderQR<Numbers> qr(all);
  const double scale = std::sqrt(static_cast<double>(noise.rows() - 1));
  noise.setZero();
  for (Eigen::Index j = 0, i = 1 + X.cols(); j < noise.cols(); ++i, ++j) {
    noise(i, j) = qr.matrixQR()(i, i) < 0 ? -scale : scale;  // the signs of Gram and Schmidt
  }
  noise.applyOnTheLeft(qr.householderQ());
}

/// Shrinks the covariance of few samples towards uncorrelated inputs (O. Ledoit & M. Wolf, Journal
/// of Multivariate Analysis 88(2), 2004, for standardised inputs).
inline void shrink(Numbers& covariance, const Numbers& centred) {
  const auto n = static_cast<double>(centred.rows());
  Numbers Z = centred;
  for (auto z : Z.colwise()) z *= z.norm() > 0 ? std::sqrt(n) / z.norm() : 0;
  const Numbers C = Z.transpose() * Z / n;
  const double error = (Z.rowwise().squaredNorm().squaredNorm() / n - C.squaredNorm()) / n;
  const double distance = (C - Numbers(C.diagonal().asDiagonal())).squaredNorm();
  const double kept = error < distance ? 1 - error / distance : 0;
  covariance = kept * covariance + (1 - kept) * Numbers(covariance.diagonal().asDiagonal());
}

}  // namespace viann::detail
