// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"

/// Gaussian knockoffs of second order, several for every input: its twins.

namespace viann::detail {

using Numbers = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
using Groups = std::vector<std::vector<Eigen::Index>>;  ///< columns by group

/// Cholesky's factor, the upper triangular U with U'U = A.
inline Numbers cholesky(const Numbers& A) {
  const Eigen::LLT<Numbers, Eigen::Upper> factor(A);
  if (factor.info() == Eigen::Success) return factor.matrixU();
  throw std::invalid_argument(
      "viann::KnockoffSampler: the covariance has a negative eigenvalue; pass one of data.");
}

inline Numbers inverse_of_upper(const Numbers& U) {
  return U.triangularView<Eigen::Upper>().solve(Numbers::Identity(U.rows(), U.cols()));
}

inline Numbers inverse_of(const Numbers& A) {
  const Numbers V = inverse_of_upper(cholesky(A));
  return V * Numbers(V.transpose());
}

/// The mean products of columns, dividing by samples - 1.
inline Numbers products(const Numbers& A, const Numbers& B) {
  return Numbers(Numbers(A.transpose()) * B) / static_cast<double>(A.rows() - 1);
}

/// Minimum variance-based reconstructability (A. Spector & L. Janson, The Annals of Statistics
/// 50(1), 2022): the s by column, the same within a group, with the least trace of the inverse of
/// the covariance of inputs and m twins, m sum 1 / s + tr(M), where M = ((m + 1) R - m S)^-1.
///
/// Coordinate descent: a step of one s updates M by rank one, so its minimum has a closed form. For
/// a group, norms take the place of numbers; that is the minimum of an upper bound which is exact
/// where the step starts.
inline Eigen::VectorXd least_reconstructable(const Numbers& R, const Groups& groups, double m) {
  // s = R's least eigenvalue is feasible; this norm of the inverse is not below 1 / that.
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(R.cols());
  Eigen::VectorXd s = ones * (0.5 / (inverse_of(R).cwiseAbs() * ones).maxCoeff());
  double change = 1;
  for (int sweep = 0; change > 1e-3 && sweep < 100; ++sweep) {
    Numbers M = (m + 1) * R;
    M.diagonal() -= m * s;
    M = inverse_of(M);
    change = 0;
    for (const auto& group : groups) {
      double a = 0;
      double b = 0;
      for (const Eigen::Index j : group) {
        for (const Eigen::Index i : group) a += M(i, j) * M(i, j);
        b += M.col(j).squaredNorm();
      }
      const double root = std::sqrt(static_cast<double>(group.size()));
      const double before = s[group[0]];
      a = m * std::sqrt(a);
      const double after = root * (1 + before * a) / (std::sqrt(b) + root * a);
      for (const Eigen::Index j : group) {
        const double step = m * (after - before);
        const Eigen::VectorXd column = M.col(j);
        const Eigen::VectorXd scaled = column * (step / (1 - step * column[j]));
        for (Eigen::Index i = 0; i < M.cols(); ++i) M.col(i) += scaled[i] * column;
        s[j] = after;
      }
      change = (std::max)(change, std::abs(after / before - 1));
    }
  }
  return s;
}

/// Makes twins z_k of standardised inputs z with covariance C (J. R. Gimenez & J. Zou, AISTATS
/// 2019):
///
///     E[z_k | z] = z - z C^-1 S,   Cov[z_k, z_l | z] = S [k = l] + S - S C^-1 S
///
/// so that the covariance is C in each, and C - S between any two. S has blocks s C of groups.
class KnockoffMaker {
 public:
  KnockoffMaker(Eigen::VectorXd mean, const Eigen::VectorXd& variances, Eigen::Index twins)
      : twins_(twins), mean_(std::move(mean)), scales_(variances.cwiseSqrt()) {
    // A constant's variance may be rounded from 0.
    for (Eigen::Index j = 0; j < mean_.size(); ++j) {
      scales_[j] = scales_[j] > 1e-12 * std::abs(mean_[j]) ? 1 / scales_[j] : 0;
    }
  }

  const Eigen::VectorXd& mean() const { return mean_; }
  const Eigen::VectorXd& scales() const { return scales_; }  ///< 1 / deviation; 0 of a constant
  const Eigen::VectorXd& s() const { return s_; }            ///< by input; 0 of a constant

  Numbers standardized(const Numbers& X) const {
    return (X.rowwise() - mean_.transpose()) * scales_.asDiagonal();
  }

  /// \param C  correlation; 0 of a constant. It gets 1e-9 on the diagonal: where inputs depend
  ///           linearly on others, s becomes as small, and twins become copies to 1e-4.
  void fit(Numbers C, const Groups& groups) {
    C.diagonal().array() += 1e-9;
    Numbers blocks = Numbers::Zero(C.rows(), C.cols());
    for (const auto& group : groups) {
      for (const Eigen::Index j : group) {
        for (const Eigen::Index i : group) blocks(i, j) = C(i, j);
      }
    }
    const auto m = static_cast<double>(twins_);
    // R: in coordinates that are uncorrelated within groups, where S is diagonal.
    const Numbers root = cholesky(blocks);
    const Numbers whitening = inverse_of_upper(root);
    const Numbers R = Numbers(whitening.transpose()) * Numbers(C * whitening);
    s_ = least_reconstructable(R, groups, m);
    const Numbers pull = inverse_of(R) * s_.asDiagonal();
    Numbers common = -(s_.asDiagonal() * pull);
    common.diagonal() += (1 + 1 / m) * s_;
    own_ = s_.cwiseSqrt().asDiagonal() * root;
    pull_ = whitening * Numbers(pull * root);
    mixed_ = std::sqrt(m) * Numbers(cholesky(common) * root) - own_;
    s_ = (scales_.array() > 0).select(s_, 0);
  }

  /// \param noise  samples x (twins * inputs): independent normal numbers of variance 1
  Numbers twins_of(const Numbers& X, Numbers noise) const {
    const Eigen::Index inputs = X.cols();
    Numbers mean = Numbers::Zero(X.rows(), inputs);
    for (Eigen::Index k = 0; k < twins_; ++k) mean += noise.middleCols(k * inputs, inputs);
    mean /= static_cast<double>(twins_);
    const Numbers shared = Numbers(mean * mixed_) - Numbers(standardized(X) * pull_);
    for (Eigen::Index k = 0; k < twins_; ++k) {
      const Numbers moved = shared + Numbers(Numbers(noise.middleCols(k * inputs, inputs)) * own_);
      for (Eigen::Index j = 0; j < inputs; ++j) {
        const double deviation = scales_[j] > 0 ? 1 / scales_[j] : 0;
        noise.col(k * inputs + j) = X.col(j) + deviation * moved.col(j);
      }
    }
    return noise;
  }

 private:
  Eigen::Index twins_;
  Eigen::VectorXd mean_, scales_, s_;
  Numbers pull_, mixed_, own_;  // twin: z - z pull + mean noise of the twins * mixed + noise * own
};

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

/// Makes noise orthogonal to 1 and to the standardised inputs Z, with variance 1 (dividing by
/// samples - 1). With more samples than columns in all, its columns are orthogonal to each other,
/// too, and the variance is exact; else, with more than inputs + 1, it is 1 in expectation.
inline void make_orthogonal(Numbers& noise, const Numbers& Z) {
  const Eigen::Index inputs = Z.cols();
  const bool is_exact = Z.rows() > inputs + noise.cols();
  const double shrinkage =
      std::sqrt(1 - static_cast<double>(inputs) / static_cast<double>(Z.rows() - 1));
  Numbers C = products(Z, Z);
  Numbers before(Z.rows(), inputs + noise.cols());
  C.diagonal().array() += 1e-9;
  before.leftCols(inputs) = Z * inverse_of_upper(cholesky(C));
  for (Eigen::Index first = 0; first < noise.cols(); first += inputs) {
    Numbers block = noise.middleCols(first, inputs);
    const Numbers others = before.leftCols(inputs + (is_exact ? first : 0));
    for (int pass = 0; pass < 2; ++pass) {  // the second removes what rounding left
      block.rowwise() -= block.colwise().mean().eval();
      block -= Numbers(others * products(others, block));
      if (is_exact) block = Numbers(block * inverse_of_upper(cholesky(products(block, block))));
    }
    if (!is_exact) block /= shrinkage;
    noise.middleCols(first, inputs) = before.middleCols(inputs + first, inputs) = block;
  }
}

inline Groups knockoff_groups(std::vector<Eigen::Index> groups, Eigen::Index features,
                              Eigen::Index twins, const char* function) {
  if (twins < 1) {
    throw std::invalid_argument(concat("viann::", function, ": ", twins,
                                       " twins of an input are no twins; ask for 1 or more."));
  }
  if (groups.empty()) {
    groups.resize(static_cast<std::size_t>(features));
    std::iota(groups.begin(), groups.end(), Eigen::Index{0});
  }
  return features_of_groups(groups, features, function);
}

/// A copy of rows that twins can be made of.
template <typename Derived>
Numbers finite_rows(const Eigen::DenseBase<Derived>& rows, const char* function) {
  Numbers X = rows.derived().matrix().template cast<double>();
  if (X.size() == 0) {
    throw std::invalid_argument(concat("viann::", function, ": there are ", X.rows(), " samples x ",
                                       X.cols(), " features; twins take one or more of both."));
  }
  for (Eigen::Index i = 0; i < X.size(); ++i) {
    if (std::isfinite(X.data()[i])) continue;
    throw std::invalid_argument(concat("viann::", function, ": feature ", i / X.rows(),
                                       " of sample ", i % X.rows(), " is ", X.data()[i],
                                       "; only finite data have twins."));
  }
  return X;
}

}  // namespace viann::detail
