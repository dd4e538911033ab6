// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace examples {

/// Writes texts into files, all or none: each is written beside its file, and replaces it when all
/// have been written. What is no regular file, such as a link, and standard output are written
/// themselves.
class OutputFiles {
 public:
  /// \param path  where the text goes; if it is empty, nothing does
  void add(const std::filesystem::path& path, std::string text) {
    if (path.empty()) return;
    std::error_code none;
    // Opened once more, standard output would be overwritten.
    const bool is_stdout = std::filesystem::equivalent(path, "/dev/stdout", none);
    const auto status = std::filesystem::symlink_status(path, none);
    std::filesystem::path unfinished;
    if (!is_stdout &&
        (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status))) {
      unfinished = path;
      unfinished.replace_filename("unfinished_" + std::to_string(std::random_device()()));
    }
    // What is written itself cannot be undone: it comes last.
    files_.insert(unfinished.empty() ? files_.end() : files_.begin(),
                  {path, unfinished, std::move(text), is_stdout});
  }

  /// \param print  writes to standard output when all else but replacing is done
  /// \throws std::runtime_error if a file or standard output cannot be written.
  template <typename Print>
  void write(const Print& print) const {
    std::error_code error;
    try {
      for (const File& file : files_) file.write();
      print();
      if (!std::cout.flush()) throw std::runtime_error("Standard output cannot be written.");
      for (const File& file : files_) {
        if (!file.unfinished.empty()) std::filesystem::rename(file.unfinished, file.path, error);
        if (error) throw std::runtime_error(file.path.string() + " cannot be replaced.");
      }
    } catch (...) {
      for (const File& file : files_) std::filesystem::remove(file.unfinished, error);
      throw;
    }
  }

 private:
  struct File {
    std::filesystem::path path, unfinished;  // the latter is empty if the file is written itself
    std::string text;
    bool is_stdout;

    void write() const {
      std::ofstream file;
      if (!is_stdout) file.open(unfinished.empty() ? path : unfinished, std::ios::binary);
      std::ostream& stream = is_stdout ? std::cout : file;
      if (!(stream << text).flush())
        throw std::runtime_error(path.string() + " cannot be written.");
    }
  };

  std::vector<File> files_;
};

}  // namespace examples
