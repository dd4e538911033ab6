// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

inline void append(std::string& text, std::string_view part) { text.append(part); }
inline void append(std::string& text, long long number) { text.append(std::to_string(number)); }
inline void append(std::string& text, unsigned long long number) {
  text.append(std::to_string(number));
}

/// Writes it like std::ostream in the "C" locale, whatever the program's locale is.
inline void append(std::string& text, long double number) {
  if (std::isnan(number)) {
    text.append("nan");  // without the sign that to_chars writes
    return;
  }
  char buffer[32];  // NOLINT(*-avoid-c-arrays,*-member-init)
  const auto written =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general, 6);
  text.append(buffer, written.ptr);
}

/// Texts and numbers, one after the other: the message of an exception. Parts are taken by value,
/// so that texts of any length have one type: messages with the same kinds of parts are compiled
/// once.
template <typename... Parts>
std::string concat(Parts... parts) {
  [[maybe_unused]] const auto widened = [](const auto& part) {
    using Part = std::decay_t<decltype(part)>;
    if constexpr (std::is_floating_point_v<Part>) {
      return static_cast<long double>(part);
    } else if constexpr (std::is_unsigned_v<Part>) {
      return static_cast<unsigned long long>(part);
    } else if constexpr (std::is_integral_v<Part>) {
      return static_cast<long long>(part);
    } else {
      return std::string_view(part);
    }
  };
  std::string text;
  (append(text, widened(parts)), ...);
  return text;
}

}  // namespace viann::detail
