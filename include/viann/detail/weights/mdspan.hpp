// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <type_traits>

#include "viann/detail/weights/matrix_memory.hpp"

namespace viann::detail {

/// std::mdspan and types like it (Kokkos'), recognised by their members: C++17 has no header for
/// them.
template <typename T, typename = void>
inline constexpr bool is_mdspan = false;
template <typename T>
inline constexpr bool is_mdspan<T, std::void_t<typename T::data_handle_type, typename T::reference,
                                               decltype(T::is_always_strided())>> = true;

/// Whether an mdspan has strides, and an accessor that returns references to data_handle()[i].
template <typename Mdspan>
inline constexpr bool is_strided_memory =
    Mdspan::is_always_strided() &&
    std::is_pointer_v<typename Mdspan::data_handle_type>&& std::is_same_v<
        typename Mdspan::reference, std::remove_pointer_t<typename Mdspan::data_handle_type>&>;

/// The memory of an mdspan.
/// \throws std::invalid_argument for a null pointer.
template <typename Mdspan>
MatrixMemory memory_of_mdspan(const Mdspan& weights) {
  constexpr bool is_matrix = Mdspan::rank() == 2;
  static_assert(is_matrix,
                "viann: the weights must be an mdspan of rank 2; make one of the same memory.");
  static_assert(is_strided_memory<Mdspan>,
                "viann: an mdspan must have a layout with strides and the default accessor. Hand "
                "over Eigen::MatrixXd::NullaryExpr(rows, columns, [&](Eigen::Index i, Eigen::Index "
                "j) { return W[i, j]; }).");
  if constexpr (is_matrix && is_strided_memory<Mdspan>) {
    const auto index = [](auto i) { return static_cast<Eigen::Index>(i); };
    using Number = std::remove_pointer_t<typename Mdspan::data_handle_type>;
    return memory_of<std::remove_const_t<Number>>(
        weights.data_handle(), index(weights.extent(0)), index(weights.extent(1)),
        index(weights.stride(0)), index(weights.stride(1)));
  } else {
    return {};
  }
}

}  // namespace viann::detail
