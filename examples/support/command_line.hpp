// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

namespace examples {

/// Reads the arguments and runs an example. \returns its exit code: 2 for wrong arguments and 1
/// for anything else that went wrong, both after a sentence on what.
template <typename Example>
int run(CLI::App& app, int argc, char** argv, const Example& example) {
  try {
    app.parse(argc, argv);
    example();
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0 after --help
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

}  // namespace examples
