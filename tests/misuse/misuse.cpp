// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile: each line gets the sentence that check.cmake has under the name
// in its comment. Types differ, because a compiler prints a sentence once per type.

#include <vector>
#include <viann/viann.hpp>
#ifdef WITH_MPI
#include <viann/adapters/mpi.hpp>
#endif

using viann::features_by_units;

void bare_weights(const Eigen::MatrixXd& W, const Eigen::MatrixXf& F) {
  viann::VarianceImportance<>().on_epoch_end(W);                             // error: axis
  viann::VarianceImportance<>().on_train_begin(F);                           // error: axis
  viann::VarianceImportance<>().on_epoch_end(2.0 * W.transpose());           // error: axis
  viann::DisplacementImportance<>().on_epoch_end(W.array());                 // error: axis
  viann::DisplacementImportance<>().on_train_begin(F.array());               // error: axis
  viann::LazyVarianceImportance<>().on_epoch_end(W.row(0), std::vector{1});  // error: axis
  viann::garson(W.col(0), features_by_units(W));                             // error: axis
}

void no_weights(const Eigen::MatrixXd& W) {
  features_by_units(std::vector<double>(12));                   // error: buffer
  viann::units_by_features(std::vector<std::vector<float>>());  // error: buffer
  features_by_units(Eigen::MatrixXcd(W));                       // error: complex
  float* rows[8] = {};
  double numbers[3][4] = {};
  features_by_units(numbers);               // error: buffer
  features_by_units(rows, 8, 16);           // error: pointer
  viann::units_by_features(numbers, 3, 4);  // error: pointer
}

void mask_for_indices(const Eigen::MatrixXd& W) {
  const std::vector<bool> mask(3);
  viann::LazyVarianceImportance<>().on_epoch_end(features_by_units(W), mask);  // error: mask
}

static_assert(viann::require_importance_hook<viann::WelfordAccumulator<>>());  // error: hook

#ifdef WITH_MPI
struct WithoutSettings : viann::VarianceImportance<> {
  void settings() const;
};

void parts_of_a_layer() {
  viann::mpi_scores_over_units(viann::DisplacementImportance<>());     // error: units
  viann::mpi_scores_over_features(viann::DisplacementImportance<>());  // error: features
  viann::mpi_scores_over_features(WithoutSettings());                  // error: settings
}
#endif
