// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/weights/expressions.hpp"

/// std::mdspan and types like it: Kokkos' backport, what a Kokkos::View's to_mdspan() returns. They
/// are recognised by their members, because C++17 has no header for them.

namespace viann::detail {

/// Whether a class has a member: Member<Class> is the type of that member.
template <template <typename> class Member, typename Class, typename = void>
inline constexpr bool has_member = false;
template <template <typename> class Member, typename Class>
inline constexpr bool has_member<Member, Class, std::void_t<Member<Class>>> = true;

template <typename T>
using MdspanHandle = std::decay_t<decltype(std::declval<const T&>().data_handle())>;
template <typename T>
using MdspanReference = typename T::reference;
template <typename T>
using MdspanAccessor = decltype(std::declval<const T&>().accessor());
template <typename T>
using MdspanIsStrided = decltype(std::declval<const T&>().is_strided());
template <typename T>
using MdspanMapping = typename T::mapping_type;
template <typename T>
using MdspanMappingStride = decltype(std::declval<const MdspanMapping<T>&>().stride(0));
template <typename T>
using MdspanMembers =
    std::void_t<MdspanHandle<T>, decltype(std::declval<const T&>().extent(0)),
                decltype(std::declval<const T&>().stride(0)), decltype(T::rank())>;

template <typename T>
inline constexpr bool is_mdspan = has_member<MdspanMembers, T>;

/// Whether an mdspan returns references to elements behind its pointer, as far as its type tells.
template <typename Mdspan>
constexpr bool refers_to_elements() {
  using Handle = MdspanHandle<Mdspan>;
  if constexpr (!std::is_pointer_v<Handle>) {
    return false;
  } else if constexpr (has_member<MdspanReference, Mdspan>) {
    return std::is_same_v<MdspanReference<Mdspan>, std::remove_pointer_t<Handle>&>;
  } else {
    return true;
  }
}

/// Whether an mdspan is a matrix of numbers in memory, as far as its type tells.
template <typename Mdspan>
constexpr bool require_matrix_in_memory() {
  constexpr bool is_matrix = Mdspan::rank() == 2;
  constexpr bool is_in_memory = refers_to_elements<Mdspan>();
  static_assert(is_matrix,
                "viann: the weights must be an mdspan of rank 2; make one of the same memory.");
  static_assert(is_in_memory,
                "viann: the accessor of this mdspan computes elements that are not in memory. Hand "
                "over Eigen::MatrixXd::NullaryExpr(rows, columns, [&](Eigen::Index i, Eigen::Index "
                "j) { return W[i, j]; }).");
  if constexpr (is_matrix && is_in_memory) {
    return require_numbers<std::remove_cv_t<std::remove_pointer_t<MdspanHandle<Mdspan>>>>();
  } else {
    return false;
  }
}

[[noreturn]] inline void refuse_mdspan(const char* reason) {
  throw std::invalid_argument(
      concat("viann: ", reason,
             "; hand over Eigen::MatrixXd::NullaryExpr(rows, columns, [&](Eigen::Index ",
             "i, Eigen::Index j) { return W[i, j]; })."));
}

/// \throws std::invalid_argument if the layout has no strides.
template <typename Mdspan>
Eigen::Index mdspan_stride(const Mdspan& weights, [[maybe_unused]] std::size_t axis) {
  bool is_strided = true;
  if constexpr (has_member<MdspanIsStrided, Mdspan>) is_strided = weights.is_strided();
  // A layout that never has strides may lack the function.
  if constexpr (!has_member<MdspanMapping, Mdspan> || has_member<MdspanMappingStride, Mdspan>) {
    if (is_strided) return static_cast<Eigen::Index>(weights.stride(axis));
  }
  refuse_mdspan("the layout of this mdspan has no strides");
}

/// Whether the accessor returns data_handle()[offset] for element `offset`.
template <typename Mdspan>
bool accesses_memory([[maybe_unused]] const Mdspan& weights, [[maybe_unused]] Eigen::Index offset) {
  if constexpr (has_member<MdspanAccessor, Mdspan>) {
    const auto element = static_cast<std::size_t>(offset);
    return &weights.accessor().access(weights.data_handle(), element) ==
           weights.data_handle() + offset;
  } else {
    return true;
  }
}

/// The memory of an mdspan of rank 2, as a matrix.
/// \throws std::invalid_argument if the layout has no strides, the accessor returns elements from
///         other places, or the pointer is null.
template <typename Mdspan>
auto mdspan_map(const Mdspan& weights) {
  if constexpr (!require_matrix_in_memory<Mdspan>()) {
    return Eigen::MatrixXd();
  } else {
    const auto rows = static_cast<Eigen::Index>(weights.extent(0));
    const auto cols = static_cast<Eigen::Index>(weights.extent(1));
    const Eigen::Index row_stride = mdspan_stride(weights, 0);
    const Eigen::Index col_stride = mdspan_stride(weights, 1);
    const auto* const data = weights.data_handle();
    const auto map = strided_map(data, rows, cols, row_stride, col_stride);
    // The type of an accessor does not show where it looks. The first and the last element do.
    const Eigen::Index last = (rows - 1) * row_stride + (cols - 1) * col_stride;
    if (map.size() > 0 && !(accesses_memory(weights, 0) && accesses_memory(weights, last))) {
      refuse_mdspan("the accessor of this mdspan does not return data_handle()[i] for element i");
    }
    return map;
  }
}

}  // namespace viann::detail
