// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"
#include "viann/weight_view.hpp"

/// \file
/// DLPack, the C struct in which PyTorch, JAX, CuPy, TVM and others exchange tensors:
/// dlpack_weights() returns the weights in a DLTensor, for features_by_units() or
/// units_by_features().
///
/// ```cpp
/// DLManagedTensor* managed = at::toDLPack(layer->weight);  // or what a capsule of Python's holds
/// importance.on_epoch_end(
///     viann::units_by_features(viann::dlpack_weights(managed->dl_tensor)));
/// managed->deleter(managed);
/// ```
///
/// No header of DLPack's is included: any struct with the members of a DLTensor will do.

namespace viann {

namespace detail {

template <typename Tensor, typename = void>
struct IsDlTensor : std::false_type {};
template <typename Tensor>
struct IsDlTensor<Tensor, std::void_t<decltype(std::declval<Tensor>().device.device_type),
                                      decltype(std::declval<Tensor>().dtype.lanes),
                                      decltype(std::declval<Tensor>().byte_offset)>>
    : std::true_type {};

template <typename... Reason>
[[noreturn]] void refuse_dlpack_weights(const Reason&... reason) {
  throw std::invalid_argument(concat("viann::dlpack_weights: ", reason...));
}

template <typename Tensor>
void require_dlpack_matrix(const Tensor& tensor) {
  const auto device = static_cast<int>(tensor.device.device_type);
  constexpr int cpu = 1;
  constexpr int cuda_host = 3;
  constexpr int rocm_host = 11;
  if (device != cpu && device != cuda_host && device != rocm_host) {
    refuse_dlpack_weights("the tensor is on a device of type ", device,
                          "; copy it to the CPU before it is observed.");
  }
  if (tensor.ndim != 2) {
    refuse_dlpack_weights("the tensor has ", tensor.ndim,
                          " dimension(s); reshape it to two, features and units.");
  }
}

/// The matrix in a tensor of two dimensions, whose elements are of type Number.
template <typename Number, typename Tensor>
MatrixMemory dlpack_matrix(const Tensor& tensor) {
  const auto rows = static_cast<Eigen::Index>(tensor.shape[0]);
  const auto cols = static_cast<Eigen::Index>(tensor.shape[1]);
  require_buffer(tensor.data, rows, cols);
  const void* const first = static_cast<const char*>(tensor.data) + tensor.byte_offset;
  // NOLINTNEXTLINE(*-reinterpret-cast)
  if (reinterpret_cast<std::uintptr_t>(first) % alignof(Number) != 0) {
    refuse_dlpack_weights("the address of the first weight is not a multiple of ", alignof(Number),
                          "; copy the tensor before it is observed.");
  }
  const bool is_row_major = tensor.strides == nullptr;
  const auto row_stride = is_row_major ? cols : static_cast<Eigen::Index>(tensor.strides[0]);
  const auto col_stride = is_row_major ? 1 : static_cast<Eigen::Index>(tensor.strides[1]);
  return memory_of(static_cast<const Number*>(first), rows, cols, row_stride, col_stride);
}

}  // namespace detail

/// The weights in a tensor of two dimensions: say in the call whether they are features_by_units()
/// or units_by_features(). They are not copied, and the tensor's deleter is not called.
///
/// Reads float16, bfloat16, float32 and float64 with any strides, in the memory of the CPU, pinned
/// or not.
/// \param tensor  a DLTensor; of a DLManagedTensor, its member dl_tensor
/// \throws std::invalid_argument for a tensor on another device, of another type or number of
///         dimensions, without memory, or whose address does not suit its type.
template <typename Tensor>
detail::MatrixMemory dlpack_weights(const Tensor& tensor) {
  static_assert(detail::IsDlTensor<Tensor>::value,
                "viann::dlpack_weights: this is no DLTensor. Pass the tensor itself, as in "
                "dlpack_weights(managed->dl_tensor).");
  if constexpr (!detail::IsDlTensor<Tensor>::value) {
    return {};
  } else {
    detail::require_dlpack_matrix(tensor);
    const auto code = static_cast<int>(tensor.dtype.code);
    const auto bits = static_cast<int>(tensor.dtype.bits);
    constexpr int real = 2;
    constexpr int bfloat = 4;
    if (tensor.dtype.lanes == 1) {
      if (code == real && bits == 16) return detail::dlpack_matrix<Eigen::half>(tensor);
      if (code == real && bits == 32) return detail::dlpack_matrix<float>(tensor);
      if (code == real && bits == 64) return detail::dlpack_matrix<double>(tensor);
      if (code == bfloat && bits == 16) return detail::dlpack_matrix<Eigen::bfloat16>(tensor);
    }
    detail::refuse_dlpack_weights(
        "the tensor's type is code ", code, " with ", bits, " bits and ", tensor.dtype.lanes,
        " lane(s); convert it to float16, float32 or float64 (code 2), or bfloat16 (code 4).");
  }
}

}  // namespace viann
