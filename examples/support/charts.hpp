// SPDX-License-Identifier: MIT
#pragma once

#include <csv.h>

#include <Eigen/Core>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// Scores of the same features by several methods.
struct ScoreTable {
  std::vector<std::string> features;
  std::vector<std::pair<std::string, Eigen::VectorXd>> methods;
};

/// Writes one line per feature and one column per method, with their names.
/// \throws std::runtime_error if the file cannot be written.
inline void write_csv(const std::string& path, const ScoreTable& table) {
  std::ofstream file(path);
  file << "feature";
  for (const auto& method : table.methods) file << ',' << method.first;
  file << '\n';
  for (std::size_t i = 0; i < table.features.size(); ++i) {
    const std::string& name = table.features[i];
    std::string quoted(2 * name.size() + 2, ' ');
    quoted.resize(csv_write(quoted.data(), quoted.size(), name.data(), name.size()));
    file << (name.find_first_of("\",\n\r") == std::string::npos ? name : quoted);
    for (const auto& method : table.methods) {
      file << ',' << method.second[static_cast<Eigen::Index>(i)];
    }
    file << '\n';
  }
  if (!file.flush()) throw std::runtime_error(path + " cannot be written.");
}

/// Draws an .svg or .png file with gnuplot.
/// \param commands  what to draw, after the output has been set.
/// \throws std::runtime_error if gnuplot is not installed or fails.
inline void draw(const std::string& path, int width, int height, const std::string& commands) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension != ".svg" && extension != ".png") {
    throw std::runtime_error(path + ": a chart's name must end in .svg or .png.");
  }
  std::FILE* gnuplot = popen("command -v gnuplot >/dev/null && exec gnuplot", "w");
  if (gnuplot == nullptr) throw std::runtime_error("gnuplot cannot be started.");
  std::ostringstream script;
  script << "set terminal " << (extension == ".svg" ? "svg" : "pngcairo") << " size " << width
         << ',' << height << " background rgb 'white'\nset output '" << path << "'\n"
         << commands << '\n';
  std::fputs(script.str().c_str(), gnuplot);
  if (pclose(gnuplot) != 0) {
    throw std::runtime_error(path + " was not drawn: is gnuplot installed, and the folder there?");
  }
}

namespace detail {

// A gnuplot string, which a quote inside would end.
inline std::string quoted(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  return '"' + text + '"';
}

}  // namespace detail

/// Horizontal bars: one group per feature, from the top in the order given, and one bar per method.
inline void draw_bars(const std::string& path, const std::string& title, const ScoreTable& table) {
  const std::size_t n = table.features.size();
  const std::size_t methods = table.methods.size();
  const double thickness = 0.8 / static_cast<double>(methods);
  std::ostringstream out;
  out << "set title " << detail::quoted(title) << " noenhanced\n"
      << "set xrange [0:*]\nset yrange [" << n << "-0.4:-0.6] noextend\nset xtics nomirror\n"
      << "set border 3\nset style fill solid 0.8 noborder\nset key outside bottom center "
      << "horizontal\nset lmargin "
      << 4 + std::max_element(table.features.begin(), table.features.end(),
                              [](const auto& a, const auto& b) { return a.size() < b.size(); })
                 ->size()
      << "\nset ytics scale 0 (";
  for (std::size_t i = 0; i < n; ++i) {
    out << (i > 0 ? "," : "") << detail::quoted(table.features[i]) << ' ' << i;
  }
  out << ") noenhanced\n";
  for (std::size_t m = 0; m < methods; ++m) {
    out << "$m" << m << " << EOD\n";
    for (std::size_t i = 0; i < n; ++i) {
      const double y = static_cast<double>(i) - 0.4 + (static_cast<double>(m) + 0.5) * thickness;
      out << table.methods[m].second[static_cast<Eigen::Index>(i)] << ' ' << y << '\n';
    }
    out << "EOD\n";
  }
  out << "plot ";
  for (std::size_t m = 0; m < methods; ++m) {
    // x y xlow xhigh ylow yhigh: a box from 0 to the score.
    out << (m > 0 ? ", " : "") << "$m" << m << " using 1:2:(0):1:($2-" << thickness / 2 << "):($2+"
        << thickness / 2 << ") with boxxyerror title "
        << detail::quoted(methods > 1 ? table.methods[m].first : "") << " noenhanced";
  }
  draw(path, 640, 80 + static_cast<int>(n) * (14 + 8 * static_cast<int>(methods)), out.str());
}

/// A matrix as colours, its first row on top, light for 0 and dark for the largest.
inline void draw_heat_map(const std::string& path, const std::string& title,
                          const Eigen::MatrixXd& values) {
  std::ostringstream out;
  out << "set title " << detail::quoted(title) << " noenhanced\n"
      << "set palette defined (0 'white', 0.5 'orange', 1 'dark-red')\nset cbrange [0:*]\n"
      << "set size ratio "
      << static_cast<double>(values.rows()) / static_cast<double>(values.cols())
      << "\nset xrange [-0.5:" << values.cols() << "-0.5]\nset yrange [" << values.rows()
      << "-0.5:-0.5]\nset tics scale 0\nset xtics 1\nset ytics 1\n"
      << "$values << EOD\n"
      << values << "\nEOD\nplot $values matrix with image notitle";
  draw(path, 520, 460, out.str());
}

}  // namespace examples
