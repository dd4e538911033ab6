// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/text/html.hpp"
#include "viann/detail/text/html_style.hpp"
#include "viann/detail/text/report_column.hpp"

/// A chart of lines over the epochs, as HTML. The lines are in an SVG that is stretched to the room
/// there is. The one around it is not, so that its texts keep their size on a narrow screen. It can
/// be read without a style, too: the names are in it once more, which the style hides because HTML
/// can cut them off.

namespace viann::detail {

/// The numbers from `least` to `largest` that are multiples of 1, 2 or 5 times a power of ten, so
/// that there are about five.
inline std::vector<double> round_ticks(double least, double largest, double least_step) {
  const double rough = (largest / 5 - least / 5);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double ratio = rough / power;
  const double multiple = ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10;
  const double step = (std::max)(multiple * power, least_step);
  std::vector<double> ticks;
  if (!std::isnormal(step)) return ticks;  // no scores differ by so little
  const double rounding = 1e-9;
  const double first = std::ceil(least / step - rounding);
  const auto count = static_cast<int>(std::floor(largest / step + rounding) - first) + 1;
  for (int i = 0; i < count; ++i) ticks.push_back((first + i) * step + 0.0);  // no -0
  return ticks;
}

/// A tick of scores up to `largest`: all are fixed, or all have exponents. Two digits are enough
/// for multiples of 1, 2 or 5, and six more than the noise of the multiplication.
inline std::string score_tick(double tick, double largest) {
  if (tick == 0) return "0";
  return largest >= 0.001 && largest < 1e6 ? number_text(tick, std::chars_format::general, 6)
                                           : number_text(tick, std::chars_format::scientific, 1);
}

/// The axis of the epochs: logarithmic if there are many, because most happens in the first ones.
class EpochAxis {
 public:
  EpochAxis(std::int64_t first, std::int64_t last)
      : first_(static_cast<double>(first)),
        last_(static_cast<double>(last)),
        is_logarithmic_(first > 0 && last / first >= 20) {}

  bool is_logarithmic() const { return is_logarithmic_; }

  /// From 0 at the first epoch to 1 at the last.
  double position(double epoch) const {
    return is_logarithmic_ ? std::log(epoch / first_) / std::log(last_ / first_)
                           : (epoch - first_) / (last_ - first_);
  }

  std::vector<double> ticks() const {
    if (!is_logarithmic_) return round_ticks(first_, last_, 1);
    std::vector<double> result;
    const bool with_multiples = last_ / first_ <= 100;
    for (std::int64_t power = 1; static_cast<double>(power) <= last_; power *= 10) {
      for (const double multiple : {1, 2, 5}) {
        const double tick = multiple * static_cast<double>(power);
        if (tick >= first_ && tick <= last_ && (multiple == 1 || with_multiples)) {
          result.push_back(tick);
        }
      }
    }
    return result;
  }

 private:
  double first_;
  double last_;
  bool is_logarithmic_;
};

/// A name and its line.
struct ChartLine {
  std::string name;
  Eigen::VectorXd scores;             // by epoch
  std::optional<std::int64_t> since;  // the epoch that gets a dot
};

/// Moves positions in ascending order, from 0 to 1, as little as it takes to be `gap` apart.
inline void spread_out(std::vector<double>& positions, double gap) {
  for (std::size_t i = 1; i < positions.size(); ++i) {
    positions[i] = (std::max)(positions[i], positions[i - 1] + gap);
  }
  double most = 1;
  for (auto position = positions.rbegin(); position != positions.rend(); ++position) {
    *position = (std::min)(*position, most);
    most = *position - gap;
  }
}

/// The chart of at least one line and two epochs. Every line has the same number of scores.
/// \param description  for readers who do not see it
inline std::string line_chart(const std::vector<ChartLine>& lines,
                              const std::vector<std::int64_t>& epochs,
                              const std::string& description) {
  double least = 0;
  double largest = 0;
  for (const ChartLine& line : lines) {
    least = (std::min)(least, line.scores.minCoeff());
    largest = (std::max)(largest, line.scores.maxCoeff());
  }
  if (!(largest / 2 - least / 2 > 0)) largest = 1;
  const EpochAxis axis(epochs.front(), epochs.back());
  // In per cent; halves, because a difference of two doubles may exceed the largest.
  const auto x = [&](double epoch) { return html_number(100 * axis.position(epoch)); };
  const auto height = [&](double score) {
    return 1 - (score / 2 - least / 2) / (largest / 2 - least / 2);
  };
  const auto y = [&](double score) { return html_number(100 * height(score)); };

  std::string grid;
  std::string y_ticks;
  std::size_t digits = 0;
  for (const double tick : round_ticks(least, largest, 0)) {
    const std::string text = score_tick(tick, (std::max)(-least, largest));
    digits = (std::max)(digits, text.size());
    grid += concat("M0 ", y(tick), "H100");
    y_ticks += concat(R"(<text class="y" x="0" dx="-.6em" y=")", y(tick),
                      R"(%" dy=".35em" text-anchor="end">)", text, "</text>");
  }
  std::string x_ticks;
  double free = -30;  // where the next number may begin, in an axis as wide as 30 digits
  for (const double tick : axis.ticks()) {
    grid += concat("M", x(tick), " 0V100");
    const std::string text = number_text(tick, std::chars_format::fixed, 0);
    const double middle = 30 * axis.position(tick);
    const double half = static_cast<double>(text.size()) / 2;
    if (middle - half < free) continue;
    free = middle + half + 1;
    x_ticks += concat(R"(<text class="x" x=")", x(tick),
                      R"(%" y="100%" dy="1.4em" text-anchor="middle">)", text, "</text>");
  }

  Eigen::VectorXd ends(static_cast<Eigen::Index>(lines.size()));
  for (std::size_t line = 0; line < lines.size(); ++line) {
    ends[static_cast<Eigen::Index>(line)] = lines[line].scores.tail<1>()[0];
  }
  const std::vector<Eigen::Index> from_the_top = descending(ends);
  std::vector<double> places;
  places.reserve(lines.size());
  for (const Eigen::Index line : from_the_top) places.push_back(height(ends[line]));
  spread_out(places, 0.07);  // the height of a line of text, in the chart's style

  const auto path = [](const std::string& name, std::string_view color, double width,
                       const std::string& points) {
    return concat(R"(<path class=")", name, R"(" d=")", points, R"(" stroke=")", color,
                  R"(" stroke-width=")", width, R"(" vector-effect="non-scaling-stroke" />)");
  };
  std::string paths = path("grid", rule_color, 1, grid);
  std::string links;
  std::string names;
  std::string texts;   // the names where there is no style
  std::string widths;  // gives the column the width of the longest name
  for (std::size_t place = 0; place < places.size(); ++place) {
    const Eigen::Index index = from_the_top[place];
    const ChartLine& line = lines[static_cast<std::size_t>(index)];
    const auto score_at = [&](std::size_t i) { return line.scores[static_cast<Eigen::Index>(i)]; };
    const std::string style = concat(" c", index);
    const std::string_view color = line_colors.at(static_cast<std::size_t>(index));
    std::string points;
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      points += concat(i == 0 ? "M" : "L", x(static_cast<double>(epochs[i])), " ", y(score_at(i)));
    }
    paths += path("line" + style, color, 2.25, points);
    const auto since = std::find(epochs.begin(), epochs.end(), line.since);
    if (since != epochs.end()) {
      const auto epoch = static_cast<std::size_t>(since - epochs.begin());
      paths += path("since" + style, color, 9,
                    concat("M", x(static_cast<double>(*since)), " ", y(score_at(epoch)), "h0"));
    }
    const std::string top = html_number(100 * places[place]);
    const std::string name = html_text(line.name);
    const std::string shown = html_text(table_text(line.name, longest_text));
    links += path("link" + style, color, 1, concat("M8 ", y(ends[index]), "L92 ", top));
    names += concat(R"(<b style="top:)", top, "%;color:", color, R"(" title=")", name,
                    R"(" dir="auto">)", shown, "</b>");
    texts += concat(R"(<text class="name" x="100%" dx="2.2em" y=")", top, R"(%" dy=".35em" fill=")",
                    color, R"(">)", html_text(table_text(line.name, 16)), "</text>");
    widths += concat("<span>", shown, "</span>");
  }

  const std::string inner = R"(<svg aria-hidden="true" overflow="visible" )";
  const std::string stretched = inner +
                                R"(viewBox="0 0 100 100" preserveAspectRatio="none" fill="none" )" +
                                R"(stroke-linecap="round" stroke-linejoin="round" )";
  return concat(
      R"(<div class="plot"><svg aria-hidden="true" height="1" width=")",  // room for the ticks
      html_number(.65 * static_cast<double>(digits) + .6),
      R"(em"></svg><svg class="chart" width="66%" height="26em" overflow="visible" role="img" )",
      R"(aria-labelledby="chart-title chart-text"><title id="chart-title">Scores by epoch</title>)",
      R"(<desc id="chart-text">)", html_text(description), "</desc>\n", inner,
      R"(y="1em" width="100%" height="22em" fill=")", soft_color, R"(">)", x_ticks, y_ticks,
      R"(<text class="axis" x="50%" y="100%" dy="2.8em" text-anchor="middle">epoch)",
      axis.is_logarithmic() ? " (logarithmic scale)" : "", "</text>\n", stretched,
      R"(width="100%" height="100%">)", paths, "</svg>\n", stretched,
      R"(x="100%" width="2em" height="100%">)", links, "</svg>\n", texts,
      "</svg></svg>\n<div class=\"names\" aria-hidden=\"true\" hidden=\"\">", widths, names,
      "</div>\n</div>\n");
}

}  // namespace viann::detail
