// SPDX-License-Identifier: MIT
#include "dataset.hpp"

#include <csv.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

namespace examples {

namespace {

using Row = std::vector<std::string>;

/// The cells of a file, read by libcsv.
std::vector<Row> cells_of(const std::string& path) {
  if (path.empty()) throw std::runtime_error("The file has no name.");
  if (!std::filesystem::is_regular_file(path)) {
    throw std::runtime_error(
        path + (std::filesystem::exists(path) ? " is no file of text." : " cannot be opened."));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw std::runtime_error(path + " cannot be opened.");
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);  // a byte-order mark

  csv_parser parser{};
  csv_init(&parser, CSV_APPEND_NULL);
  const std::unique_ptr<csv_parser, decltype(&csv_free)> owner(&parser, csv_free);
  const std::string first_line = text.substr(0, text.find('\n'));
  const auto occurs = [&](char c) { return std::count(first_line.begin(), first_line.end(), c); };
  for (const char delimiter : {';', '\t'}) {
    if (occurs(delimiter) > occurs(',')) {
      csv_set_delim(&parser, static_cast<unsigned char>(delimiter));
    }
  }
  std::vector<Row> rows(1);
  const auto end_of_cell = [](void* cell, std::size_t size, void* data) {
    static_cast<std::vector<Row>*>(data)->back().emplace_back(static_cast<char*>(cell), size);
  };
  const auto end_of_row = [](int, void* data) {
    static_cast<std::vector<Row>*>(data)->emplace_back();
  };
  if (csv_parse(&parser, text.data(), text.size(), end_of_cell, end_of_row, &rows) != text.size() ||
      csv_fini(&parser, end_of_cell, end_of_row, &rows) != 0) {
    throw std::runtime_error(path + ": " + csv_strerror(csv_error(&parser)) + ".");
  }
  rows.pop_back();
  return rows;
}

bool read_number(const std::string& cell, double& number) {
  const char* const end = cell.data() + cell.size();
  const auto read = std::from_chars(cell.data() + (cell[0] == '+' ? 1 : 0), end, number);
  return read.ec == std::errc() && read.ptr == end && std::isfinite(number);
}

bool is_number(const std::string& cell) {
  double number = 0;
  return read_number(cell, number);
}

bool is_missing(const std::string& cell) {
  const std::set<std::string> signs = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"};
  return signs.count(cell) > 0;
}

/// Whether the first row has the names of the columns: a text above numbers, or one that its column
/// does not have again.
bool has_names(const std::vector<Row>& rows) {
  const Row& first = rows[0];
  for (std::size_t j = 0; j < first.size(); ++j) {
    if (is_number(first[j]) || is_missing(first[j])) continue;
    bool all_numbers = rows.size() > 1;
    bool occurs_again = false;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (j >= rows[i].size()) continue;
      all_numbers = all_numbers && (is_number(rows[i][j]) || is_missing(rows[i][j]));
      occurs_again = occurs_again || rows[i][j] == first[j];
    }
    if (all_numbers || !occurs_again) return true;
  }
  return false;
}

/// Whether a row counts 0, 1, ..., as programs name the columns of a matrix. Two cells may be data.
bool counts_columns(const Row& row) {
  bool counts = row.size() > 2;
  for (std::size_t j = 0; j < row.size(); ++j) counts = counts && row[j] == std::to_string(j);
  return counts;
}

}  // namespace

Dataset read_csv(const std::string& path) {
  std::vector<Row> rows = cells_of(path);
  const auto refuse = [&](const std::string& reason) {
    throw std::runtime_error(path + ": " + reason);
  };
  if (rows.empty()) refuse("the file is empty.");
  const std::size_t columns = rows[0].size();
  if (columns < 2) {
    refuse("there is one column; the last is the target, and those before it are the inputs. " +
           std::string("Cells are told apart by commas, semicolons or tabs."));
  }
  Dataset data;
  std::size_t lines_before = 1;
  if (counts_columns(rows[0])) {
    refuse("the first row counts 0, 1, ...: if these are names, put letters before them; if they " +
           std::string("are numbers, put a row of names above."));
  }
  if (has_names(rows)) {
    data.features = rows[0];
    rows.erase(rows.begin());
    ++lines_before;
  } else {
    for (std::size_t j = 0; j < columns; ++j) data.features.push_back("x" + std::to_string(j));
  }
  if (rows.empty()) refuse("there is no row below the names.");

  const auto n = static_cast<Eigen::Index>(rows.size());
  const auto inputs = static_cast<Eigen::Index>(columns) - 1;
  data.X.resize(n, inputs);
  data.y.resize(n);
  const auto refuse_cell = [&](Eigen::Index i, std::size_t j, const std::string& reason) {
    refuse("row " + std::to_string(static_cast<std::size_t>(i) + lines_before) + ", column \"" +
           data.features[j] + "\": " + reason);
  };
  bool has_texts = false;
  std::set<double> values;  // the target's
  std::set<std::string> texts;
  for (Eigen::Index i = 0; i < n; ++i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    if (row.size() != columns) {
      refuse("row " + std::to_string(static_cast<std::size_t>(i) + lines_before) + " has " +
             std::to_string(row.size()) + " cells, but the first row has " +
             std::to_string(columns) + ".");
    }
    for (std::size_t j = 0; j < columns; ++j) {
      const bool is_target = j + 1 == columns;
      double& number = is_target ? data.y[i] : data.X(i, static_cast<Eigen::Index>(j));
      if (is_missing(row[j])) {
        refuse_cell(i, j, "the value is missing; leave the row out, or fill the value in.");
      }
      if (read_number(row[j], number)) {
        if (is_target) values.insert(number);
      } else if (is_target) {
        has_texts = true;
      } else {
        const std::string cell = row[j].size() > 40 ? row[j].substr(0, 40) + "..." : row[j];
        refuse_cell(i, j, "\"" + cell + "\" is no number that a double can hold.");
      }
    }
    texts.insert(row.back());
  }
  data.features.pop_back();
  if ((has_texts ? texts.size() : values.size()) == 1) {
    refuse("the target, the last column, is the same in all rows.");
  }

  const bool are_integers = std::all_of(values.begin(), values.end(), [](double value) {
    return value == std::floor(value) && std::abs(value) < 1e15;
  });
  const std::size_t most = std::min<std::size_t>(20, std::max<std::size_t>(2, rows.size() / 5));
  if (has_texts || (are_integers && values.size() <= most)) {
    if (has_texts && texts.size() > most) {
      refuse("the target, the last column, has " + std::to_string(texts.size()) +
             " different texts in " + std::to_string(n) + " rows; these are no classes.");
    }
    if (!has_texts) {
      for (Eigen::Index i = 0; i < n; ++i) {
        const auto place = std::distance(values.begin(), values.find(data.y[i]));
        data.y[i] = static_cast<double>(place);
      }
      for (const double value : values) {
        data.classes.push_back(std::to_string(static_cast<long long>(value)));
      }
    } else {
      for (Eigen::Index i = 0; i < n; ++i) {
        const auto found = texts.find(rows[static_cast<std::size_t>(i)].back());
        data.y[i] = static_cast<double>(std::distance(texts.begin(), found));
      }
      data.classes.assign(texts.begin(), texts.end());
    }
  }
  return data;
}

Eigen::MatrixXd standardize(const Eigen::MatrixXd& X) {
  Eigen::MatrixXd Z = X;
  for (Eigen::Index j = 0; j < Z.cols(); ++j) {
    // Relative to the largest value, whose square may overflow; by powers of two, which do not
    // round, and in two steps, because such a power may have no inverse.
    const double largest = Z.col(j).cwiseAbs().maxCoeff();
    const int exponent = largest > 0 ? std::ilogb(largest) : 0;
    Z.col(j) *= std::ldexp(1.0, -exponent / 2);
    Z.col(j) *= std::ldexp(1.0, -(exponent - exponent / 2));
    Z.col(j).array() -= Z.col(j).mean();
    const double deviation = std::sqrt(Z.col(j).squaredNorm() / static_cast<double>(Z.rows()));
    if (X.col(j).minCoeff() == X.col(j).maxCoeff() || deviation == 0) {
      Z.col(j).setZero();
    } else {
      Z.col(j) /= deviation;
    }
  }
  return Z;
}

Eigen::MatrixXd one_hot(const Eigen::VectorXd& classes) {
  Eigen::MatrixXd Y =
      Eigen::MatrixXd::Zero(classes.size(), static_cast<Eigen::Index>(classes.maxCoeff()) + 1);
  for (Eigen::Index i = 0; i < classes.size(); ++i) Y(i, static_cast<Eigen::Index>(classes[i])) = 1;
  return Y;
}

}  // namespace examples
