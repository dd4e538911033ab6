// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "viann/detail/text/html_page.hpp"
#include "viann/tools/html_report_options.hpp"
#include "viann/tools/report.hpp"
#include "viann/tools/score_history.hpp"

namespace viann {

/// Makes a page of HTML that stands alone: one file, without scripts, for a browser, a printer or a
/// screen reader. Writes no file.
///
/// ```cpp
/// #include <fstream>
/// #include <viann/tools/html_report.hpp>
///
/// int main() {
///   const std::vector<std::string> names{"age", "height", "shoe size"};
///   viann::ScoreHistory history;
///   history.add(1, Eigen::Vector3d(0.5, 1, 0));
///   history.add(2, Eigen::Vector3d(1, 0.75, 0));
///   std::ofstream("report.html")
///       << viann::html_report(viann::Report(names, Eigen::Vector3d(1, 0.75, 0)), history);
/// }
/// ```
///
/// The page has a table with bars of the highest scores and the report's other columns, and a
/// second one of the other scores that can be unfolded; a chart of the scores over the epochs, if
/// the history has two at least; and heat maps, if `rows` and `cols` are given. The epochs are on a
/// logarithmic scale if the last is 20 times the first.
/// \throws std::invalid_argument if the history has another number of features, an option is out of
///         range, or features() is not a multiple of rows * cols.
inline std::string html_report(const Report& report, const ScoreHistory& history,
                               const HtmlReportOptions& options = {}) {
  return detail::HtmlPage(report, history, options).text();
}

/// Makes the page without a chart over the epochs.
/// \throws std::invalid_argument if an option is out of range, or features() is not a multiple of
///         rows * cols.
inline std::string html_report(const Report& report, const HtmlReportOptions& options = {}) {
  return html_report(report, ScoreHistory(), options);
}

}  // namespace viann
