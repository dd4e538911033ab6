// SPDX-License-Identifier: MIT
#pragma once

#include <xgboost/c_api.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "dataset.hpp"

namespace examples {

/// The importance of every feature to a random forest of 100 trees, grown by XGBoost: the total by
/// which its splits on the feature lower the squared error, which is Gini's impurity for one-hot
/// classes. Shares that sum to 1. Splits lie between `bins` quantiles of a feature: each value has
/// its bin unless there are more samples; fewer bins take less time.
/// \throws std::runtime_error with XGBoost's message.
inline Eigen::VectorXd random_forest_importance(const Dataset& data, std::uint64_t seed,
                                                int bins = 4096) {
  const auto check = [](int code) {
    if (code != 0) throw std::runtime_error(std::string("XGBoost: ") + XGBGetLastError());
  };
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::MatrixXf Z = standardize(data.X).cast<float>();
  const Eigen::VectorXf y =
      (data.classes.empty() ? standardize(data.y).col(0) : data.y).cast<float>();
  const bool classes = !data.classes.empty();
  const auto samples = static_cast<bst_ulong>(Z.rows());
  const auto features = static_cast<double>(Z.cols());

  // If splits are equally good, as many are in a node of few samples, XGBoost takes the first
  // feature's. So ten groups of ten trees each get the features in their own order.
  std::vector<Eigen::Index> order(static_cast<std::size_t>(Z.cols()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::mt19937_64 random(seed);
  Eigen::VectorXd importance = Eigen::VectorXd::Zero(Z.cols());
  for (int part = 0; part < 10; ++part) {
    std::shuffle(order.begin(), order.end(), random);
    const RowMajor X = Z(Eigen::all, order);
    DMatrixHandle matrix = nullptr;
    check(
        XGDMatrixCreateFromMat(X.data(), samples, static_cast<bst_ulong>(X.cols()), NAN, &matrix));
    const std::unique_ptr<void, decltype(&XGDMatrixFree)> matrix_owner(matrix, &XGDMatrixFree);
    check(XGDMatrixSetFloatInfo(matrix, "label", y.data(), samples));

    BoosterHandle forest = nullptr;
    check(XGBoosterCreate(&matrix, 1, &forest));
    const std::unique_ptr<void, decltype(&XGBoosterFree)> forest_owner(forest, &XGBoosterFree);
    const auto set = [&](const char* name, const std::string& value) {
      check(XGBoosterSetParam(forest, name, value.c_str()));
    };
    // A forest is one round that grows all trees side by side. Each tree sees .632 of the samples,
    // the share of distinct ones that a bootstrap sample has, and splits down to pure leaves.
    set("num_parallel_tree", "10");
    set("subsample", "0.632");
    set("eta", "1");
    set("lambda", "0");
    set("max_depth", "64");
    set("min_child_weight", "0.01");
    set("tree_method", "hist");  // the one that samples columns by node
    set("max_bin", std::to_string(bins));
    set("seed", std::to_string(random() >> 33));  // XGBoost's seed is an int
    set("nthread", "1");
    set("verbosity", "0");
    if (classes) {
      set("objective", "multi:softprob");
      set("num_class", std::to_string(data.classes.size()));
      set("colsample_bynode", std::to_string(std::sqrt(features) / features));
    } else {
      set("objective", "reg:squarederror");
    }
    check(XGBoosterUpdateOneIter(forest, 0, matrix));

    bst_ulong used_features = 0;
    const char** names = nullptr;  // "f0", "f1", ...; features without a split are left out
    bst_ulong dimensions = 0;
    const bst_ulong* shape = nullptr;
    const float* gains = nullptr;
    check(XGBoosterFeatureScore(forest, R"({"importance_type": "total_gain"})", &used_features,
                                &names, &dimensions, &shape, &gains));
    for (bst_ulong i = 0; i < used_features; ++i) {
      importance[order[std::stoul(names[i] + 1)]] += gains[i];
    }
  }
  const double sum = importance.sum();
  if (sum > 0) importance /= sum;  // otherwise there was nothing to split
  return importance;
}

}  // namespace examples
