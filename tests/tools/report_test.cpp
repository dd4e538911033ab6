// SPDX-License-Identifier: MIT
#include "viann/tools/report.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif

#include "support/catch.hpp"

using Eigen::Index;
using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::VectorXd;
using viann::Report;
using viann::TableOptions;

namespace {

std::string bar(int length, char of = '#') {
  return std::string(static_cast<std::size_t>(length), of);
}

}  // namespace

TEST_CASE("names and scores: a table from most to least, with bars") {
  VectorXd scores(4);
  scores << 0, 0.059, 0.397, 1;
  const Report report({"sepal_length", "sepal_width", "petal_length", "petal_width"}, scores);
  CHECK(report.features() == 4);
  CHECK(report.table() == "  petal_width   1.000  " + bar(40) +  //
                              "\n  petal_length  0.397  " + bar(16) + "\n  sepal_width   0.059  " +
                              bar(2) +  //
                              "\n  sepal_length  0.000\n");
}

TEST_CASE("the scores' column may have another title") {
  const Report report({"a", "b"}, Vector2d(0.5, 1), "variance");
  CHECK(report.csv() == "feature,variance\na,0.5\nb,1\n");
}

TEST_CASE("more columns: numbers, whole numbers and texts") {
  Report report({"a", "bb"}, Vector2d(0.5, 1));
  CHECK(TableOptions().max_text_width == 40);
  report.add_column("spread", Vector2d(0.25, 0.0004));
  CHECK(report.table({50, 40, 0}) ==
        "  feature  score  spread\n  bb       1.000   0.000\n  a        0.500   0.250\n");
  report.add_column("hits", Eigen::Array<Index, 2, 1>(3, 19))
      .add_column("group", {"first", "second, or \"2nd\""})
      .add_column("matters", std::vector<std::string>{"no", "yes"})
      .add_column("rank", std::vector<int>{2, 1});
  CHECK(report.table({50, 40, 4}) ==
        "  feature  score  spread  hits  group             matters  rank\n"
        "  bb       1.000   0.000    19  second, or \"2nd\"  yes         1  ####\n"
        "  a        0.500   0.250     3  first             no          2  ##\n");
  CHECK(report.csv() ==
        "feature,score,spread,hits,group,matters,rank\n"
        "a,0.5,0.25,3,first,no,2\n"
        "bb,1,4e-04,19,\"second, or \"\"2nd\"\"\",yes,1\n");
}

TEST_CASE("scores that are equal, negative, NaN or infinite") {
  VectorXd scores(7);
  scores << not_a_number, 1, -2, 1, -infinity, infinity, -not_a_number;
  const Report report({"a", "b", "c", "d", "e", "f", "g"}, scores);
  CHECK(report.table({50, 40, 4}) ==
        "  f     inf  ####\n"
        "  b   1.000  ##\n"
        "  d   1.000  ##\n"
        "  c  -2.000  ----\n"
        "  e    -inf  ----\n"
        "  a     nan\n"
        "  g     nan\n");
  CHECK(contains(report.csv(), "a,nan\nb,1\nc,-2\nd,1\ne,-inf\nf,inf\ng,nan\n"));
  CHECK(Report({"a", "b"}, Vector2d(0, 0)).table() == "  a  0.000\n  b  0.000\n");
  CHECK(Report({"a", "b"}, Vector2d(not_a_number, infinity)).table({50, 40, 2}) ==
        "  b  inf  ##\n  a  nan\n");
}

TEST_CASE("equal scores keep the features' order") {
  // Enough of them for a sort that is not stable to show.
  std::vector<std::string> names;
  std::string expected;
  for (int i = 100; i < 1000; ++i) {
    names.push_back(std::to_string(i));
    expected += "  " + names.back() + "  1.000\n";
  }
  CHECK(Report(names, VectorXd::Ones(900)).table({1000, 40, 0}) == expected);
}

TEST_CASE("a column of very small or very large numbers is written with exponents") {
  CHECK(Report({"a", "b"}, Vector2d(1.23456e-7, 0)).table({50, 40, 1}) ==
        "  a  1.235e-07  #\n  b  0.000e+00\n");
  CHECK(Report({"a", "b"}, Vector2d(0.1, 0)).table({50, 40, 0}) == "  a  0.100\n  b  0.000\n");
  CHECK(Report({"a", "b"}, Vector2d(0.09, 0)).table({50, 40, 0}) ==
        "  a  9.000e-02\n  b  0.000e+00\n");
  CHECK(Report({"a", "b"}, Vector2d(1e6, 1)).table({50, 40, 1}) ==
        "  a  1.000e+06  #\n  b  1.000e+00\n");
  CHECK(Report({"a", "b"}, Vector2d(999999, 1)).table({50, 40, 0}) ==
        "  a  999999.000\n  b       1.000\n");
}

TEST_CASE("numbers in CSV are those that went in") {
  VectorXd scores(5);
  scores << 0.1, 1.0 / 3, 1e-310, -std::numeric_limits<double>::max(), 123456789.123456789;
  const std::string csv = Report({"a", "b", "c", "d", "e"}, scores).csv();
  std::size_t at = 0;
  for (const double score : scores) {
    at = csv.find('\n', at) + 3;  // after the name and the comma
    CHECK(std::strtod(csv.c_str() + at, nullptr) == score);
  }
  CHECK(contains(csv, "a,0.1\n"));
}

TEST_CASE("names in UTF-8 are aligned by code points and cut between them") {
  const Report report({"L\u00E4nge", "\u03B1", "width"}, Vector3d(3, 2, 1));
  CHECK(report.table({50, 40, 0}) ==
        "  L\u00E4nge  3.000\n"
        "  \u03B1      2.000\n"
        "  width  1.000\n");
  CHECK(report.table({50, 3, 0}) ==
        "  L\u00E4\u2026  3.000\n"
        "  \u03B1    2.000\n"
        "  wi\u2026  1.000\n");
  CHECK(report.table({50, 1, 0}) ==
        "  \u2026  3.000\n"
        "  \u03B1  2.000\n"
        "  \u2026  1.000\n");
}

TEST_CASE("names that hold commas, quotes and the ends of lines") {
  CHECK(Report({"a\rb", "c"}, Vector2d(2, 1)).csv() == "feature,score\n\"a\rb\",2\nc,1\n");
  const Report report({"a,b", "say \"x\"", "two\r\nlines"}, Vector3d(3, 2, 1));
  CHECK(report.csv() ==
        "feature,score\n"
        "\"a,b\",3\n"
        "\"say \"\"x\"\"\",2\n"
        "\"two\r\nlines\",1\n");
  CHECK(report.table({50, 40, 0}) ==
        "  a,b         3.000\n"
        "  say \"x\"     2.000\n"
        "  two  lines  1.000\n");
}

TEST_CASE("columns of standard vectors and of lists are columns of numbers") {
  Report report({"a", "b"}, Vector2d(2, 1));
  report.add_column("spread", std::vector<double>{1e-9, 0.1})
      .add_column("float", std::vector<float>{0.5F, 2.0F})
      .add_column("hits", {0, 0})
      .add_column("share", {0.25, 0.5})
      .add_column("whole", std::vector<std::int64_t>{(std::int64_t{1} << 53) - 1, 0})
      .add_column("flag", std::vector<bool>{true, false});
  CHECK(report.csv() ==
        "feature,score,spread,float,hits,share,whole,flag\n"
        "a,2,1e-09,0.5,0,0.25,9007199254740991,1\n"
        "b,1,0.1,2,0,0.5,0,0\n");
  check_refusals({{[&] {
                     report.add_column("id", {std::int64_t{1}, -(std::int64_t{1} << 53)});
                   },
                   "viann::Report: an integer of id is beyond 2^53, where a double cannot hold"}});
#if __has_include(<nlohmann/json.hpp>)
  const nlohmann::json json = report;
  CHECK(json[0]["spread"] == 1e-9);
  CHECK(json[0]["hits"].is_number_integer());
#endif
}

TEST_CASE("control characters of every kind become blanks") {
  const Report report({"a\tb\rc",
                       "d\x7F"
                       "e",
                       "f\xC2\x9Bg\xC2\x80h\xC2\xA0i\xC2"},
                      Vector3d(3, 2, 1));
  CHECK(report.table({50, 40, 0}) ==
        "  a b c     3.000\n  d e       2.000\n  f g h\xC2\xA0i\xC2  1.000\n");
  CHECK(contains(Report({"a", "b"}, Vector2d(1, 0)).table({1, 40, 0}), "\n  ... and 1 more\n"));
}

TEST_CASE("ten thousand features") {
  std::vector<std::string> names;
  for (int i = 0; i < 10000; ++i) names.push_back("feature " + std::to_string(i));
  const Report report(names, VectorXd::LinSpaced(10000, 0, 1));
  const std::string table = report.table();
  CHECK(std::count(table.begin(), table.end(), '\n') == 51);
  CHECK(contains(table, "  feature 9999  1.000  " + bar(40) + "\n"));
  CHECK(contains(table, "\n  feature 9950  0.995"));
  CHECK(contains(table, "\n  ... and 9950 more\n"));
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("JSON, by nlohmann's library") {
  Report report({"a", "\u03B1 \"x\""}, Vector2d(0.1, not_a_number));
  report.add_column("hits", Eigen::Array2i(3, 19)).add_column("group", {"g", "h"});
  CHECK(nlohmann::ordered_json(report).dump() ==
        "[{\"feature\":\"a\",\"score\":0.1,\"hits\":3,\"group\":\"g\"},"
        "{\"feature\":\"\u03B1 \\\"x\\\"\",\"score\":null,\"hits\":19,\"group\":\"h\"}]");
  const nlohmann::json json = report;
  CHECK(json.size() == 2);
  CHECK(json[0]["score"] == 0.1);
  CHECK(json[1]["hits"].is_number_integer());
}
#endif

TEST_CASE("a report refuses what does not fit and stays as it was") {
  Report report({"a", "b"}, Vector2d(1, 2));
  const std::string before = report.csv(), sizes = "must be at least 1, and bar_width at least 0";
  check_refusals(
      {{[] { Report({}, VectorXd()); }, "viann::Report: there are no scores"},
       {[] {
          Report({"a", "b"}, Vector3d(1, 2, 3));
        },
        "viann::Report: 2 names do not fit 3 scores; pass one name for each feature."},
       {[] { Report({"a"}, VectorXd::Ones(1), "feature"); }, "there is a column feature already"},
       {[&] { report.add_column("spread", Vector3d(1, 2, 3)); },
        "viann::Report: 3 entries of spread do not fit 2 features"},
       {[&] { report.add_column("group", std::vector<std::string>{"x"}); }, "1 entries of group"},
       {[&] { report.add_column("score", Vector2d(1, 2)); },
        "viann::Report: there is a column score already"},
       {[&] {
          report.table({0, 40, 40});
        },
        sizes},
       {[&] {
          report.table({50, 0, 40});
        },
        sizes},
       {[&] {
          report.table({50, 40, -1});
        },
        sizes}});
  CHECK(report.csv() == before);
}

TEST_CASE("a report that was moved from is empty") {
  Report report({"a", "b"}, Vector2d(1, 2));
  const Report moved = std::move(report);
  CHECK(moved.features() == 2);
  CHECK(report.features() == 0);  // NOLINT(bugprone-use-after-move)
  CHECK(report.table().empty());
}
