// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace examples {

struct CommandLine::Parser {
  explicit Parser(const std::string& purpose) : app(purpose) {}
  CLI::App app;
};

CommandLine::CommandLine(const std::string& purpose) : parser_(std::make_unique<Parser>(purpose)) {}

CommandLine::~CommandLine() = default;

namespace {

/// Why a file cannot be written; nothing if it can.
std::string why_not_writable(const std::string& path) {
  const bool is_there = std::filesystem::exists(path);
  const bool can_be_written = static_cast<bool>(std::ofstream(path, std::ios::app));
  if (!is_there) std::filesystem::remove(path);
  return can_be_written ? "" : "\"" + path + "\" cannot be written.";
}

}  // namespace

template <typename Integer>
void CommandLine::add_number(const std::string& name, Integer& value, const std::string& help,
                             std::int64_t least) {
  parser_->app.add_option(name, value, help)
      ->check(CLI::Range(least, std::int64_t{1000000}))
      ->capture_default_str();
}
template void CommandLine::add_number(const std::string&, int&, const std::string&, std::int64_t);
template void CommandLine::add_number(const std::string&, unsigned&, const std::string&,
                                      std::int64_t);
template void CommandLine::add_number(const std::string&, std::int64_t&, const std::string&,
                                      std::int64_t);

void CommandLine::add_text(const std::string& name, std::string& value, const std::string& help) {
  parser_->app.add_option(name, value, help)->capture_default_str();
}

void CommandLine::add_files(const std::string& name, std::vector<std::string>& paths,
                            const std::string& help) {
  parser_->app.add_option(name, paths, help)->required();
}

void CommandLine::add_output(const std::string& name, std::string& path, const std::string& help) {
  parser_->app.add_option(name, path, help)->check(why_not_writable);
}

void CommandLine::add_chart(const std::string& name, std::string& path, const std::string& help) {
  const auto why_not_drawable = [](const std::string& file) -> std::string {
    const std::string extension = std::filesystem::path(file).extension().string();
    if (extension != ".svg" && extension != ".png") return file + " must end in .svg or .png.";
    if (std::system("command -v gnuplot >/dev/null") != 0) return "gnuplot is not installed.";
    return "";
  };
  parser_->app.add_option(name, path, help)->check(why_not_writable)->check(why_not_drawable);
}

void CommandLine::add_flag(const std::string& name, bool& value, const std::string& help) {
  parser_->app.add_flag(name, value, help);
}

void CommandLine::add_choice(const std::string& name, std::string& value, const std::string& help,
                             const std::vector<std::string>& all) {
  parser_->app.add_option(name, value, help)->check(CLI::IsMember(all))->capture_default_str();
}

void CommandLine::add_choices(const std::string& name, std::vector<std::string>& values,
                              const std::string& help, const std::vector<std::string>& all,
                              const std::function<std::string(const std::string&)>& refusal) {
  parser_->app.add_option(name, values, help)
      ->delimiter(',')
      ->check(CLI::IsMember(all))
      ->check(refusal)
      ->capture_default_str();
}

void CommandLine::require(const std::string& name) { parser_->app.get_option(name)->required(); }

int CommandLine::run(int argc, char** argv, const std::function<void()>& example) {
  try {
    parser_->app.parse(argc, argv);
    example();
    return 0;
  } catch (const CLI::ParseError& error) {
    return parser_->app.exit(error) == 0 ? 0 : 2;  // 0 after --help
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

}  // namespace examples
