// SPDX-License-Identifier: MIT
//
// A hook takes no bare matrix, a view no buffer without sizes and no complex numbers, not
// everything is a hook, and not every hook scores a layer in parts. Compiled as it should be (must
// work) and with one mistake at a time (must not).

#include <vector>
#include <viann/viann.hpp>
#if defined(DISPLACEMENT_OVER_UNITS) || defined(DISPLACEMENT_OVER_FEATURES) || defined(NO_SETTINGS)
#include <viann/adapters/mpi.hpp>
struct WithoutSettings : viann::VarianceImportance<> {
  void settings() const;
};
#endif

int main() {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Ones(3, 4);
  viann::VarianceImportance<> importance;
#if defined(BARE_EPOCH_END)
  importance.on_epoch_end(W);
#elif defined(BARE_TRAIN_BEGIN)
  importance.on_train_begin(W);
#elif defined(BARE_EXPRESSION)
  importance.on_epoch_end(2.0 * W.transpose());
#elif defined(BARE_DISPLACEMENT)
  viann::DisplacementImportance<>().on_epoch_end(W);
#elif defined(BARE_TABLE)
  viann::LazyVarianceImportance<>().on_epoch_end(W, std::vector<int>{1});
#elif defined(MASK_OF_ROWS)
  viann::LazyVarianceImportance<>().on_epoch_end(viann::features_by_units(W), std::vector<bool>(3));
#elif defined(NO_HOOK)
  static_assert(viann::require_importance_hook<viann::WelfordAccumulator<>>());
#elif defined(VECTOR_OF_NUMBERS)
  importance.on_epoch_end(viann::features_by_units(std::vector<double>(12)));
#elif defined(COMPLEX_WEIGHTS)
  importance.on_epoch_end(viann::features_by_units(Eigen::MatrixXcd(W)));
#elif defined(DISPLACEMENT_OVER_UNITS)
  viann::mpi_scores_over_units(viann::DisplacementImportance<>());
#elif defined(DISPLACEMENT_OVER_FEATURES)
  viann::mpi_scores_over_features(viann::DisplacementImportance<>());
#elif defined(NO_SETTINGS)
  viann::mpi_scores_over_features(WithoutSettings());
#else
  importance.on_train_begin(viann::features_by_units(W));
  importance.on_epoch_end(viann::features_by_units(W));
#endif
}
