// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile: each line gets the sentence that check.cmake has under the name
// in its comment. Types differ, because a compiler prints a sentence once per type.

#include <array>
#include <cstddef>
#include <memory>
#include <valarray>
#include <vector>
#include <viann/adapters/dlpack.hpp>
#include <viann/viann.hpp>

using viann::features_by_units;

void bare_weights(const Eigen::MatrixXd& W, const Eigen::MatrixXf& F) {
  viann::VarianceImportance<>().on_epoch_end(W);                    // error: axis
  viann::VarianceImportance<>().on_train_begin(F);                  // error: axis
  viann::VarianceImportance<>().on_epoch_end(2.0 * W.transpose());  // error: axis
  viann::DisplacementImportance<>().on_epoch_end(W.array());        // error: axis
  viann::DisplacementImportance<>().on_train_begin(F.array());      // error: axis
  viann::DisplacementImportance<>().on_epoch_end(F.col(0), W);      // error: axis
  viann::garson(W.col(0), features_by_units(W));                    // error: axis
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
  short** strided = nullptr;
  features_by_units(strided, 3, 4, 4, 1);          // error: pointer
  viann::units_by_features(&strided, 3, 4, 4, 1);  // error: pointer
}

struct __half {
  unsigned short bits;
};

void containers(const std::vector<float>& vector, const std::unique_ptr<double[]>& pointer) {
  features_by_units(vector, 2, 3);                                        // error: container
  viann::units_by_features(pointer, 2, 3, 3, 1);                          // error: container
  viann::units_by_features(std::valarray<float>(6), 2, Eigen::Index{3});  // error: container
  features_by_units(std::array<double, 6>(), 2L, 3U);                     // error: container
  features_by_units(Eigen::VectorXd(6), 2, 3);                            // error: container
  const __half* halves = nullptr;
  features_by_units(halves, 2, 3);  // error: half
}

template <typename Element, std::size_t dimensions, typename Reference = Element&,
          bool has_strides = true>
struct Mdspan {
  using data_handle_type = Element*;
  using reference = Reference;
  static constexpr std::size_t rank() { return dimensions; }
  static constexpr bool is_always_strided() { return has_strides; }
  Element* data_handle() const { return nullptr; }
  std::size_t extent(std::size_t) const { return 4; }
  std::size_t stride(std::size_t) const { return 1; }
};

void no_matrix_in_memory() {
  features_by_units(Mdspan<float, 3>());                          // error: rank
  viann::units_by_features(Mdspan<double, 1>());                  // error: rank
  features_by_units(Mdspan<float, 2, float>());                   // error: strided
  viann::units_by_features(Mdspan<double, 2, double&, false>());  // error: strided
  features_by_units(Mdspan<void*, 2>());                          // error: pointer
}

struct DLTensor {
  void* data;
  struct {
    int device_type;
  } device;
  int ndim;
  struct {
    unsigned char code, bits;
    unsigned short lanes;
  } dtype;
  long long* shape;
  long long* strides;
  unsigned long long byte_offset;
};

void tensors(const DLTensor& tensor) {
  struct {
    DLTensor dl_tensor;
  } managed{tensor};
  viann::dlpack_weights(managed);                                             // error: dltensor
  viann::dlpack_weights(&tensor);                                             // error: dltensor
  viann::VarianceImportance<>().on_epoch_end(viann::dlpack_weights(tensor));  // error: axis
}

static_assert(viann::require_importance_hook<viann::WelfordAccumulator<>>());  // error: hook
