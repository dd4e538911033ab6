// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/text/html.hpp"
#include "viann/detail/text/html_chart.hpp"
#include "viann/detail/text/html_style.hpp"
#include "viann/detail/text/report_column.hpp"
#include "viann/fwd.hpp"
#include "viann/importance_scores.hpp"
#include "viann/tools/report.hpp"
#include "viann/tools/score_history.hpp"

namespace viann {

/// What html_report() shows. Texts are in UTF-8; nothing in them is taken for HTML.
struct HtmlReportOptions {
  std::string title = "Which inputs the network relies on";  ///< of the page
  std::string note;              ///< a paragraph below: the data, the hook, the number of epochs
  Eigen::Index max_bars = 15;    ///< of the highest scores; the other rows can be unfolded
  Eigen::Index max_rows = 5000;  ///< of both tables; a last line counts the others
  Eigen::Index max_lines = 6;    ///< over the epochs, 6 at most
  Eigen::Index rows = 0;  ///< of an image or a convolution's kernel, for heat maps; 0 for none
  Eigen::Index cols = 0;  ///< the features are its rows * cols positions, as in kernel_scores()
  double settled = 0.9;   ///< rank correlation for ScoreHistory::settled_since()
};

namespace detail {
std::string html_page(const Report& report, const ScoreHistory& history,
                      const HtmlReportOptions& options);
}

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
/// the history has two at least; and heat maps, if `rows` and `cols` are given, of the 16 channels
/// with the highest sums. The epochs are on a logarithmic scale if the last is 20 times the first.
/// \throws std::invalid_argument if the history has another number of features, an option is out of
///         range, or features() is not a multiple of rows * cols.
inline std::string html_report(const Report& report, const ScoreHistory& history,
                               const HtmlReportOptions& options = {}) {
  return detail::html_page(report, history, options);
}

/// Makes the page without a chart over the epochs.
/// \throws std::invalid_argument if an option is out of range, or features() is not a multiple of
///         rows * cols.
inline std::string html_report(const Report& report, const HtmlReportOptions& options = {}) {
  return html_report(report, ScoreHistory(), options);
}

namespace detail {

/// The page, one part after the other.
class HtmlPage {
 public:
  HtmlPage(const Report& report, const ScoreHistory& history, const HtmlReportOptions& options)
      : report_(report),
        history_(history),
        options_(options),
        order_(report.by_score(report.features())),
        columns_(report.columns_.value()) {
    if (report.features() == 0) {
      throw std::invalid_argument("viann::html_report: the report was moved from and is empty.");
    }
    if (options.max_bars < 0 || options.max_rows < options.max_bars || options.max_lines < 0 ||
        options.max_lines > 6) {
      throw std::invalid_argument(
          concat("viann::html_report: max_bars is ", options.max_bars, ", max_rows is ",
                 options.max_rows, " and max_lines is ", options.max_lines,
                 "; 0 <= max_bars <= max_rows and 0 <= max_lines <= 6 must hold."));
    }
    if (history.features() == 0) return;
    if (history.features() != report.features()) {
      throw std::invalid_argument(concat("viann::html_report: a history of ",
                                         counted(history.features(), "feature"),
                                         " does not fit a report of ", report.features(), "."));
    }
    const auto top = std::clamp(report.features() / 2, Eigen::Index{1}, Eigen::Index{6});
    since_ = history.in_top_since(top);
    std::vector<std::string> texts;
    for (const auto& epoch : since_)
      texts.push_back(epoch ? std::to_string(*epoch) : "\xE2\x80\x93");
    top_ = top == 1 ? "at the top" : concat("in the top ", top);
    columns_.push_back({top_ + " since epoch", ReportColumn::Content::Texts, {}, std::move(texts)});
  }

  std::string text() const {
    const std::string title = html_text(options_.title);
    return concat(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
        // A script that slipped through would not run.
        R"(<meta http-equiv="Content-Security-Policy" )"
        "content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n<title>",
        title, "</title>\n<style>", html_style,
        "</style>\n</head>\n<body>\n<main>\n<h1 dir=\"auto\">", title, "</h1>\n",
        options_.note.empty() ? "" : concat("<p dir=\"auto\">", html_text(options_.note), "</p>\n"),
        tables(), lines(), heat_maps(), "</main>\n</body>\n</html>\n");
  }

 private:
  std::string name(Eigen::Index feature) const { return columns_[0].text(feature); }

  /// The most important features over the epochs.
  std::string lines() const {
    const auto count = (std::min)(options_.max_lines, report_.features());
    const std::vector<std::int64_t> epochs = history_.kept_epochs();
    if (count == 0 || epochs.size() < 2) return "";
    const auto scores = history_.scores();
    std::vector<ChartLine> chart;
    std::string description;
    for (Eigen::Index i = 0; i < count; ++i) {
      const Eigen::Index feature = order_[static_cast<std::size_t>(i)];
      chart.push_back(
          {name(feature), scores.row(feature), since_[static_cast<std::size_t>(feature)]});
      const auto rounded = [&](double value) {
        return number_text(value, std::chars_format::general, 3);
      };
      description +=
          concat(table_text(name(feature), longest_text), ": ", rounded(scores(feature, 0)),
                 " at epoch ", epochs.front(), ", ", rounded(chart.back().scores.tail<1>()[0]),
                 " at epoch ", epochs.back(), ". ");
    }
    const std::int64_t settled = history_.settled_since(options_.settled);
    const std::string ranking =
        settled < epochs.back()
            ? concat("Since epoch ", settled, ", the whole ranking has had a rank correlation of ",
                     options_.settled, " or more with the last one.")
            : concat("The whole ranking has not settled: the one before has a rank correlation of ",
                     "less than ", options_.settled, " with the last one.");
    const auto kept = static_cast<std::int64_t>(epochs.size());
    return concat("<h2>When each became important</h2>\n<figure>\n<figcaption>Scores of the ",
                  count == 1 ? "most important input" : concat(count, " most important inputs"),
                  ", by epoch. A dot marks the epoch from which one stayed ", top_, ". ",
                  report_.features() == 1 ? "" : ranking,
                  kept == history_.epochs()
                      ? ""
                      : concat(" ", kept, " of ", history_.epochs(), " epochs were kept."),
                  "</figcaption>\n", line_chart(chart, epochs, description), "</figure>\n");
  }

  /// The scores in the shape of an image or of a convolution's kernels.
  std::string heat_maps() const {
    if (options_.rows == 0 && options_.cols == 0) return "";
    const Eigen::VectorXd& scores = columns_[1].numbers;
    const std::vector<Eigen::MatrixXd> kernels =
        kernel_scores(scores, options_.rows, options_.cols);
    const Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>>
        by_channel(scores.data(), kernels[0].size(), static_cast<Eigen::Index>(kernels.size()));
    std::vector<Eigen::Index> channels =
        descending(by_channel.colwise().sum().transpose().matrix());
    channels.resize((std::min)(channels.size(), std::size_t{16}));
    std::sort(channels.begin(), channels.end());
    const double largest = columns_[1].largest();
    const bool any_negative = (scores.array() < 0).any();
    std::string maps;
    for (const Eigen::Index channel : channels) {
      const Eigen::MatrixXd& kernel = kernels[static_cast<std::size_t>(channel)];
      std::vector<Eigen::Index> features(static_cast<std::size_t>(kernel.size()));
      std::iota(features.begin(), features.end(), channel * kernel.size());
      std::vector<std::string> cells = columns_[1].table_cells(features, false, whole_text);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i] = concat(html_text(name(features[i])), ": ", cells[i]);
      }
      const std::string title =
          kernels.size() > 1 ? concat("Channel ", channel) : "Scores by position";
      maps += concat("<figure>", kernels.size() > 1 ? "<figcaption>" + title + "</figcaption>" : "",
                     heat_map(kernel, largest, title, cells), "</figure>\n");
    }
    return concat("<h2>Where they are</h2>\n<p class=\"soft\">The scores, ",
                  counted(options_.rows, "row"), " by ", counted(options_.cols, "column"),
                  kernels.size() > channels.size()
                      ? concat(": ", channels.size(), " of ", kernels.size(),
                               " channels, those with the highest sums")
                      : "",
                  ".</p>\n<div class=\"maps\">\n", maps, "</div>\n",
                  heat_scale(number_text(largest, std::chars_format::general, 3), any_negative));
  }

  /// The table with bars, and the one of all other features.
  std::string tables() const {
    const auto features = static_cast<std::ptrdiff_t>(order_.size());
    const auto bars = (std::min)(features, std::ptrdiff_t{options_.max_bars});
    const auto rows = (std::min)(features, std::ptrdiff_t{options_.max_rows});
    const auto first = order_.begin();
    const auto highest = [&](std::ptrdiff_t count) {
      return count < features ? concat("The ", count > 1 ? concat(count, " ") : "", "highest of ",
                                       features, " scores")
                              : counted(count, "score") + (count > 1 ? ", from the highest" : "");
    };
    std::string page = "<h2>Scores</h2>\n";
    const bool with_epochs = !since_.empty();
    if (bars > 0) {
      page += html_table(columns_, with_epochs, {first, first + bars}, true, highest(bars));
    }
    if (rows > bars) {
      const std::string caption =
          bars == 0 ? highest(rows)
                    : concat("The ", rows < features ? "next " : "other ",
                             rows - bars > 1 ? concat(rows - bars, " scores") : "score");
      page += concat("<details>\n<summary>", caption, "</summary>\n",
                     html_table(columns_, with_epochs, {first + bars, first + rows}, false,
                                rows - bars > 1 ? "In descending order of score" : caption),
                     "</details>\n");
    }
    if (features > rows) {
      page += concat(R"(<p class="soft">)",
                     counted(features - rows, rows > 0 ? "lower score" : "score"),
                     features - rows > 1 ? " are" : " is", " not shown.</p>\n");
    }
    return page;
  }

  const Report& report_;
  const ScoreHistory& history_;
  const HtmlReportOptions& options_;
  std::vector<Eigen::Index> order_;                 // by score
  std::vector<ReportColumn> columns_;               // the report's, and one of the history
  std::string top_;                                 // "in the top 6"
  std::vector<std::optional<std::int64_t>> since_;  // by feature, when it came there
};

inline std::string html_page(const Report& report, const ScoreHistory& history,
                             const HtmlReportOptions& options) {
  return HtmlPage(report, history, options).text();
}

}  // namespace detail

}  // namespace viann
