// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>

namespace examples {

/// One line of a terminal that is overwritten again and again; a file or a pipe gets only its last
/// text.
class ProgressLine {
 public:
  void show(std::string text) {
    text_ = std::move(text);
    if (is_terminal_) std::cout << '\r' << text_ << "\033[K" << std::flush;
  }
  void clear() const {
    if (is_terminal_) std::cout << "\r\033[K" << std::flush;
  }
  void finish() const { std::cout << (is_terminal_ ? "" : text_) << '\n'; }

 private:
  bool is_terminal_ = isatty(STDOUT_FILENO) != 0;
  std::string text_;
};

}  // namespace examples
