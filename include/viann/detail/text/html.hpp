// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/text/html_style.hpp"
#include "viann/detail/text/report_column.hpp"

/// The parts of a page of HTML: users' texts and numbers; bars and heat maps, which are SVG without
/// text; tables.

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

/// A user's text as the end of a tag and what follows: in its own direction, so that a
/// right-to-left one keeps its beginning. A long one is cut off, and the title holds the whole.
inline constexpr std::size_t longest_text = 80;
inline std::string html_user_text(const std::string& text) {
  const bool is_cut = text_width(text) > longest_text;
  return concat(R"( dir="auto")", is_cut ? concat(R"( title=")", html_text(text), "\"") : "", ">",
                html_text(table_text(text, longest_text)));
}

/// "1 row", "2 rows".
inline std::string counted(std::ptrdiff_t count, const char* noun) {
  return concat(count, " ", noun, count == 1 ? "" : "s");
}

/// A number for a coordinate or a style: three decimals at most.
inline std::string html_number(double value) {
  return number_text(std::round(value * 1000) / 1000 + 0.0);  // + 0.0: no -0
}

/// A bar from 0 to one of the numbers, on the scale of all; to the left if it is negative, of full
/// width if it is infinite. Nothing for NaN, or if all are 0.
inline std::string html_bar(const Eigen::VectorXd& numbers, Eigen::Index i) {
  double least = 0;
  double largest = 0;
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    least = (std::min)(least, number / 2);  // halves: their difference is finite
    largest = (std::max)(largest, number / 2);
  }
  const double range = largest - least;
  if (std::isnan(numbers[i]) || !(range > 0)) return "";
  const double zero = -least / range;
  const double end = std::clamp((numbers[i] / 2 - least) / range, 0.0, 1.0);
  const bool is_negative = numbers[i] < 0;
  return concat(R"(<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" )",
                R"(width="15em" height=".85em">)",
                least < 0
                    ? concat(R"(<rect class="zero" x=")", html_number(100 * zero),
                             R"(" y="-.3" width=".25" height="1.6" fill=")", soft_color, R"(" />)")
                    : "",
                R"(<rect class=")", is_negative ? "minus" : "plus", R"(" x=")",
                html_number(100 * (std::min)(zero, end)), R"(" width=")",
                html_number(100 * std::abs(end - zero)), R"(" height="1" fill=")",
                is_negative ? minus_color : plus_color, R"(" /></svg> )");
}

/// A matrix as an SVG of rectangles, from the colour of the paper at 0 to full colour at +-largest,
/// in another colour below 0. NaN is a cross.
/// \param title  what it shows
/// \param names  of the cells, row by row: HTML, shown where a pointer rests
inline std::string heat_map(const Eigen::MatrixXd& scores, double largest, const std::string& title,
                            const std::vector<std::string>& names) {
  const Eigen::Index rows = scores.rows();
  const Eigen::Index cols = scores.cols();
  const double cell = (std::min)(2.25, 20.0 / static_cast<double>((std::max)(rows, cols)));
  std::string svg =
      concat(R"(<svg class="map" role="img" aria-label=")", title, R"(" viewBox="0 0 )", cols, " ",
             rows, R"(" width=")", html_number(cell * static_cast<double>(cols)), R"(em" height=")",
             html_number(cell * static_cast<double>(rows)), R"(em" fill=")", map_color, R"(">)");
  for (Eigen::Index row = 0; row < rows; ++row) {
    for (Eigen::Index col = 0; col < cols; ++col) {
      const double score = scores(row, col);
      const std::string& name = names[static_cast<std::size_t>(row * cols + col)];
      if (std::isnan(score)) {
        svg += concat(R"(<path d="M)", col, " ", row, R"(l1 1m-1 0l1 -1" stroke=")", soft_color,
                      R"(" vector-effect="non-scaling-stroke"><title>)", name, "</title></path>");
        continue;
      }
      const double share = largest > 0 ? (std::min)(1.0, std::abs(score) / largest) : 0;
      svg +=
          concat(R"(<rect x=")", col, R"(" y=")", row, R"(" width="1" height="1")",
                 score < 0 ? concat(R"( class="minus" fill=")", minus_color, "\"") : "",
                 R"( fill-opacity=")", html_number(share), R"("><title>)", name, "</title></rect>");
    }
  }
  return svg + "</svg>";
}

/// The scale of heat maps, from 0 or -largest to `largest`, its text.
inline std::string heat_scale(const std::string& largest, bool with_negative) {
  const std::string least = with_negative ? "-" + largest : "0";
  const auto half = [](const char* sign, std::string_view color, const char* x, const char* from,
                       const char* to) {
    const std::string stop = concat(R"(<stop stop-color=")", color, R"(" stop-opacity=")");
    return concat(R"(<linearGradient id=")", sign, R"(">)", stop, from, R"(" />)", stop, to,
                  R"(" offset="1" /></linearGradient><rect x=")", x,
                  R"(" width="1" height="1" fill="url(#)", sign, R"html()" />)html");
  };
  return concat(R"(<div class="scale" role="img" aria-label="Scale from )", least, " to ", largest,
                R"(">)", least, R"(<svg viewBox=")", with_negative ? "-1 0 2 1" : "0 0 1 1",
                R"(" preserveAspectRatio="none" aria-hidden="true" width="10em" height=".85em">)",
                with_negative ? half("below", minus_color, "-1", "1", "0") : "",
                half("above", map_color, "0", "0", "1"), "</svg>", largest, "</div>\n");
}

/// The width of a cell that is not cut off.
inline constexpr std::size_t whole_text = (std::numeric_limits<std::size_t>::max)();

inline std::size_t longest_width(const std::vector<std::string>& texts) {
  std::size_t width = 0;
  for (const std::string& text : texts) width = (std::max)(width, text_width(text));
  return width;
}

/// Some of a report's rows, with bars beside the scores if that is wanted.
/// \param columns          the features' names, their scores, and others
/// \param last_has_epochs  whether the texts of the last column are numbers of epochs
/// \param rows             features, in the order of the rows
inline std::string html_table(const std::vector<ReportColumn>& columns, bool last_has_epochs,
                              const std::vector<Eigen::Index>& rows, bool with_bars,
                              const std::string& caption) {
  std::string head;
  std::vector<std::vector<std::string>> cells;
  std::vector<std::string> tags;  // of the cells, by column
  for (const ReportColumn& column : columns) {
    cells.push_back(column.table_cells(rows, false, whole_text));
    const bool has_epochs = last_has_epochs && &column == &columns.back();
    const bool is_number = !column.has_texts() || has_epochs;
    tags.emplace_back(cells.size() == 2 ? R"( class="score")"
                      : is_number       ? R"( class="number")"
                                        : "");
    const std::string width =
        is_number ? "" : concat(R"( style="--width:)", longest_width(cells.back()), R"(ch")");
    head += concat(R"(<th scope="col")", width, tags.back(), html_user_text(column.title), "</th>");
  }
  Eigen::VectorXd scores(static_cast<Eigen::Index>(rows.size()));
  std::transform(rows.begin(), rows.end(), scores.data(),
                 [&](Eigen::Index feature) { return columns[1].numbers[feature]; });
  std::string body;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    body += concat(R"(<tr><th scope="row")", html_user_text(cells[0][row]), "</th><td", tags[1],
                   "><div>", with_bars ? html_bar(scores, static_cast<Eigen::Index>(row)) : "",
                   "<span>", cells[1][row], "</span></div></td>");
    for (std::size_t column = 2; column < cells.size(); ++column) {
      const std::string& cell = cells[column][row];
      body += concat("<td", tags[column], tags[column].empty() ? html_user_text(cell) : ">" + cell,
                     "</td>");
    }
    body += "</tr>\n";
  }
  return concat(R"(<div class="wide" role="region" aria-label=")", caption,
                R"(" tabindex="0"><table)", with_bars ? R"( class="bars")" : "",
                R"( style="--digits:)", longest_width(cells[1]), "ch\">\n<caption>", caption,
                "</caption>\n<thead><tr>", head, "</tr></thead>\n<tbody>\n", body,
                "</tbody>\n</table></div>\n");
}

}  // namespace viann::detail
