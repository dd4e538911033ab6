// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint.hpp"

/// The formats of checkpoints, one file each, and what they share. Messages of exceptions do not
/// name the file: read_tensor() does.

namespace examples::detail {

Tensor read_npy(const std::string& path, const std::string& name);
Tensor read_npz(const std::string& path, const std::string& name);
Tensor read_pytorch(const std::string& path, const std::string& name);
Tensor read_safetensors(const std::string& path, const std::string& name);
Tensor read_shards(const std::string& path, const std::string& name);
Tensor read_keras(const std::string& path, const std::string& name);
Tensor read_hdf5(const std::string& path, const std::string& name);

/// \param image  the bytes of a file
Tensor read_hdf5_image(const std::string& image, const std::string& name);

[[noreturn]] inline void refuse(const std::string& reason) { throw std::runtime_error(reason); }

/// Bytes that are read from the first to the last.
class ByteSource {
 public:
  explicit ByteSource(std::uint64_t size) : left_(size) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// How many bytes are left to be read.
  std::uint64_t left() const { return left_; }

  /// Reads the next bytes. Refuses before it allocates if fewer are left.
  std::string read(std::uint64_t size);

  /// The same for an unsigned little-endian number of 1 to 8 bytes.
  std::uint64_t read_number(int size);

  void skip(std::uint64_t size);

 private:
  virtual bool get(char* to, std::uint64_t size) = 0;  // whether all could be read
  virtual void pass_over(std::uint64_t size) = 0;      // what fails is found by the next get()

  std::uint64_t left_;
};

class BinaryFile : public ByteSource {
 public:
  explicit BinaryFile(const std::string& path);

 private:
  bool get(char* to, std::uint64_t size) override;
  void pass_over(std::uint64_t size) override;

  std::ifstream file_;
};

/// A zip archive. (Without libzip there is none.)
class ZipArchive {
 public:
  /// \param format  what to say after "this is no zip archive"
  explicit ZipArchive(const std::string& path,
                      const std::string& format = "; the file is cut or damaged");

  /// The names of all entries.
  std::vector<std::string> entries() const;

  /// An entry that is read while the archive exists; nothing but what is read is decompressed.
  std::unique_ptr<ByteSource> open(const std::string& entry) const;

 private:
  std::shared_ptr<void> zip_;
  std::uint64_t file_size_;
};

/// A type of numbers in a file.
struct ElementType {
  const char* name;  // as in Tensor::type
  int size;          // in bytes
  void (*decode)(const std::string& bytes, bool are_big_endian, double* to);
};
extern const ElementType float16, bfloat16, float32, float64;

/// The number of elements of a shape, or -1 if it is more than `most` or a size is negative.
std::int64_t count_up_to(const Shape& shape, std::uint64_t most);

/// The same if the file has exactly these elements.
/// \param bytes  that the file has for them; it refuses another number
std::int64_t count_elements(const Shape& shape, const ElementType& type, std::uint64_t bytes);

/// Reads `count` numbers.
std::vector<double> read_elements(ByteSource& file, const ElementType& type, bool are_big_endian,
                                  std::int64_t count);

/// Puts values that lie in memory with these strides (in elements) into row-major order.
std::vector<double> row_major(const std::vector<double>& values, const Shape& shape,
                              const Shape& strides);

/// Chooses a tensor of a file.
/// \param all   the names of all tensors, and what to say of each, such as its shape
/// \param name  the one asked for, or empty if there should be one only
std::string choose_tensor(std::vector<std::pair<std::string, std::string>> all,
                          const std::string& name);

}  // namespace examples::detail
