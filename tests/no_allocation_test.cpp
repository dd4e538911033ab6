// SPDX-License-Identifier: MIT
//
// A hook allocates nothing after the first observation, and what it keeps has the documented size.

#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

namespace {

/// Lets a hook observe `view()`; only the first observation may allocate.
template <typename Hook, typename View>
void check_hook_allocates_nothing(const View& view) {
  Hook hook;
  CHECK(allocations_in([&] {
          hook.on_train_begin(view());
          hook.on_epoch_end(view());
        }) > 0);
  CHECK(allocations_in([&] { hook.on_epoch_end(view()); }) == 0);
}

template <typename Scalar = double, typename View>
void check_allocates_nothing(const View& view) {
  check_hook_allocates_nothing<viann::VarianceImportance<Scalar>>(view);
  check_hook_allocates_nothing<viann::DisplacementImportance<Scalar>>(view);
}

}  // namespace

TEST_CASE("the counter counts") {
  Eigen::MatrixXd matrix;  // outside of the calls, so that no compiler removes it
  std::vector<int> numbers;
  CHECK(allocations_in([&] { matrix.setZero(300, 200); }) == 1);
  CHECK(allocations_in([&] { numbers.resize(300); }) == 1);
  CHECK(allocations_in([&] { matrix.setOnes(); }) == 0);
  CHECK(matrix.sum() + numbers[0] == 60000);
}

TEST_CASE("observing allocates nothing after the first observation") {
  using viann::features_by_units;
  using viann::units_by_features;
  using ColMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const ColMajor W = ColMajor::Random(700, 40);
  const RowMajor R = W;
  const Eigen::MatrixXf F = W.cast<float>();
  const Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic> H = W.cast<Eigen::half>();
  const Eigen::Map<const ColMajor, 0, Eigen::OuterStride<>> map(W.data(), 650, 30,
                                                                Eigen::OuterStride<>(700));
  const Eigen::Ref<const ColMajor> ref(W);

  check_allocates_nothing([&] { return features_by_units(W); });
  check_allocates_nothing([&] { return units_by_features(W); });
  check_allocates_nothing([&] { return features_by_units(R); });
  check_allocates_nothing([&] { return units_by_features(R); });
  check_allocates_nothing([&] { return features_by_units(R.data(), 700, 30); });
  check_allocates_nothing([&] { return units_by_features(F.data(), 700, 30); });
  check_allocates_nothing([&] { return features_by_units(F); });
  check_allocates_nothing([&] { return units_by_features(H); });
  check_allocates_nothing([&] { return features_by_units(W.array()); });
  check_allocates_nothing([&] { return features_by_units(W.block(3, 4, 600, 20)); });
  check_allocates_nothing([&] { return units_by_features(W.transpose()); });
  check_allocates_nothing([&] { return features_by_units(map); });
  check_allocates_nothing([&] { return units_by_features(ref); });
  check_allocates_nothing<float>([&] { return features_by_units(W); });
  check_allocates_nothing<float>([&] { return units_by_features(F); });
  check_allocates_nothing<long double>([&] { return features_by_units(W); });
}

TEST_CASE("what needs the initial weights allocates nothing after them") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 40);
  const Eigen::MatrixXd narrow = W.leftCols(15);  // weight decay stays in
  for (const auto* weights : {&W, &narrow}) {
    const Eigen::MatrixXd doubled = 2 * *weights;
    viann::DisplacementImportance<> importance;
    importance.on_train_begin(viann::features_by_units(*weights));
    CHECK(allocations_in([&] {
            importance.on_epoch_end(viann::features_by_units(*weights));
            importance.on_epoch_end(viann::features_by_units(doubled));
          }) == 0);
  }
}

TEMPLATE_TEST_CASE("a change of memory order allocates nothing either", "",
                   viann::VarianceImportance<>, viann::DisplacementImportance<>) {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  const Eigen::MatrixXd transposed = W.transpose();
  TestType hook;
  hook.on_train_begin(viann::features_by_units(W));
  hook.on_epoch_end(viann::features_by_units(W));
  CHECK(allocations_in([&] { hook.on_epoch_end(viann::units_by_features(transposed)); }) == 0);
}

TEST_CASE("the accumulator alone allocates nothing after the first sample") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  viann::WelfordAccumulator<> accumulator;
  CHECK(allocations_in([&] { accumulator(W); }) == 2);  // mean and M2, nothing else
  CHECK(allocations_in([&] { accumulator(W); }) == 0);
  CHECK(allocations_in([&] { accumulator(W.bottomRows(700).array()); }) == 0);
}

TEST_CASE("what is kept is two Scalars per weight and one double per feature") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  viann::VarianceImportance<> importance;
  CHECK(allocations_in([&] { importance.on_epoch_end(viann::features_by_units(W)); }) == 3);
  const ColMajorMatrixXd wide = ColMajorMatrixXd::Random(70, 100);
  viann::VarianceImportance<> contiguous_features;
  const std::size_t bytes =
      bytes_in([&] { contiguous_features.on_epoch_end(viann::features_by_units(wide)); });
  CHECK(bytes < 8 * 70 * (2 * 100 + 1) + 1000);
}

TEST_CASE("a displacement is one Scalar per weight, and some numbers for features and units") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 300),
                        G = Eigen::MatrixXd::Random(700, 300);
  viann::DisplacementImportance<> importance;
  const std::size_t bytes =
      bytes_in([&] { importance.on_train_begin(viann::features_by_units(W)); });
  CHECK(bytes >= 8 * 700 * 300);
  // 700 features are walked in two parts, with four sketches of eight vectors each.
  CHECK(bytes < 8 * (700 * 300 + (2 * 4 + 1) * 8 * 300 + 9 * 700) + 2000);
  CHECK(allocations_in([&] {
          importance.on_epoch_end(viann::features_by_units(W));
          importance.on_epoch_end(viann::units_by_features(W.transpose()),
                                  viann::features_by_units(G));
        }) == 0);
}

TEST_CASE("an archive that tells of more than it holds takes little memory") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(7, 3);
  constexpr std::int64_t many = std::int64_t{1} << 40;
  const auto check = [](auto& object, std::size_t index, const std::vector<std::int64_t>& shape) {
    const std::string bytes = altered(words_of(saved(object)), index, shape);
    CHECK(bytes_in([&] { CHECK_THROWS_AS(load(object, bytes), std::runtime_error); }) < 200000);
  };
  viann::WelfordAccumulator<> accumulator;
  accumulator(W);
  viann::VarianceImportance<> begun, variance;
  begun.on_train_begin(viann::features_by_units(W));
  variance.on_epoch_end(viann::features_by_units(W));
  viann::DisplacementImportance<> displacement;
  displacement.on_train_begin(viann::features_by_units(W));
  viann::ScoreHistory history;
  history.add(1, W.col(0));
  for (const auto& [rows, cols] : {std::pair{many, std::int64_t{3}}, {7, many}, {many, 1 << 19}}) {
    CAPTURE(rows, cols);
    check(accumulator, 4, {rows, cols});
    check(variance, 7, {rows, cols, 1, 1, rows, cols});
    check(displacement, 5, {rows, cols});
  }
  check(begun, 7, {many, 3});
  check(history, 3, {256, 1, many, 1});
  check(history, 3, {many, many, 7, many});
}

TEST_CASE("loading takes memory in proportion to what is loaded") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(300, 200);
  viann::WelfordAccumulator<> accumulator, loaded;
  accumulator(W);
  std::istringstream stream(saved(accumulator));
  CHECK(bytes_in([&] { viann::load(stream, loaded); }) < 4 * 2 * 8 * 300 * 200);
  CHECK(loaded == accumulator);
}
