// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <stdexcept>
#include <utility>

#include "viann/detail/checks.hpp"

/// What every serialize() has in common.

namespace viann::detail {

/// Saves or loads the elements of an array that has its size already, in memory order.
template <class Archive, typename Array>
void archive_elements(Archive& archive, Array& array) {
  for (Eigen::Index i = 0; i < array.size(); ++i) archive& array.data()[i];
}

/// Saves a hook, or loads one: all of it or nothing.
/// \param name      of the hook's class, for the message
/// \param transfer  called as transfer(hook); moves its state to or from the archive, and returns
///                  whether the state fits together
/// \throws std::runtime_error if what was loaded does not.
template <class Archive, typename Hook, typename Transfer>
void archive_hook(Hook& hook, const char* name, const Transfer& transfer) {
  if constexpr (Archive::is_loading::value) {
    Hook loaded;
    if (!transfer(loaded)) {
      throw std::runtime_error(sentence(
          "viann::", name, ": the archive is damaged, or was not written by a ", name, "."));
    }
    hook = std::move(loaded);
  } else {
    transfer(hook);
  }
}

}  // namespace viann::detail
