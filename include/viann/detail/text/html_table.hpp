// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "viann/detail/text/concat.hpp"
#include "viann/detail/text/html.hpp"
#include "viann/detail/text/html_shapes.hpp"
#include "viann/detail/text/report_column.hpp"

namespace viann::detail {

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
    tags.emplace_back(cells.size() == 2 ? R"( class="score">)"
                      : is_number       ? R"( class="number">)"
                                        : ">");
    const std::string width =
        is_number ? "" : concat(R"( style="--width:)", longest_width(cells.back()), R"(ch")");
    head += concat(R"(<th scope="col")", width, tags.back(), html_text(column.title), "</th>");
  }
  Eigen::VectorXd scores(static_cast<Eigen::Index>(rows.size()));
  std::transform(rows.begin(), rows.end(), scores.data(),
                 [&](Eigen::Index feature) { return columns[1].numbers[feature]; });
  std::string body;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    body +=
        concat(R"(<tr><th scope="row">)", html_text(cells[0][row]), "</th><td", tags[1],
               "<div><span>", cells[1][row], "</span>",
               with_bars ? html_bar(scores, static_cast<Eigen::Index>(row)) : "", "</div></td>");
    for (std::size_t column = 2; column < cells.size(); ++column) {
      body += concat("<td", tags[column], html_text(cells[column][row]), "</td>");
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
