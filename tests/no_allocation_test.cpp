// SPDX-License-Identifier: MIT
//
// After the first observation a hook allocates nothing. Counted at malloc itself, which the linker
// is told to route through here (--wrap), and at operator new, which libstdc++ would otherwise
// hand to a malloc out of the linker's sight.

#include <cstdlib>
#include <new>

#include "support/catch.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

namespace {
std::size_t allocations = 0;
}

extern "C" {
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* old, std::size_t size);
void* __wrap_malloc(std::size_t size) {
  ++allocations;
  return __real_malloc(size);
}
void* __wrap_calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __real_calloc(count, size);
}
void* __wrap_realloc(void* old, std::size_t size) {
  ++allocations;
  return __real_realloc(old, size);
}
}

void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

template <typename Call>
std::size_t allocations_in(const Call& call) {
  const std::size_t before = allocations;
  call();
  return allocations - before;
}

/// Lets a hook observe `view()` three times; the third time must allocate nothing.
template <typename Scalar = double, typename View>
void check_allocates_nothing(const View& view) {
  viann::VarianceImportance<Scalar> importance;
  CHECK(allocations_in([&] { importance.on_epoch_end(view()); }) > 0);
  importance.on_epoch_end(view());
  CHECK(allocations_in([&] { importance.on_epoch_end(view()); }) == 0);
}

}  // namespace

TEST_CASE("the counter counts") {
  Eigen::MatrixXd matrix;  // outside of the calls, so that no compiler leaves it out
  std::vector<int> numbers;
  CHECK(allocations_in([&] { matrix.setZero(300, 200); }) == 1);
  CHECK(allocations_in([&] { numbers.resize(300); }) == 1);
  CHECK(allocations_in([&] { matrix.setOnes(); }) == 0);
  CHECK(matrix.sum() + numbers[0] == 60000);
}

TEST_CASE("observing allocates nothing after the first observation") {
  using viann::features_by_units;
  using viann::units_by_features;
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  const RowMajor R = W;
  const Eigen::MatrixXf F = W.cast<float>();
  const Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic> H = W.cast<Eigen::half>();
  const Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>> map(W.data(), 650, 30,
                                                                       Eigen::OuterStride<>(700));
  const Eigen::Ref<const Eigen::MatrixXd> ref(W);

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
  check_allocates_nothing([&] { return features_by_units(0.5 * W - map(0, 0) * W); });
  check_allocates_nothing<float>([&] { return features_by_units(W); });
  check_allocates_nothing<float>([&] { return units_by_features(F); });
  check_allocates_nothing<long double>([&] { return features_by_units(W); });
}

TEST_CASE("a change of memory order allocates nothing either") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  const Eigen::MatrixXd transposed = W.transpose();
  viann::VarianceImportance<> importance;
  importance.on_epoch_end(viann::features_by_units(W));
  CHECK(allocations_in([&] { importance.on_epoch_end(viann::units_by_features(transposed)); }) ==
        0);
}

TEST_CASE("the accumulator alone allocates nothing after the first sample") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  viann::WelfordAccumulator<> accumulator;
  CHECK(allocations_in([&] { accumulator(W); }) == 2);  // mean and M2: no more is kept
  CHECK(allocations_in([&] { accumulator(W); }) == 0);
  CHECK(allocations_in([&] { accumulator(2 * W.array() + 1); }) == 0);
}

TEST_CASE("what is kept is two Scalars per weight and one double per feature") {
  const Eigen::MatrixXd W = Eigen::MatrixXd::Random(700, 30);
  viann::VarianceImportance<> importance;
  CHECK(allocations_in([&] { importance.on_epoch_end(viann::features_by_units(W)); }) == 3);
}
