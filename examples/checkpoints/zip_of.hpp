// SPDX-License-Identifier: MIT
#pragma once

#include <zip.h>

#include <map>
#include <string>

namespace examples {

/// The bytes of a zip archive, for tests.
inline std::string zip_of(const std::map<std::string, std::string>& entries,
                          zip_int32_t method = ZIP_CM_STORE) {
  zip_source_t* archive = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(archive);  // closing frees it otherwise
  zip_t* zip = zip_open_from_source(archive, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : entries) {
    zip_source_t* source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(zip, name.c_str(), source, 0);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), method, 0);
  }
  zip_close(zip);
  zip_stat_t stat;
  zip_source_open(archive);
  zip_source_stat(archive, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_read(archive, bytes.data(), bytes.size());
  zip_source_free(archive);
  return bytes;
}

}  // namespace examples
