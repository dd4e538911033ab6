// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "viann/detail/text/report_column.hpp"

/// Escapes users' texts, and formats numbers, for a page of HTML.

namespace viann::detail {

/// Number of bytes of the code point at the beginning of a text; 0 if that is not UTF-8 (RFC 3629).
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80U) return 1;
  const std::size_t length = first < 0xC2U   ? 0
                             : first < 0xE0U ? 2
                             : first < 0xF0U ? 3
                             : first < 0xF5U ? 4
                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned char second = byte(1);
  const bool is_overlong = (first == 0xE0U && second < 0xA0U) || (first == 0xF0U && second < 0x90U);
  const bool is_surrogate = first == 0xEDU && second > 0x9FU;
  const bool is_beyond = first == 0xF4U && second > 0x8FU;
  return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

/// A text as HTML shows it, in an element or in an attribute between double quotes: nothing in it
/// is markup. Control characters become blanks, and bytes that are not UTF-8 become U+FFFD.
inline std::string html_text(const std::string& text) {
  const std::string printable = table_text(text, (std::numeric_limits<std::size_t>::max)());
  std::string html;
  for (std::string_view rest = printable; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    switch (rest[0]) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += length > 0 ? rest.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    }
    rest.remove_prefix((std::max)(length, std::size_t{1}));
  }
  return html;
}

/// A number for a coordinate or a style: three decimals at most.
inline std::string html_number(double value) {
  return number_text(std::round(value * 1000) / 1000 + 0.0);  // + 0.0: no -0
}

}  // namespace viann::detail
