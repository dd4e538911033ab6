// SPDX-License-Identifier: MIT
//
// Linked with the other tests, which include these headers, too: what a header defines must be
// inline.

#ifdef WITH_MACROS_OF_SYSTEM_HEADERS
// windows.h defines min and max, Apple's AssertMacros.h the others. The standard library and Eigen
// cope with them on their own, so they come first here.
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define check(assertion) static_cast<void>(assertion)
#define verify(assertion) static_cast<void>(assertion)
#define require(assertion, label) static_cast<void>(assertion)
#endif

#include <viann/tools/html_report.hpp>
#include <viann/tools/selection.hpp>
#include <viann/viann.hpp>

double largest_share() {
  viann::VarianceImportance<> importance;
  importance.on_epoch_end(viann::features_by_units(Eigen::Matrix2d::Zero()));
  importance.on_epoch_end(viann::units_by_features(Eigen::Matrix2d::Identity()));
  viann::DisplacementImportance<> displacement;
  displacement.on_train_begin(viann::features_by_units(Eigen::MatrixXd::Ones(2, 16)));
  displacement.on_epoch_end(viann::features_by_units(Eigen::MatrixXd::Identity(2, 16)));
  if (displacement.scores().size() != 2) return -1;
  if (viann::spearman(importance.scores(), importance.raw_scores()) < 0) return -1;
  if (viann::html_report(viann::Report({"a", "b"}, importance.scores())).empty()) return -1;
  return viann::sum_to_one(importance.raw_scores())[viann::ranking(importance.scores())[0]];
}
