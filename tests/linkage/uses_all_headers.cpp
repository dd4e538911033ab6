// SPDX-License-Identifier: MIT
//
// Compiled twice, with LINKAGE_UNIT first and second: what a header defines must be inline.

#include <viann/viann.hpp>

double LINKAGE_UNIT() {
  viann::VarianceImportance<> importance;
  importance.on_epoch_end(viann::features_by_units(Eigen::Matrix2d::Zero()));
  importance.on_epoch_end(viann::units_by_features(Eigen::Matrix2d::Identity()));
  viann::DisplacementImportance<> displacement;
  displacement.on_train_begin(viann::features_by_units(Eigen::MatrixXd::Ones(2, 16)));
  displacement.on_epoch_end(viann::features_by_units(Eigen::MatrixXd::Identity(2, 16)));
  if (displacement.scores().size() != 2) return -1;
  if (viann::kendall(importance.scores(), importance.raw_scores()) < 0) return -1;
  return viann::sum_to_one(importance.scores())[viann::ranking(importance.scores())[0]];
}
