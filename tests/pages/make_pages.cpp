// SPDX-License-Identifier: MIT
//
//     make_pages FOLDER
//
// writes pages of html_report(), and beside each what a browser must find in it (check_pages.sh).

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "viann/tools/html_report.hpp"

namespace {

using Eigen::Index;
using Eigen::VectorXd;

std::vector<std::string> numbered(Index count) {
  std::vector<std::string> names;
  for (Index i = 0; i < count; ++i) names.push_back("input " + std::to_string(i));
  return names;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + " cannot be written.");
}

/// Scores that draw level, fall and rise.
viann::ScoreHistory history_of(const VectorXd& last, std::int64_t epochs) {
  viann::ScoreHistory history;
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
    const double done = static_cast<double>(epoch) / static_cast<double>(epochs);
    history.add(epoch, done * last + (1 - done) * last.reverse());
  }
  return history;
}

void write_pages(const std::string& folder) {
  using viann::html_report;
  const VectorXd four = Eigen::Vector4d(0.5, 1, 0, 0.25);
  write(folder + "/plain.html", html_report(viann::Report(numbered(4), four)));
  write(folder + "/plain.expected",
        "bars 4\nrows 4\nhidden 0\nlines 0\ndots 0\nnames 0\ncells 0\nfirst input 1\n");

  viann::HtmlReportOptions evil;
  evil.title = "</title><script>alert(1)</script> \"quoted\" & it's L\u00E4nge";
  evil.note = std::string(400, 'w') + "<img src=x onerror=alert(2)>";
  const std::string name = "<script>parent.evil = 1</script>\" onload='alert(3)' L\u00E4nge \u4E2D";
  viann::Report report({"<b>", name, std::string(300, 'M'), "</td></tr></table>",
                        "a name of many words that goes on and on without an end in sight", "&lt;"},
                       (VectorXd(6) << 0.5, 1, 0.875, -0.25, 0.75, 0).finished());
  report.add_column(std::string(100, 'T'), std::vector<double>{1, 2, 3, 4, 5, 1e300})
      .add_column("</th>", std::vector<std::string>(6, std::string(200, 'x') + "<i>"));
  write(
      folder + "/names.html",
      html_report(report, history_of((VectorXd(6) << 0.5, 1, 0.875, -0.25, 0.75, 0).finished(), 9),
                  evil));
  write(folder + "/names.expected",
        "bars 6\nrows 6\nhidden 0\nlines 6\ndots 3\nnames 6\ncells 0\nfirst " + name + "\n");

  VectorXd many(2000);
  for (Index i = 0; i < 2000; ++i) many[i] = std::exp(-static_cast<double>(i) / 40);
  viann::Report large(numbered(2000), many);
  large.add_column("raw score", 1e-6 * many);
  write(folder + "/many.html", html_report(large, history_of(many, 200)));
  write(folder + "/many.expected",
        "bars 15\nrows 2000\nhidden 1985\nlines 6\ndots 6\nnames 6\ncells 0\nfirst input 0\n");

  VectorXd pixels(128);
  for (Index i = 0; i < 128; ++i) pixels[i] = std::sin(static_cast<double>(i));
  viann::HtmlReportOptions image;
  image.rows = image.cols = 8;
  write(folder + "/image.html", html_report(viann::Report(numbered(128), pixels), image));
  write(folder + "/image.expected",
        "bars 15\nrows 128\nhidden 113\nlines 0\ndots 0\nnames 0\ncells 128\nfirst input 33\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  write_pages(argv[1]);
}
