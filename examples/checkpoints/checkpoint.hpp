// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace examples {

using Shape = std::vector<std::int64_t>;

/// A tensor from a file. Its numbers are doubles, which hold numbers of all other types exactly.
struct Tensor {
  std::string name;              // in the file; empty if tensors have none there
  std::string type;              // in the file: float16, bfloat16, float32 or float64
  Shape shape;                   // the product is the number of values
  bool is_column_major = false;  // else it is row-major; only a matrix may be column-major
  std::vector<double> values;    // in that order
};

/// Whether a file has the name of a checkpoint, such as .npy, in any case: read_tensor()'s message
/// lists them. (A program that was built without libzip or HDF5 refuses to read what needs it.)
bool is_checkpoint_name(const std::string& path);

/// Reads one tensor of a checkpoint. What the file says of its own size is checked before memory is
/// allocated.
/// \param name  of the tensor in the file; if it is empty, the file must have one tensor only
/// \throws std::runtime_error with the file's name if the file cannot be read, is damaged, has no
///         such tensor, or several and no name was given (the message lists them), or if the
///         numbers are not of one of the types above.
Tensor read_tensor(const std::string& path, const std::string& name);

/// Whether a name comes first if numbers in it count as such: dense_2 does before dense_10.
bool comes_before(const std::string& a, const std::string& b);

/// As in "(3, 4)".
std::string text_of(const Shape& shape);

}  // namespace examples
