// SPDX-License-Identifier: MIT
#include "viann/adapters/dlpack.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/strided_buffer.hpp"
#include "support/trajectories.hpp"
#ifdef VIANN_WITH_DLPACK
#include <dlpack/dlpack.h>
#endif

using Eigen::Index;
using viann::dlpack_weights;
using viann::features_by_units;
using viann::units_by_features;

namespace {

/// The members of a DLTensor, where there is no dlpack.h: as TVM and others copy them.
struct StandIn {
  void* data;
  struct {
    std::int32_t device_type;
    std::int32_t device_id;
  } device;
  std::int32_t ndim;
  struct {
    std::uint8_t code;
    std::uint8_t bits;
    std::uint16_t lanes;
  } dtype;
  std::int64_t* shape;
  std::int64_t* strides;
  std::uint64_t byte_offset;
};

#ifdef VIANN_WITH_DLPACK
#define VIANN_DLTENSORS StandIn, DLTensor
static_assert(kDLCPU == 1 && kDLCUDAHost == 3 && kDLROCMHost == 11);
static_assert(kDLFloat == 2 && kDLBfloat == 4);
#else
#define VIANN_DLTENSORS StandIn
#endif

/// A tensor on the CPU, and what it points to.
template <typename Tensor>
struct Held {
  std::array<std::int64_t, 2> shape = {3, 5};
  std::array<std::int64_t, 2> strides = {};
  Tensor tensor = {};

  template <typename Number>
  explicit Held(Number* data, Strides s = {0, 0}) : strides{s.row, s.col} {
    tensor.data = data;
    set_device(1);
    tensor.ndim = 2;
    constexpr bool is_bfloat = std::is_same_v<Number, Eigen::bfloat16>;
    tensor.dtype.code = is_bfloat ? 4 : 2;
    tensor.dtype.bits = static_cast<std::uint8_t>(8 * sizeof(Number));
    tensor.dtype.lanes = 1;
    tensor.shape = shape.data();
    tensor.strides = s.row == 0 ? nullptr : strides.data();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void set_device(int type) {
    using Type = decltype(tensor.device.device_type);
    tensor.device.device_type = static_cast<Type>(type);
  }
};

template <typename View>
void check(const View& view, const ColMajorMatrixXd& expected) {
  REQUIRE(view.features() == expected.rows());
  REQUIRE(view.units() == expected.cols());
  CHECK(view.values() == expected);
}

template <typename Tensor, typename Number>
void check_all_strides() {
  for (const Strides strides : strides_of_3_x_5()) {
    CAPTURE(strides.row, strides.col);
    StridedBuffer<Number> buffer(numbered(), strides.row, strides.col);
    const Held<Tensor> held(buffer.data(), strides);
    const auto by_feature = features_by_units(dlpack_weights(held.tensor));
    const auto by_unit = units_by_features(dlpack_weights(held.tensor));
    check(by_feature, numbered());
    check(by_unit, numbered().transpose());
    CHECK(by_feature.memory().data == buffer.data());
    CHECK(by_unit.memory().data == buffer.data());
    buffer(2, 3) = Number(42);
    CHECK(by_feature.values()(2, 3) == 42);
    CHECK(by_unit.values()(3, 2) == 42);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a DLTensor of any type and strides is looked at, not copied", "",
                   VIANN_DLTENSORS) {
  check_all_strides<TestType, Eigen::half>();
  check_all_strides<TestType, Eigen::bfloat16>();
  check_all_strides<TestType, float>();
  check_all_strides<TestType, double>();
}

TEMPLATE_TEST_CASE("without strides a DLTensor is row-major, and it begins at its offset", "",
                   VIANN_DLTENSORS) {
  StridedBuffer<float> buffer(numbered(), 5, 1);
  Held<TestType> held(buffer.data());
  check(features_by_units(dlpack_weights(held.tensor)), numbered());
  held.tensor.data = buffer.data() - 2;
  held.tensor.byte_offset = 2 * sizeof(float);
  check(units_by_features(dlpack_weights(held.tensor)), numbered().transpose());
  for (const int pinned : {3, 11}) {
    held.set_device(pinned);
    check(features_by_units(dlpack_weights(held.tensor)), numbered());
  }
}

TEMPLATE_TEST_CASE("a hook observes a DLTensor as it does the same matrix", "", VIANN_DLTENSORS) {
  viann::DisplacementImportance<> of_rows, of_columns, row_major, column_major;
  for (const auto& W : random_walk(40, 70, 5, 8)) {
    StridedBuffer<double> by_rows(W, -75, 1);
    StridedBuffer<double> by_columns(W.transpose(), 75, 1);
    Held<TestType> rows(by_rows.data(), {-75, 1});
    rows.shape = {40, 70};
    Held<TestType> columns(by_columns.data(), {75, 1});
    columns.shape = {70, 40};
    const auto call = [](auto& hook, const auto& view) {
      hook.epochs() == 0 && hook.features() == 0 ? hook.on_train_begin(view)
                                                 : hook.on_epoch_end(view);
    };
    call(of_rows, features_by_units(dlpack_weights(rows.tensor)));
    call(of_columns, units_by_features(dlpack_weights(columns.tensor)));
    call(row_major, features_by_units(RowMajorMatrixXd(W)));
    call(column_major, features_by_units(W));
  }
  CHECK(of_rows == row_major);
  CHECK(of_rows.raw_scores() == row_major.raw_scores());
  CHECK(of_columns == column_major);
  CHECK(of_columns.raw_scores() == column_major.raw_scores());
}

TEMPLATE_TEST_CASE("a DLTensor that has no weights to read is refused with what to do", "",
                   VIANN_DLTENSORS) {
  std::vector<float> data(16, 1);
  Held<TestType> held(data.data());
  TestType& tensor = held.tensor;
  const auto refusal = [&] {
    return message_of<std::invalid_argument>([&] { dlpack_weights(tensor); });
  };
  CHECK(dlpack_weights(tensor).rows == 3);

  for (const int device : {2, 4, 7, 8, 10, 12, 13}) {
    held.set_device(device);
    CHECK(contains(refusal(), "viann::dlpack_weights: the tensor is on a device of type " +
                                  std::to_string(device) + "; copy it to the CPU"));
  }
  held.set_device(1);

  for (const int dimensions : {0, 1, 3, 4}) {
    tensor.ndim = dimensions;
    CHECK(contains(refusal(), "has " + std::to_string(dimensions) + " dimension(s); reshape it"));
  }
  tensor.ndim = 2;

  const auto type = [&](int code, int bits, int lanes) {
    tensor.dtype.code = static_cast<std::uint8_t>(code);
    tensor.dtype.bits = static_cast<std::uint8_t>(bits);
    tensor.dtype.lanes = static_cast<std::uint16_t>(lanes);
  };
  const std::array<std::array<int, 3>, 9> types = {{{0, 32, 1},
                                                    {1, 8, 1},
                                                    {2, 8, 1},
                                                    {2, 128, 1},
                                                    {3, 64, 1},
                                                    {4, 32, 1},
                                                    {5, 64, 1},
                                                    {2, 32, 4},
                                                    {4, 16, 2}}};
  for (const auto& [code, bits, lanes] : types) {
    type(code, bits, lanes);
    CHECK(contains(refusal(), "type is code " + std::to_string(code) + " with " +
                                  std::to_string(bits) + " bits and " + std::to_string(lanes) +
                                  " lane(s); convert it to float16"));
  }
  type(2, 32, 1);

  tensor.byte_offset = 2;
  CHECK(contains(refusal(), "is not a multiple of 4; copy the tensor"));
  type(2, 16, 1);
  CHECK(dlpack_weights(tensor).cols == 5);
  tensor.byte_offset = 1;
  CHECK(contains(refusal(), "is not a multiple of 2"));
  tensor.byte_offset = 0;

  held.shape = {3, -5};
  CHECK(contains(refusal(), "a buffer as 3 x -5"));
  held.shape = {3, 5};
  tensor.data = nullptr;
  CHECK(contains(refusal(), "a null pointer as 3 x 5"));
  held.shape = {3, 0};
  CHECK(dlpack_weights(tensor).rows == 3);
}
