// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// One file of tests/reference: the weights of a training, and what the Python original computes
/// from them. Every line is a key and its values; weights are row-major in the stated layout,
/// `mean` and `variance` row-major features x units.
class ReferenceFile {
 public:
  explicit ReferenceFile(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + " cannot be opened.");
    for (std::string line; std::getline(file, line);) {
      std::istringstream in(line);
      std::string key;
      in >> key;
      if (key == "weights") {
        std::size_t epoch = 0;
        in >> epoch;
        if (epoch != weights_.size()) throw std::runtime_error(path + ": an epoch is missing.");
        weights_.push_back(numbers(in));
      } else {
        std::getline(in >> std::ws, texts_[key]);
      }
    }
    if (weights_.size() != static_cast<std::size_t>(epochs()) + 1) {
      throw std::runtime_error(path + " has fewer epochs than it says.");
    }
  }

  const std::string& text(const std::string& key) const { return texts_.at(key); }
  Eigen::Index features() const { return std::stol(text("features")); }
  Eigen::Index units() const { return std::stol(text("units")); }
  int epochs() const { return std::stoi(text("epochs")); }

  /// The weights after an epoch (0: before training), row-major in the file's layout.
  const std::vector<double>& weights(int epoch) const {
    return weights_.at(static_cast<std::size_t>(epoch));
  }

  Eigen::VectorXd vector(const std::string& key) const {
    std::istringstream in(text(key));
    const auto values = numbers(in);
    return Eigen::Map<const Eigen::VectorXd>(values.data(),
                                             static_cast<Eigen::Index>(values.size()));
  }
  Eigen::ArrayXXd matrix(const std::string& key) const {
    return vector(key).reshaped<Eigen::RowMajor>(features(), units()).array();
  }

 private:
  static std::vector<double> numbers(std::istream& in) {
    return {std::istream_iterator<double>(in), std::istream_iterator<double>()};
  }

  std::map<std::string, std::string> texts_;
  std::vector<std::vector<double>> weights_;  // by epoch
};
