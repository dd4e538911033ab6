// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace examples {

struct CommandLine::Parser {
  explicit Parser(const std::string& purpose) : app(purpose) {}
  CLI::App app;
  std::vector<const CLI::Option*> files, outputs;  // files: inputs and outputs
};

CommandLine::CommandLine(const std::string& purpose) : parser_(std::make_unique<Parser>(purpose)) {}

CommandLine::~CommandLine() = default;

namespace {

/// Why a file cannot be written; nothing if it can.
std::string why_not_writable(const std::string& path) {
  std::error_code none;
  const bool is_there = std::filesystem::exists(path, none);
  if (!is_there && std::filesystem::is_symlink(path, none)) {
    return "\"" + path + "\" is a link to a file that does not exist; remove it.";
  }
  const bool can_be_written = static_cast<bool>(std::ofstream(path, std::ios::app));
  if (!is_there && can_be_written) std::filesystem::remove(path);
  return can_be_written ? "" : "\"" + path + "\" cannot be written.";
}

/// Whether two paths lead to one file, which need not be there yet. Devices take several texts.
bool are_one_file(const std::string& a, const std::string& b) {
  std::error_code none;
  if (std::filesystem::exists(a, none)) {
    return std::filesystem::is_regular_file(a, none) && std::filesystem::equivalent(a, b, none);
  }
  const auto full = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, none), none);
  };
  return full(a) == full(b);
}

void refuse_overwriting(const CLI::Option& output, const CLI::Option& file) {
  for (const std::string& path : output.results()) {
    for (const std::string& other : file.results()) {
      if (&file == &output || !are_one_file(path, other)) continue;
      throw CLI::ValidationError(
          output.get_name(),
          "\"" + path + "\" is given as " + file.get_name() + ", too; choose another name.");
    }
  }
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

void CommandLine::add_input(const std::string& name, std::string& value, const std::string& help) {
  add_text(name, value, help);
  parser_->files.push_back(parser_->app.get_option(name));
}

void CommandLine::add_files(const std::string& name, std::vector<std::string>& paths,
                            const std::string& help) {
  parser_->files.push_back(parser_->app.add_option(name, paths, help)->required());
}

void CommandLine::add_output(const std::string& name, std::string& path, const std::string& help) {
  parser_->outputs.push_back(parser_->app.add_option(name, path, help)->check(why_not_writable));
  parser_->files.push_back(parser_->outputs.back());
}

void CommandLine::add_chart(const std::string& name, std::string& path, const std::string& help) {
  const auto why_not_drawable = [](const std::string& file) -> std::string {
    const std::string extension = std::filesystem::path(file).extension().string();
    if (extension != ".svg" && extension != ".png") return file + " must end in .svg or .png.";
    if (std::system("command -v gnuplot >/dev/null") != 0) return "gnuplot is not installed.";
    return "";
  };
  add_output(name, path, help);
  parser_->app.get_option(name)->check(why_not_drawable);
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
    for (const auto* output : parser_->outputs) {
      for (const auto* file : parser_->files) refuse_overwriting(*output, *file);
    }
    example();
    if (!std::cout.flush()) throw std::runtime_error("Standard output cannot be written.");
    return 0;
  } catch (const CLI::ParseError& error) {
    return parser_->app.exit(error) == 0 && std::cout.flush() ? 0 : 2;  // 0 after --help
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

}  // namespace examples
