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
/// have been written. What a link leads to is replaced; what is no regular file, such as a device,
/// and standard output are written themselves.
class OutputFiles {
 public:
  /// \param path  where the text goes; if it is empty, nothing does
  void add(const std::string& path, std::string text) {
    if (path.empty()) return;
    std::error_code none;
    File file{path, path, {}, std::move(text)};
    // Opened once more, standard output would be overwritten.
    file.is_stdout = std::filesystem::equivalent(path, "/dev/stdout", none);
    const auto target = std::filesystem::weakly_canonical(std::filesystem::absolute(path), none);
    if (!file.is_stdout &&
        (!std::filesystem::exists(path, none) || std::filesystem::is_regular_file(target, none))) {
      file.target = target;
      file.written = target;  // beside it, under a name that no other file has
      file.written.replace_filename("unfinished_" + std::to_string(std::random_device()()));
    }
    files_.push_back(std::move(file));
  }

  /// \param print  writes to standard output when all else but replacing is done
  /// \throws std::runtime_error if a file or standard output cannot be written.
  template <typename Print>
  void write(const Print& print) const {
    std::error_code error;
    try {
      for (const bool is_replaced : {true, false}) {
        for (const File& file : files_) {
          if (file.target.empty() != is_replaced) file.write();
        }
      }
      print();
      if (!std::cout.flush()) throw std::runtime_error("Standard output cannot be written.");
      for (const File& file : files_) {
        if (!file.target.empty()) std::filesystem::rename(file.written, file.target, error);
        if (error) throw std::runtime_error(file.path + " cannot be written: " + error.message());
      }
    } catch (...) {
      for (const File& file : files_) {
        if (!file.target.empty()) std::filesystem::remove(file.written, error);
      }
      throw;
    }
  }

 private:
  struct File {
    std::string path;
    std::filesystem::path written, target;  // target: which is replaced, if that is so
    std::string text;
    bool is_stdout = false;

    void write() const {
      std::ofstream file;
      if (!is_stdout) file.open(written, std::ios::binary);
      std::ostream& stream = is_stdout ? std::cout : file;
      if (!(stream << text).flush()) throw std::runtime_error(path + " cannot be written.");
    }
  };

  std::vector<File> files_;
};

}  // namespace examples
