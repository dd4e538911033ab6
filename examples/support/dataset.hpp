// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace examples {

/// A table of numbers whose last column is what is to be predicted.
struct Dataset {
  std::vector<std::string> features;  // names, by column of X
  Eigen::MatrixXd X;                  // samples x features
  Eigen::VectorXd y;                  // by sample: a class 0, 1, ... or a number

  const std::string& feature_name(Eigen::Index feature) const {
    return features[static_cast<std::size_t>(feature)];
  }
};

/// Reads a CSV file with one line of names and at least one of numbers, without quotes.
/// \throws std::runtime_error naming the file and the line that cannot be read.
Dataset read_csv(const std::string& path);

/// Every column shifted to mean 0 and scaled to standard deviation 1; constant columns become 0.
Eigen::MatrixXd standardize(const Eigen::MatrixXd& X);

/// Whether the numbers are classes: 0, 1, ... up to some k, and each of them is there.
bool are_classes(const Eigen::VectorXd& y);

/// The classes as rows that are 1 in the class's column and else 0: samples x classes.
Eigen::MatrixXd one_hot(const Eigen::VectorXd& classes);

}  // namespace examples
