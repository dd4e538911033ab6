// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace examples {

/// The arguments of an example, read by CLI11, which is compiled once, in command_line.cpp.
///
/// Every option has a variable that holds its default and gets its value. A name without dashes is
/// that of a positional argument.
class CommandLine {
 public:
  /// \param purpose  of the program, for --help
  explicit CommandLine(const std::string& purpose);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// A number from `least` to a million. Integer is int, unsigned or std::int64_t.
  template <typename Integer>
  void add_number(const std::string& name, Integer& value, const std::string& help,
                  std::int64_t least = 0);

  void add_text(const std::string& name, std::string& value, const std::string& help);

  /// A text that is or may be the path of a file, which no output may then overwrite.
  void add_input(const std::string& name, std::string& value, const std::string& help);

  /// Files, one or more, which are the positional arguments.
  void add_files(const std::string& name, std::vector<std::string>& paths, const std::string& help);

  /// A file to be written. Whether it can be written is tried at once, not after hours of work. It
  /// must not be the file of another output or an input. A chart's name ends in .svg or .png, and
  /// gnuplot must be installed to draw it.
  void add_output(const std::string& name, std::string& path, const std::string& help);
  void add_chart(const std::string& name, std::string& path, const std::string& help);

  void add_flag(const std::string& name, bool& value, const std::string& help);

  /// One of `all`.
  void add_choice(const std::string& name, std::string& value, const std::string& help,
                  const std::vector<std::string>& all);

  /// Some of `all`, separated by commas.
  /// \param refusal  returns why a choice is not available here, or nothing
  void add_choices(
      const std::string& name, std::vector<std::string>& values, const std::string& help,
      const std::vector<std::string>& all,
      const std::function<std::string(const std::string&)>& refusal = [](const auto&) {
        return std::string();
      });

  /// Makes an option required, whose default then does not matter.
  void require(const std::string& name);

  /// Reads the arguments and runs the example. \returns its exit code: 2 for wrong arguments and 1
  /// for any other error, both after a sentence about it. Standard output must take all text.
  int run(int argc, char** argv, const std::function<void()>& example);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace examples
