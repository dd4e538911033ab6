// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

/// The columns of a report, and how their numbers and texts look in tables and in CSV.

namespace viann::detail {

/// A number by std::to_chars, which ignores the locale. The arguments set its digits; without them
/// it has as many as it takes to read back the same number.
template <typename... Format>
std::string number_text(double value, Format... format) {
  if (std::isnan(value)) return "nan";  // without the sign that to_chars writes
  std::array<char, 64> buffer{};
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...);
  return {buffer.data(), written.ptr};
}

/// Whether a byte begins a code point of UTF-8.
inline bool begins_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// Number of code points.
inline std::size_t text_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

/// A text for one line of a table: without control characters, and cut off with an ellipsis if it
/// is wider than `most`.
inline std::string table_text(std::string text, std::size_t most) {
  const auto is_control = [](unsigned char byte) { return byte < 0x20U || byte == 0x7FU; };
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  // U+0080 to U+009F: terminals obey some of these as well.
  for (auto at = text.find('\xC2'); at != std::string::npos; at = text.find('\xC2', at + 1)) {
    if (at + 1 == text.size() || static_cast<unsigned char>(text[at + 1]) > 0x9FU) continue;
    text.replace(at, 2, " ");
  }
  if (text_width(text) <= most) return text;
  std::size_t kept = 0;  // the code points before the end
  const auto end = std::find_if(text.begin(), text.end(), [&](char byte) {
    return begins_code_point(byte) && kept++ == most - 1;
  });
  text.erase(end, text.end());
  return text + "\xE2\x80\xA6";
}

/// A text filled with blanks to a width.
inline std::string padded(const std::string& text, std::size_t width, bool on_the_left) {
  const std::string blanks(width - (std::min)(width, text_width(text)), ' ');
  return on_the_left ? blanks + text : text + blanks;
}

/// A bar for a score, of full width for the largest. It consists of minuses below 0, and is empty
/// for NaN.
inline std::string bar(double score, double largest, Eigen::Index width) {
  if (std::isnan(score) || score == 0) return "";
  const double share = (std::min)(1.0, std::abs(score) / largest);  // 1 for an infinite one
  std::string result;
  result.resize(static_cast<std::size_t>(std::lround(static_cast<double>(width) * share)),
                score > 0 ? '#' : '-');
  return result;
}

/// A field of CSV: in quotes if it holds one, a comma or the end of a line (RFC 4180, section 2).
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

/// One thing that is known about every feature.
struct ReportColumn {
  enum class Content { Texts, Integers, Numbers };

  std::string title;
  Content content;
  Eigen::VectorXd numbers;         // by feature, or
  std::vector<std::string> texts;  // by feature

  bool has_texts() const { return content == Content::Texts; }

  Eigen::Index size() const {
    return has_texts() ? static_cast<Eigen::Index>(texts.size()) : numbers.size();
  }

  const std::string& text(Eigen::Index feature) const {
    return texts[static_cast<std::size_t>(feature)];
  }

  /// The largest distance from 0 of the finite numbers.
  double largest() const {
    double result = 0;
    for (const double number : numbers) {
      if (std::isfinite(number)) result = (std::max)(result, std::abs(number));
    }
    return result;
  }

  /// The cells of a table's rows, below the title if that is wanted. The numbers are all rounded
  /// alike: with three decimals, or three and an exponent if that suits the largest better.
  std::vector<std::string> table_cells(const std::vector<Eigen::Index>& rows, bool with_title,
                                       std::size_t most) const {
    std::vector<std::string> cells;
    if (with_title) cells.push_back(table_text(title, most));
    const double size = largest();
    const bool is_fixed = content == Content::Integers || size == 0 || (size >= 0.1 && size < 1e6);
    const auto format = is_fixed ? std::chars_format::fixed : std::chars_format::scientific;
    for (const Eigen::Index i : rows) {
      cells.push_back(has_texts()
                          ? table_text(text(i), most)
                          : number_text(numbers[i], format, content == Content::Integers ? 0 : 3));
    }
    return cells;
  }
};

}  // namespace viann::detail
