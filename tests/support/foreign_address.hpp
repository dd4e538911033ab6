// SPDX-License-Identifier: MIT
#pragma once

/// Where the weights of an adapter's view are.
template <typename View>
const void* address_of(const View& view) {
  return view.expression().functor().visit(
      [](const auto* data) { return static_cast<const void*>(data); });
}
