// SPDX-License-Identifier: MIT
#pragma once

#include <zip.h>

#include <map>
#include <stdexcept>
#include <string>

namespace examples {

/// Writes a zip archive for tests. libzip compresses the entries that thereby get smaller.
inline void write_zip(const std::string& path, const std::map<std::string, std::string>& entries) {
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : entries) {
    zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
  }
  if (zip_close(zip) != 0) throw std::runtime_error(path + " cannot be written.");
}

}  // namespace examples
