// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint.hpp"

/// The formats of checkpoints, one file each, and what they share. Messages of exceptions do not
/// name the file: read_tensor() does.

namespace examples::detail {

Tensor read_npy(const std::string& path, const std::string& name);
Tensor read_safetensors(const std::string& path, const std::string& name);
Tensor read_hdf5(const std::string& path, const std::string& name);

[[noreturn]] inline void refuse(const std::string& reason) { throw std::runtime_error(reason); }

/// A file that is read from its beginning to its end.
class BinaryFile {
 public:
  explicit BinaryFile(const std::string& path);

  /// How many bytes are left to be read.
  std::uint64_t left() const { return left_; }

  /// Reads the next bytes. Refuses before it allocates if fewer are left.
  std::string read(std::uint64_t size);

  /// The same for an unsigned little-endian number of 1 to 8 bytes.
  std::uint64_t read_number(int size);

  void skip(std::uint64_t size);

 private:
  std::ifstream file_;
  std::uint64_t left_;
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
std::vector<double> read_elements(BinaryFile& file, const ElementType& type, bool are_big_endian,
                                  std::int64_t count);

/// Chooses a tensor of a file.
/// \param all   the names and shapes of all tensors
/// \param name  the one asked for, or empty if there should be one only
std::string choose_tensor(std::vector<std::pair<std::string, Shape>> all, const std::string& name);

}  // namespace examples::detail
