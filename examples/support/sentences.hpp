// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace examples {

/// Sentences as counts of their tokens: the input of an embedding layer with sum pooling.
struct Sentences {
  std::vector<std::string> tokens;  // by column of X: lower-case words, in alphabetical order
  Eigen::MatrixXf X;                // sentences x tokens: how often the sentence has the token
  Eigen::VectorXd y;                // by sentence: its class
};

/// Reads a file with one line of names and then lines of class, tab, sentence.
/// \param min_sentences  tokens that fewer sentences have are left out.
/// \throws std::runtime_error if the file cannot be read.
inline Sentences read_sentences(const std::string& path, int min_sentences) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error(path + " cannot be read.");

  std::vector<double> classes;
  std::vector<std::map<std::string, int>> counts;  // by sentence
  std::map<std::string, int> sentences_with;
  while (std::getline(file, line)) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos)
      throw std::runtime_error(path + ": a line without a tab: " + line);
    classes.push_back(std::stod(line.substr(0, tab)));
    std::string text = line.substr(tab);
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
      return std::isalpha(c) != 0 ? static_cast<char>(std::tolower(c)) : ' ';
    });
    counts.emplace_back();
    std::istringstream words(text);
    for (std::string word; words >> word;) ++counts.back()[word];
    for (const auto& word : counts.back()) ++sentences_with[word.first];
  }

  Sentences result;
  std::map<std::string, Eigen::Index> column;
  for (const auto& [token, sentences] : sentences_with) {
    if (sentences < min_sentences) continue;
    column[token] = static_cast<Eigen::Index>(result.tokens.size());
    result.tokens.push_back(token);
  }
  const auto rows = static_cast<Eigen::Index>(counts.size());
  result.y = Eigen::Map<const Eigen::VectorXd>(classes.data(), rows);
  result.X.setZero(rows, static_cast<Eigen::Index>(result.tokens.size()));
  for (Eigen::Index row = 0; row < rows; ++row) {
    for (const auto& [token, count] : counts[static_cast<std::size_t>(row)]) {
      const auto known = column.find(token);
      if (known != column.end()) result.X(row, known->second) = static_cast<float>(count);
    }
  }
  return result;
}

}  // namespace examples
