// SPDX-License-Identifier: MIT
//
// The page as a text; .ci/run's step `pages` opens such pages in a browser.
#include "viann/tools/html_report.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/markup.hpp"
#include "support/trajectories.hpp"

using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::Vector4d;
using Eigen::VectorXd;
using viann::html_report;
using viann::HtmlReportOptions;
using viann::Report;
using viann::ScoreHistory;

namespace {

std::vector<std::string> numbered(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("input " + std::to_string(i));
  return names;
}

/// The texts of all tags of a name, in their order.
std::vector<std::string> texts(const std::string& page, const std::string& name,
                               const std::string& attribute = "") {
  std::vector<std::string> result;
  for (const auto& tag : tags_with(page, name, attribute)) result.push_back(tag.text);
  return result;
}

using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

ScoreHistory history_of(const VectorXd& first, const VectorXd& second) {
  ScoreHistory history;
  history.add(1, first);
  history.add(2, second);
  return history;
}

HtmlReportOptions image(Eigen::Index rows, Eigen::Index cols) {
  HtmlReportOptions options;
  options.rows = rows;
  options.cols = cols;
  return options;
}

}  // namespace

TEST_CASE("a page has a row with a bar for every score, from the highest") {
  Report report({"a", "b", "c"}, Vector3d(0.25, 1, 0));
  report.add_column("spread", Vector3d(0.5, 0.125, 2)).add_column("unit", {"m", "kg", "s"});
  const std::string page = html_report(report);
  CHECK(texts(page, "th", "scope=\"col\"") == Texts{"feature", "score", "spread", "unit"});
  CHECK(texts(page, "th", "scope=\"row\"") == Texts{"b", "a", "c"});
  CHECK(texts(page, "span") == Texts{"1.000", "0.250", "0.000"});
  CHECK(texts(page, "td", "class=\"number\"") == Texts{"0.125", "0.500", "2.000"});
  CHECK(contains(page, "<td dir=\"auto\">kg</td>"));
  const auto bars = tags_with(page, "rect");
  REQUIRE(bars.size() == 3);
  CHECK(contains(bars[0].attributes, "x=\"0\" width=\"100\""));
  CHECK(contains(bars[1].attributes, "class=\"plus\" x=\"0\" width=\"25\""));
  CHECK(contains(bars[2].attributes, "x=\"0\" width=\"0\""));
  CHECK(texts(page, "caption") == Texts{"3 scores, from the highest"});
  CHECK(tags_with(page, "details").empty());
  CHECK(tags_with(page, "path").empty());
  CHECK(tags_with(page, "h2").size() == 1);
  CHECK(tags_with(page, "p").empty());
  CHECK(tags_with(page, "table", " class=\"bars\" style=\"--digits:5ch\"").size() == 1);
}

TEST_CASE("a page stands alone, for people and for screen readers") {
  const std::string page = html_report(Report({"a", "b"}, Vector2d(1, 0)),
                                       history_of(Vector2d(0, 1), Vector2d(1234, 0)), image(2, 1));
  for (const char* outside : {"<script", "src=", "href=", "@import", "url(http", "<link"}) {
    CAPTURE(outside);
    CHECK_FALSE(contains(page, outside));
  }
  CHECK(contains(page, "default-src 'none'; style-src 'unsafe-inline'"));
  CHECK(contains(page, "<html lang=\"en\">"));
  CHECK(contains(page, "prefers-color-scheme: dark"));
  CHECK(contains(page, "@media print"));
  // Every picture has a name, or repeats what stands beside it.
  for (const auto& svg : tags_with(page, "svg")) {
    CAPTURE(svg.attributes);
    CHECK((contains(svg.attributes, "aria-hidden=\"true\"") ||
           (contains(svg.attributes, "role=\"img\"") && contains(svg.attributes, "aria-label"))));
  }
  CHECK(texts(page, "title")[1] == "Scores by epoch");
  CHECK(texts(page, "desc") ==
        Texts{"a: 0 at epoch 1, 1.23e+03 at epoch 2. b: 1 at epoch 1, 0 at epoch 2. "});
}

TEST_CASE("a page can be read where a server forbids styles") {
  VectorXd scores(7);
  scores << 7, 6, 5, 4, 3, not_a_number, -1;
  const std::string page = html_report(
      Report(numbered(7), scores),
      history_of(VectorXd::LinSpaced(7, 0, 1), VectorXd::LinSpaced(7, 1, 0)), image(1, 7));
  for (const auto& [tag, attribute] : Pairs{{"svg", " width=\""},
                                            {"svg", " height=\""},
                                            {"path", " stroke=\"var(--"},
                                            {"path", " vector-effect=\"non-scaling-stroke\""},
                                            {"rect", " fill"},
                                            {"stop", " stop-color=\"var(--"}}) {
    CAPTURE(tag, attribute);
    CHECK(tags_with(page, tag, attribute).size() == tags_with(page, tag).size());
  }
  CHECK(contains(page, "width=\"15.75em\" height=\"2.25em\" fill=\"var(--map, #08407e)\""));
  CHECK(tags_with(page, "path", "stroke-width=\"2.25\"").size() == 6);
  CHECK(texts(page, "text", "class=\"name\"") == texts(page, "b"));
  for (const std::string name :
       {"soft", "rule", "plus", "minus", "map", "c0", "c1", "c2", "c3", "c4", "c5"}) {
    CAPTURE(name);
    const std::string color = page.substr(page.find("--" + name + ": ") + name.size() + 4, 7);
    CHECK(contains(page, "=\"var(--" + name + ", " + color + ")\""));
  }
}

TEST_CASE("nothing in a text is taken for HTML") {
  const std::string evil = "<script>alert(\"&lt;\")</script> 'x' & L\u00E4nge";
  const std::string escaped =
      "&lt;script&gt;alert(&quot;&amp;lt;&quot;)&lt;/script&gt; &#39;x&#39; &amp; L\u00E4nge";
  Report report({evil, "b"}, Vector2d(1, 0));
  report.add_column(evil, {evil, "c"});
  HtmlReportOptions options = image(1, 2);
  options.title = evil;
  options.note = evil;
  const std::string page = html_report(report, history_of(Vector2d(0, 1), Vector2d(1, 0)), options);
  CHECK(texts(page, "title").front() == escaped);
  CHECK(texts(page, "h1") == Texts{escaped});
  CHECK(texts(page, "p").front() == escaped);
  CHECK(texts(page, "th", "scope=\"row\"").front() == escaped);
  CHECK(texts(page, "th", "scope=\"col\"")[2] == escaped);
  CHECK(texts(page, "td", "").at(1) == escaped);
  CHECK(texts(page, "b").front() == escaped);
  CHECK(contains(tags_with(page, "b").front().attributes, "title=\"" + escaped + "\""));
  CHECK(texts(page, "title").at(2) == escaped + ": 1.000");
  CHECK(texts(page, "desc").front().substr(0, escaped.size()) == escaped);
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "alert(\""));
}

TEST_CASE("2,000 features: bars of the first, and the others to be unfolded") {
  const Report report(numbered(2000), VectorXd::LinSpaced(2000, 0, 1));
  const std::string page = html_report(report);
  CHECK(tags_with(page, "rect", "class=\"plus\"").size() == 15);
  CHECK(tags_with(page, "th", "scope=\"row\"").size() == 2000);
  CHECK(texts(page, "summary") == Texts{"The other 1985 scores"});
  CHECK(texts(page, "caption") ==
        Texts{"The 15 highest of 2000 scores", "In descending order of score"});
  CHECK(page.find("<details>") > page.find("input 1985<"));
  CHECK(page.find("<details>") < page.find("input 1984<"));
  CHECK(page.size() < 400000);

  HtmlReportOptions options;
  options.max_bars = 0;
  options.max_rows = 100;
  const std::string brief = html_report(report, options);
  CHECK(tags_with(brief, "rect").empty());
  CHECK(tags_with(brief, "th", "scope=\"row\"").size() == 100);
  CHECK(contains(brief, ">1900 lower scores are not shown.<"));
  options.max_bars = 100;
  CHECK(tags_with(html_report(report, options), "details").empty());
  CHECK(contains(html_report(Report(numbered(5001), VectorXd::Zero(5001))), ">1 lower score is"));
}

TEST_CASE("sentences fit 0, 1, 2 and more scores") {
  struct Case {
    int features, bars, rows;
    std::string captions;  // of the bars, what is unfolded, and what is left out
  };
  for (const auto& [features, bars, rows, captions] :
       {Case{1, 9, 9, "1 score||"}, Case{2, 9, 9, "2 scores, from the highest||"},
        Case{2, 0, 0, "||2 scores are not shown."}, Case{1, 0, 0, "||1 score is not shown."},
        Case{3, 0, 9, "|3 scores, from the highest|"},
        Case{3, 0, 2, "|The 2 highest of 3 scores|1 lower score is not shown."},
        Case{3, 1, 1, "The highest of 3 scores||2 lower scores are not shown."},
        Case{3, 1, 2, "The highest of 3 scores|The next score|1 lower score is not shown."},
        Case{3, 1, 9, "The highest of 3 scores|The other 2 scores|"},
        Case{3, 2, 9, "The 2 highest of 3 scores|The other score|"}}) {
    HtmlReportOptions options;
    options.max_bars = bars;
    options.max_rows = rows;
    const std::string page =
        html_report(Report(numbered(features), VectorXd::LinSpaced(features, 0, 1)), options);
    Texts found{bars > 0 ? texts(page, "caption")[0] : ""};
    for (const char* tag : {"summary", "p"}) {
      found.push_back(texts(page, tag).empty() ? "" : texts(page, tag)[0]);
    }
    CHECK(found[0] + "|" + found[1] + "|" + found[2] == captions);
  }
  for (const auto& [features, sentence] : std::vector<std::pair<int, std::string>>{
           {1,
            "Scores of the most important input, by epoch. A dot marks the epoch from which one "
            "stayed at the top. |at the top since epoch"},
           {3, "Scores of the 3 most important inputs, by epoch. "},
           {3, "stayed at the top. Since epoch 1, the whole ranking"},
           {5, "stayed in the top 2. Since epoch"},
           {11, "Scores of the 6 most important inputs, by epoch. "},
           {11, "|in the top 5 since epoch"},
           {14, "|in the top 6 since epoch"}}) {
    const VectorXd scores = VectorXd::LinSpaced(features, 0, 1);
    const std::string page =
        html_report(Report(numbered(features), scores), history_of(scores, scores));
    CHECK(contains(texts(page, "figcaption")[0] + "|" + texts(page, "th", "\"col\"").back(),
                   sentence));
  }
}

TEST_CASE("names are cut off where they end, and the title holds the whole") {
  const std::string name(3000, 'N');
  Report report({name, std::string(80, 'M')}, Vector2d(1, 0));
  report.add_column(name, {name, "c"});
  const std::string page = html_report(report, history_of(Vector2d(0, 1), Vector2d(1, 0)));
  const std::string cut = name.substr(0, 79) + "\u2026";
  for (const auto& [tag, attribute] : Pairs{{"th", "row"},
                                            {"td", "dir"},
                                            {"b", ""},
                                            {"th", "--width:3000ch\" dir=\"auto\" title"}}) {
    CAPTURE(tag, attribute);
    const MarkupTag found = tags_with(page, tag, attribute).at(0);
    CHECK(found.text == cut);
    CHECK(contains(found.attributes, "title=\"" + name + "\""));
    CHECK(contains(found.attributes, "dir=\"auto\""));
  }
  CHECK(texts(page, "th", "scope=\"row\" dir=\"auto\"").back() == std::string(80, 'M'));
  CHECK(tags_with(page, "th", " title=").size() == 2);  // not where nothing is cut off
  CHECK(texts(page, "text", "class=\"name\"")[0] == name.substr(0, 15) + "\u2026");
  CHECK(texts(page, "desc")[0].substr(0, 84) == cut + ": ");
}

TEST_CASE("bars of scores that are negative, NaN, infinite or all 0") {
  VectorXd scores(5);
  scores << 3, -1, not_a_number, infinity, -infinity;
  const std::string page = html_report(Report(numbered(5), scores));
  CHECK(texts(page, "span") == Texts{"inf", "3.000", "-1.000", "-inf", "nan"});
  const auto plus = tags_with(page, "rect", "class=\"plus\"");
  const auto minus = tags_with(page, "rect", "class=\"minus\"");
  REQUIRE(plus.size() == 2);
  REQUIRE(minus.size() == 2);
  for (const auto& bar : plus) CHECK(contains(bar.attributes, "x=\"25\" width=\"75\""));
  for (const auto& bar : minus) {
    CHECK(contains(bar.attributes, "x=\"0\" width=\"25\" height=\"1\" fill=\"var(--minus,"));
  }
  CHECK(tags_with(page, "rect", "class=\"zero\" x=\"25\"").size() == 4);
  CHECK(tags_with(html_report(Report(numbered(2), Vector2d(0, 0))), "rect").empty());
  HtmlReportOptions two;  // the scale is that of the rows with bars
  two.max_bars = 2;
  CHECK(tags_with(html_report(Report(numbered(5), scores), two), "rect", "width=\"100\"").size() ==
        2);
  constexpr double most = std::numeric_limits<double>::max();
  const auto huge = tags_with(html_report(Report(numbered(2), Vector2d(most, -most))), "rect");
  CHECK(contains(huge[1].attributes, "x=\"50\" width=\"50\""));
}

TEST_CASE("lines of the most important inputs, over the epochs") {
  ScoreHistory history;
  history.add(10, Vector4d(1, 0.5, 0, 0.25));
  history.add(12, Vector4d(0.5, 1, 0.25, 0));
  history.add(20, Vector4d(0, 1, 0.25, 0.5));
  const Report report({"a", "b", "c", "d"}, Vector4d(0, 1, 0.25, 0.5));
  HtmlReportOptions options;
  options.max_lines = 3;
  const std::string page = html_report(report, history, options);
  const auto lines = tags_with(page, "path", "class=\"line");
  REQUIRE(lines.size() == 3);
  CHECK(contains(lines[0].attributes, "\"line c0\" d=\"M0 50L20 0L100 0\""));
  CHECK(contains(lines[1].attributes, "\"line c1\" d=\"M0 75L20 100L100 50\""));
  CHECK(contains(lines[2].attributes, "\"line c2\" d=\"M0 100L20 75L100 75\""));
  CHECK(texts(page, "b") == Texts{"b", "d", "c"});
  CHECK(texts(page, "text", "class=\"x\" x=\"20%\"") == Texts{"12"});
  CHECK(texts(page, "text", "y=\"0%\" dy=\".35em\" text-anchor=\"end\"") == Texts{"1"});
  CHECK(texts(page, "text", "class=\"axis\"") == Texts{"epoch"});

  // Feature b is among the top 2 from epoch 10 on, d from 20 on, c never.
  const auto dots = tags_with(page, "path", "class=\"since");
  REQUIRE(dots.size() == 2);
  CHECK(contains(dots[0].attributes, "\"since c0\" d=\"M0 50h0\""));
  CHECK(contains(dots[1].attributes, "\"since c1\" d=\"M100 50h0\""));
  CHECK(texts(page, "th", "scope=\"col\"").back() == "in the top 2 since epoch");
  CHECK(texts(page, "td", "number") == Texts{"10", "20", "\u2013", "\u2013"});
  CHECK(contains(page,
                 "The whole ranking has not settled: the one before has a rank correlation of "
                 "less than 0.9 with the last one.</figcaption>"));
  options.settled = -1;
  CHECK(
      contains(html_report(report, history, options),
               "Since epoch 10, the whole ranking has had a rank correlation of -1 or more with"));
  options.max_lines = 0;
  CHECK(tags_with(html_report(report, history, options), "path").empty());
}

TEST_CASE("one epoch makes no chart, and a long run is thinned out") {
  const Report report({"a", "b"}, Vector2d(1, 0));
  ScoreHistory history({3});
  history.add(1, Vector2d(1, 0));
  CHECK(tags_with(html_report(report, history), "path").empty());
  for (const std::int64_t epoch : {2, 3}) history.add(epoch, Vector2d(1, 0));
  CHECK_FALSE(contains(html_report(report, history), "were kept"));
  for (const std::int64_t epoch : {4, 5}) history.add(epoch, Vector2d(1, 0));
  CHECK(contains(html_report(report, history), " 3 of 5 epochs were kept."));
}

TEST_CASE("scores in the shape of their images") {
  VectorXd scores(12);
  scores << 0, 1, 2, 3, 4, not_a_number, 0, -1, -2, -4, infinity, 1;
  const std::string page = html_report(Report(numbered(12), scores), image(2, 3));
  CHECK(tags_with(page, "svg", "viewBox=\"0 0 3 2\"").size() == 2);
  CHECK(texts(page, "figcaption") == Texts{"Channel 0", "Channel 1"});
  const auto cells = tags_with(page, "rect", "fill-opacity");
  REQUIRE(cells.size() == 11);
  CHECK(contains(cells[1].attributes, "x=\"1\" y=\"0\""));
  CHECK(contains(cells[1].attributes, "fill-opacity=\"0.25\""));
  CHECK(contains(cells[3].attributes, "x=\"0\" y=\"1\""));
  CHECK(contains(cells[8].attributes,
                 "class=\"minus\" fill=\"var(--minus, #b5530c)\" fill-opacity=\"1\""));
  CHECK(contains(cells[9].attributes, "fill-opacity=\"1\""));
  CHECK(tags_with(page, "path", "d=\"M2 1l1 1").size() == 1);  // NaN
  CHECK(contains(page, "<title>input 5: nan</title>"));
  CHECK(contains(page, "aria-label=\"Scale from -4 to 4\""));
  CHECK(contains(page, "<title>input 9: -4.000</title>"));
  CHECK(texts(page, "title").at(2) == "input 1: 1.000");
  CHECK(contains(page, "The scores, 2 rows by 3 columns.<"));

  const std::string wide =
      html_report(Report(numbered(20), VectorXd::LinSpaced(20, 0, 1.2345)), image(1, 20));
  CHECK(contains(wide, "by position\" viewBox=\"0 0 20 1\" width=\"20em\" height=\"1em\""));
  CHECK(tags_with(wide, "figcaption").empty());
  CHECK(contains(wide, "aria-label=\"Scale from 0 to 1.23\""));
  CHECK_FALSE(contains(html_report(Report(numbered(20), VectorXd::Zero(20)), image(1, 20)), "nan"));

  VectorXd pairs = VectorXd::Ones(34);
  pairs.head(2) << 9, -9;  // the least sum has the largest score
  CHECK(texts(html_report(Report(numbered(34), pairs), image(1, 2)), "figcaption")[0] ==
        "Channel 1");
  scores = VectorXd::LinSpaced(20, 0, 1);
  scores[0] = 0.5;
  scores[10] = not_a_number;
  const std::string many = html_report(Report(numbered(20), scores), image(1, 1));
  CHECK(tags_with(many, "rect", "fill-opacity").size() == 16);
  CHECK(tags_with(many, "rect", "fill-opacity=\"1\"").size() == 1);
  CHECK(contains(many, "1 row by 1 column: 16 of 20 channels, those with the highest sums."));
  Texts shown = texts(many, "figcaption");
  CHECK(shown.size() == 16);
  CHECK(Texts(shown.begin(), shown.begin() + 2) == Texts{"Channel 0", "Channel 4"});
  CHECK(shown[7] == "Channel 11");
  CHECK(texts(many, "title").back() == "input 19: 1.000");
}

TEST_CASE("a page refuses what does not fit") {
  Report report({"a", "b", "c"}, Vector3d(1, 2, 3));
  ScoreHistory history;
  history.add(1, Vector2d(1, 2));
  CHECK(contains(message_of<std::invalid_argument>([&] { html_report(report, history); }),
                 "viann::html_report: a history of 2 features does not fit a report of 3"));
  for (const auto& [bars, rows, lines] : std::vector<std::array<Eigen::Index, 3>>{
           {-1, 5, 6}, {15, 14, 6}, {15, 50, -1}, {15, 50, 7}}) {
    HtmlReportOptions options;
    options.max_bars = bars;
    options.max_rows = rows;
    options.max_lines = lines;
    CHECK(contains(message_of<std::invalid_argument>([&] { html_report(report, options); }),
                   "0 <= max_bars <= max_rows and 0 <= max_lines <= 6 must hold"));
  }
  CHECK_THROWS_AS(html_report(report, image(0, 2)), std::invalid_argument);
  CHECK_THROWS_AS(html_report(report, image(1, 2)), std::invalid_argument);
  const Report moved = std::move(report);
  CHECK(contains(message_of<std::invalid_argument>([&] { html_report(report); }),  // NOLINT
                 "viann::html_report: the report was moved from"));
}
