// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/text/html.hpp"

/// Bars and heat maps, as SVG without text.

namespace viann::detail {

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
  return concat(R"(<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">)",
                least < 0 ? concat(R"(<rect class="zero" x=")", html_number(100 * zero),
                                   R"(" y="-.3" width=".25" height="1.6" />)")
                          : "",
                R"(<rect class=")", numbers[i] < 0 ? "minus" : "plus", R"(" x=")",
                html_number(100 * (std::min)(zero, end)), R"(" width=")",
                html_number(100 * std::abs(end - zero)), R"(" height="1" /></svg>)");
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
             rows, R"(" style="width:)", html_number(cell * static_cast<double>(cols)), R"(rem">)");
  for (Eigen::Index row = 0; row < rows; ++row) {
    for (Eigen::Index col = 0; col < cols; ++col) {
      const double score = scores(row, col);
      const std::string& name = names[static_cast<std::size_t>(row * cols + col)];
      if (std::isnan(score)) {
        svg += concat(R"(<path d="M)", col, " ", row, R"(l1 1m-1 0l1 -1"><title>)", name,
                      "</title></path>");
        continue;
      }
      const double share = largest > 0 ? (std::min)(1.0, std::abs(score) / largest) : 0;
      svg += concat(R"(<rect x=")", col, R"(" y=")", row, R"(" width="1" height="1")",
                    score < 0 ? R"( class="minus")" : "", R"( fill-opacity=")", html_number(share),
                    R"("><title>)", name, "</title></rect>");
    }
  }
  return svg + "</svg>";
}

/// The scale of heat maps, from 0 or -largest to `largest`, its text.
inline std::string heat_scale(const std::string& largest, bool with_negative) {
  const std::string least = with_negative ? "-" + largest : "0";
  const auto half = [](const char* sign, const char* x, const char* from, const char* to) {
    return concat(R"(<linearGradient id=")", sign, R"(" class=")", sign,
                  R"("><stop stop-opacity=")", from, R"(" /><stop offset="1" stop-opacity=")", to,
                  R"(" /></linearGradient><rect x=")", x, R"(" width="1" height="1" fill="url(#)",
                  sign, R"html()" />)html");
  };
  return concat(R"(<div class="scale" role="img" aria-label="Scale from )", least, " to ", largest,
                R"(">)", least, R"(<svg viewBox=")", with_negative ? "-1 0 2 1" : "0 0 1 1",
                R"(" preserveAspectRatio="none" aria-hidden="true">)",
                with_negative ? half("below", "-1", "1", "0") : "", half("above", "0", "0", "1"),
                "</svg>", largest, "</div>\n");
}

}  // namespace viann::detail
