// SPDX-License-Identifier: MIT
//
// A hook takes no bare matrix. Compiled with the axis (must work) and without (must not).

#include <viann/viann.hpp>

int main() {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Ones(3, 4);
  viann::VarianceImportance<> importance;
#if defined(BARE_EPOCH_END)
  importance.on_epoch_end(W);
#elif defined(BARE_TRAIN_BEGIN)
  importance.on_train_begin(W);
#elif defined(BARE_EXPRESSION)
  importance.on_epoch_end(2.0 * W.transpose());
#else
  importance.on_train_begin(viann::features_by_units(W));
  importance.on_epoch_end(viann::features_by_units(W));
#endif
}
