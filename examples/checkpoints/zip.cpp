// SPDX-License-Identifier: MIT
//
// Zip archives, by libzip, and Keras' model, which is one with an HDF5 file.

#include <zip.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint_formats.hpp"

namespace examples::detail {

namespace {

class ZipEntry : public ByteSource {
 public:
  ZipEntry(zip_file_t* file, std::uint64_t size, bool is_stored)
      : ByteSource(size), file_(file, zip_fclose), is_stored_(is_stored) {}

 private:
  bool get(char* to, std::uint64_t size) override {
    if (zip_fread(file_.get(), to, size) != static_cast<zip_int64_t>(size)) return false;
    // libzip compares the checksum when it finds the end.
    char none = 0;
    return size < left() || zip_fread(file_.get(), &none, 1) == 0;
  }

  void pass_over(std::uint64_t size) override {
    if (is_stored_) {
      zip_fseek(file_.get(), static_cast<zip_int64_t>(size), SEEK_CUR);
      return;
    }
    std::vector<char> block(1 << 16);
    for (std::uint64_t passed = 0; passed < size; passed += block.size()) {
      zip_fread(file_.get(), block.data(), (std::min<std::uint64_t>)(block.size(), size - passed));
    }
  }

  std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file_;
  bool is_stored_;
};

zip_t* as_zip(const std::shared_ptr<void>& zip) { return static_cast<zip_t*>(zip.get()); }

}  // namespace

ZipArchive::ZipArchive(const std::string& path, const std::string& format)
    : zip_(zip_open(path.c_str(), ZIP_RDONLY, nullptr),
           [](void* zip) {
             if (zip != nullptr) zip_discard(static_cast<zip_t*>(zip));
           }),
      file_size_(std::filesystem::file_size(path)) {
  if (zip_ == nullptr) refuse("this is no zip archive" + format + ".");
}

std::vector<std::string> ZipArchive::entries() const {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(as_zip(zip_), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(as_zip(zip_), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (name != nullptr) names.emplace_back(name);
  }
  return names;
}

std::unique_ptr<ByteSource> ZipArchive::open(const std::string& entry) const {
  zip_stat_t stat;
  if (zip_stat(as_zip(zip_), entry.c_str(), ZIP_FL_ENC_RAW, &stat) != 0) {
    refuse("the file has no entry " + entry + "; it is damaged, or of another format.");
  }
  const bool is_stored = stat.comp_method == ZIP_CM_STORE;
  if ((!is_stored && stat.comp_method != ZIP_CM_DEFLATE) || stat.encryption_method != ZIP_EM_NONE) {
    refuse("the entry " + entry + " is encrypted, or compressed by another method than deflate.");
  }
  // Memory is allocated by the size. Deflate shortens no text to less than a 1032nd part.
  const std::uint64_t most = (std::min)(stat.comp_size, file_size_);
  zip_file_t* file = nullptr;
  if (stat.size <= (is_stored ? most : most * 1032)) {
    file = zip_fopen_index(as_zip(zip_), stat.index, 0);
  }
  if (file == nullptr) refuse("the entry " + entry + " cannot be read; the file is damaged.");
  return std::make_unique<ZipEntry>(file, stat.size, is_stored);
}

Tensor read_keras(const std::string& path, const std::string& name) {
  const ZipArchive archive(path, ", as Keras 3 writes: the file is cut or damaged, or older");
  const auto weights = archive.open("model.weights.h5");
  return read_hdf5_image(weights->read(weights->left()), name);
}

}  // namespace examples::detail
