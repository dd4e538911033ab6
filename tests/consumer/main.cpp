// SPDX-License-Identifier: MIT
#include <iostream>
#include <viann/variance_importance.hpp>

int main() {
  Eigen::MatrixXd weights = Eigen::MatrixXd::Ones(3, 4);
  viann::VarianceImportance<> importance;
  for (int epoch = 0; epoch < 5; ++epoch) {
    weights.row(1) *= 2;
    importance.on_epoch_end(viann::features_by_units(weights));
  }
  std::cout << importance.scores().transpose() << "\n";
  return importance.scores() == Eigen::Vector3d(0, 1, 0) ? 0 : 1;
}
