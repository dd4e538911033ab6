// SPDX-License-Identifier: MIT
#include "viann/detail/text/html_chart.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/markup.hpp"

using viann::detail::EpochAxis;
using viann::detail::line_chart;
using viann::detail::round_ticks;
using viann::detail::score_tick;
using viann::detail::spread_out;

using Numbers = std::vector<double>;

namespace {

std::string texts(const Numbers& ticks) {
  std::string result;
  for (const double tick : ticks) result += viann::detail::html_number(tick) + " ";
  return result;
}

}  // namespace

TEST_CASE("ticks are round numbers within the range") {
  CHECK(texts(round_ticks(0, 1, 0)) == "0 0.2 0.4 0.6 0.8 1 ");
  CHECK(texts(round_ticks(-1, 1, 0)) == "-1 -0.5 0 0.5 1 ");
  CHECK(texts(round_ticks(0, 7.3, 0)) == "0 2 4 6 ");
  CHECK(texts(round_ticks(0, 24, 0)) == "0 5 10 15 20 ");
  CHECK(texts(round_ticks(0, 5, 0)) == "0 1 2 3 4 5 ");
  CHECK(texts(round_ticks(0, 5.5, 0)) == "0 2 4 ");
  CHECK(texts(round_ticks(0, 30, 0)) == "0 10 20 30 ");
  CHECK(texts(round_ticks(0.1 * 3, 0.7, 0)) == "0.3 0.4 0.5 0.6 0.7 ");  // up to rounding
  CHECK(texts(round_ticks(1, 3, 1)) == "1 2 3 ");
  CHECK(round_ticks(0, std::numeric_limits<double>::max(), 0).size() == 4);
  CHECK(round_ticks(0, std::numeric_limits<double>::denorm_min(), 0).empty());
}

TEST_CASE("an axis of many epochs is logarithmic") {
  const EpochAxis few(1, 19);
  CHECK_FALSE(few.is_logarithmic());
  CHECK(few.position(10) == 0.5);
  const EpochAxis many(1, 100);
  CHECK(many.is_logarithmic());
  CHECK(many.position(10) == Approx(0.5));
  CHECK(many.position(100) == 1);
  CHECK(texts(many.ticks()) == "1 2 5 10 20 50 100 ");
  CHECK(texts(EpochAxis(3, 60).ticks()) == "5 10 20 50 ");
  CHECK(texts(EpochAxis(1, 1000).ticks()) == "1 10 100 1000 ");
  CHECK_FALSE(EpochAxis(0, 100).is_logarithmic());  // there is no logarithm of 0
  CHECK(EpochAxis(1, 20).is_logarithmic());
}

TEST_CASE("numbers of epochs have all their digits, and room") {
  const auto numbers = [](std::int64_t first, std::int64_t last) {
    const std::string chart = line_chart({{"a", Eigen::Vector2d(0, 1), {}}}, {first, last}, "");
    std::string result;
    for (const auto& tag : tags_with("<!DOCTYPE html>\n" + chart, "text", "class=\"x\"")) {
      result += tag.text + " ";
    }
    return result;
  };
  CHECK(numbers(0, 10) == "0 2 4 6 8 10 ");
  CHECK(numbers(1, 100) == "1 2 5 10 20 50 100 ");
  CHECK(numbers(100000, 1100000) == "200000 600000 1000000 ");
  CHECK(numbers(1, 10000000) == "1 10 100 10000 1000000 ");
  CHECK(numbers(10000, 10010) == "10000 10002 10004 10006 10008 10010 ");
  CHECK(numbers(100000, 100010) == "100000 100004 100008 ");
}

TEST_CASE("ticks of scores have exponents all or none") {
  CHECK(score_tick(0.1 * 3, 1) == "0.3");
  CHECK(score_tick(0, 1e6) == "0");
  CHECK(score_tick(500, 2000) == "500");
  CHECK(score_tick(2000, 2000) == "2000");
  CHECK(score_tick(0.0001, 0.001) == "0.0001");
  CHECK(score_tick(0.0001, 0.0009) == "1.0e-04");
  CHECK(score_tick(800000, 999999) == "800000");
  CHECK(score_tick(-500000, 1e6) == "-5.0e+05");
  CHECK(contains(line_chart({{"a", Eigen::Vector2d(-2e6, 1), {}}}, {1, 2}, ""), ">-5.0e+05<"));
}

TEST_CASE("the parts of a chart are in their places") {
  const Eigen::Vector2d scores(0, 1);
  const std::string chart = line_chart({{"a", scores, {}}, {"b", scores, 10}}, {0, 10}, "<");
  for (const char* part :
       {R"(preserveAspectRatio="none" fill="none" stroke-linecap="round")",
        R"(height="1" width="2.55em")", R"(<desc id="chart-text">&lt;</desc>)",
        R"(<text class="x" x="20%" y="100%" dy="1.4em" text-anchor="middle">2</text>)",
        R"(<text class="axis" x="50%" y="100%" dy="2.8em" text-anchor="middle">epoch</text>)",
        R"(d="M0 100H100M0 80H100M0 60H100M0 40H100M0 20H100M0 0H100M0 0V100M20 0V100M40 0V100)",
        R"p(<path class="since c1" d="M100 0h0" stroke="var(--c1, #dc3a00)" stroke-width="9")p",
        R"(x="100%" width="2em" height="100%"><path class="link c0" d="M8 0L92 0")",
        R"p(<path class="link c1" d="M8 0L92 7" stroke="var(--c1, #dc3a00)" stroke-width="1")p",
        R"p(hidden=""><span>a</span><span>b</span><b style="top:0%;color:var(--c0, #030fc8)")p",
        R"p(<b style="top:7%;color:var(--c1, #dc3a00)" title="b" dir="auto">b</b>)p"}) {
    CAPTURE(part);
    CHECK(contains(chart, part));
  }
  CHECK(contains(line_chart({{"a", -scores, {}}, {"b", scores, {}}}, {0, 10}, ""),
                 R"p(<b style="top:0%;color:var(--c1, #dc3a00)" title="b")p"));
}

TEST_CASE("names keep their distance, in order and within the chart") {
  const auto spread = [](Numbers places) {
    spread_out(places, 0.25);
    return places;
  };
  CHECK(spread({0, 0.5, 1}) == Numbers{0, 0.5, 1});
  CHECK(spread({0, 0, 0.125}) == Numbers{0, 0.25, 0.5});
  CHECK(spread({0.875, 1, 1}) == Numbers{0.5, 0.75, 1});
  CHECK(spread({0.25, 0.25, 1}) == Numbers{0.25, 0.5, 1});
}

TEST_CASE("scores of any size stay in the chart") {
  constexpr double most = std::numeric_limits<double>::max();
  for (const Eigen::Vector2d& scores :
       {Eigen::Vector2d(0, 0), Eigen::Vector2d(-most, most), Eigen::Vector2d(-1, -2),
        Eigen::Vector2d(0, std::numeric_limits<double>::denorm_min())}) {
    const std::string chart = line_chart({{"a", scores, {}}}, {1, 2}, "");
    for (const char* no_number : {"nan", "inf", "e+"}) {
      CAPTURE(chart, no_number);
      CHECK_FALSE(contains(chart.substr(chart.find("<path")), no_number));
    }
  }
  CHECK(contains(line_chart({{"a", Eigen::Vector2d(-1, 1), {}}}, {1, 2}, ""),
                 "class=\"line c0\" d=\"M0 100L100 0\""));
}
