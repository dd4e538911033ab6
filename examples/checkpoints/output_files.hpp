// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace examples {

/// Writes texts into files, all or none: each is written beside its file, and replaces it when all
/// have been written. What is no regular file, such as a link or /dev/stdout, is written itself.
class OutputFiles {
 public:
  /// \param path  where the text goes; if it is empty, nothing does
  void add(const std::string& path, std::string text) {
    if (path.empty()) return;
    const auto status = std::filesystem::symlink_status(path);
    const bool is_replaced =
        !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
    files_.push_back({path, is_replaced ? path + ".new" : "", std::move(text)});
  }

  /// \throws std::runtime_error if a file cannot be written.
  void write() const {
    try {
      for (const File& file : files_) {
        if (!file.beside.empty()) file.write_to(file.beside);
      }
      for (const File& file : files_) {
        if (file.beside.empty()) file.write_to(file.path);
      }
    } catch (...) {
      std::error_code none;
      for (const File& file : files_) std::filesystem::remove(file.beside, none);
      throw;
    }
    for (const File& file : files_) {
      if (!file.beside.empty()) std::filesystem::rename(file.beside, file.path);
    }
  }

 private:
  struct File {
    std::string path;
    std::string beside;  // empty if the file itself is written
    std::string text;

    void write_to(const std::string& where) const {
      std::ofstream file(where, std::ios::binary);
      if (!(file << text).flush()) throw std::runtime_error(path + " cannot be written.");
    }
  };

  std::vector<File> files_;
};

}  // namespace examples
