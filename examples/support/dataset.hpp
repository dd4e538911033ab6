// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace examples {

/// A table of numbers whose last column is to be predicted.
struct Dataset {
  std::vector<std::string> features;  // names, by column of X
  Eigen::MatrixXd X;                  // samples x features
  Eigen::VectorXd y;                  // by sample: a class 0, 1, ... or a number
  std::vector<std::string> classes;   // what the classes are called; empty if y are numbers

  const std::string& feature_name(Eigen::Index feature) const {
    return features[static_cast<std::size_t>(feature)];
  }
};

/// Reads a CSV file: comma, semicolon or tab between the cells, quotes as in RFC 4180, blank lines
/// skipped. A first line with a text above numbers holds the names of the columns, and so does one
/// whose texts do not come again; otherwise they are x0, x1, ...
///
/// The last column is the target. It has classes if it holds texts, or few different integers (at
/// most 20, and one in five samples); they are numbered in ascending order.
/// \throws std::runtime_error with the file, and the row and column that cannot be read.
Dataset read_csv(const std::string& path);

/// Every column shifted to mean 0 and scaled to standard deviation 1; constant columns become 0.
Eigen::MatrixXd standardize(const Eigen::MatrixXd& X);

/// The classes as one-hot rows: samples x classes.
Eigen::MatrixXd one_hot(const Eigen::VectorXd& classes);

}  // namespace examples
