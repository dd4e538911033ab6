// SPDX-License-Identifier: MIT
#include "dataset.hpp"

#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace examples {

Dataset read_csv(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be opened.");
  const auto cells_of = [](const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    return cells;
  };

  std::string line;
  std::getline(file, line);
  Dataset data;
  data.features = cells_of(line);
  const std::size_t columns = data.features.size();
  std::vector<double> numbers;
  for (int number = 2; std::getline(file, line); ++number) {
    const auto fail = [&] {
      throw std::runtime_error(path + ", line " + std::to_string(number) + ": expected " +
                               std::to_string(columns) + " numbers, but found: " + line);
    };
    const auto cells = cells_of(line);
    if (cells.size() != columns) fail();
    for (const auto& cell : cells) {
      std::istringstream in(cell);
      double value = 0;
      if (!(in >> value) || !(in >> std::ws).eof()) fail();
      numbers.push_back(value);
    }
  }
  if (columns < 2 || numbers.empty()) {
    throw std::runtime_error(path + " has no column of features, or no line of numbers.");
  }

  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto cols = static_cast<Eigen::Index>(columns);
  const auto rows = static_cast<Eigen::Index>(numbers.size()) / cols;
  const Eigen::Map<const RowMajor> table(numbers.data(), rows, cols);
  data.features.pop_back();
  data.X = table.leftCols(cols - 1);
  data.y = table.col(cols - 1);
  return data;
}

Eigen::MatrixXd standardize(const Eigen::MatrixXd& X) {
  Eigen::MatrixXd Z = X.rowwise() - X.colwise().mean();
  const Eigen::RowVectorXd deviation =
      (Z.colwise().squaredNorm() / static_cast<double>(Z.rows())).cwiseSqrt();
  for (Eigen::Index j = 0; j < Z.cols(); ++j) {
    if (deviation[j] > 0) Z.col(j) /= deviation[j];
  }
  return Z;
}

bool are_classes(const Eigen::VectorXd& y) {
  const double last = y.maxCoeff();
  if (y.minCoeff() != 0 || last < 1 || last >= static_cast<double>(y.size())) return false;
  Eigen::VectorXd seen = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(last) + 1);
  for (const double value : y) {
    if (value != std::floor(value)) return false;
    seen[static_cast<Eigen::Index>(value)] = 1;
  }
  return seen.minCoeff() == 1;
}

Eigen::MatrixXd one_hot(const Eigen::VectorXd& classes) {
  Eigen::MatrixXd Y =
      Eigen::MatrixXd::Zero(classes.size(), static_cast<Eigen::Index>(classes.maxCoeff()) + 1);
  for (Eigen::Index i = 0; i < classes.size(); ++i) Y(i, static_cast<Eigen::Index>(classes[i])) = 1;
  return Y;
}

}  // namespace examples
