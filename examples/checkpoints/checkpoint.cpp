// SPDX-License-Identifier: MIT
#include "checkpoint.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <new>

#include "checkpoint_formats.hpp"

namespace examples {

namespace detail {

namespace {

template <typename Bits, typename Number>
void decode(const std::string& bytes, bool are_big_endian, double* to) {
  constexpr std::size_t size = sizeof(Bits);
  static_assert(sizeof(Number) == size);
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    Bits bits = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const char byte = bytes[at + (are_big_endian ? i : size - 1 - i)];
      bits = static_cast<Bits>(bits << 8U | static_cast<unsigned char>(byte));
    }
    *to++ = static_cast<double>(Eigen::numext::bit_cast<Number>(bits));
  }
}

}  // namespace

const ElementType float16{"float16", 2, decode<std::uint16_t, Eigen::half>};
const ElementType bfloat16{"bfloat16", 2, decode<std::uint16_t, Eigen::bfloat16>};
const ElementType float32{"float32", 4, decode<std::uint32_t, float>};
const ElementType float64{"float64", 8, decode<std::uint64_t, double>};

BinaryFile::BinaryFile(const std::string& path)
    : file_(path, std::ios::binary), left_(std::filesystem::file_size(path)) {
  if (!file_) refuse(std::string("the file cannot be opened: ") + std::strerror(errno) + ".");
}

std::string BinaryFile::read(std::uint64_t size) {
  if (size > left_) refuse("the file ends too early; it is cut or damaged.");
  std::string bytes(size, '\0');
  if (!file_.read(bytes.data(), static_cast<std::streamsize>(size))) {
    refuse("the file cannot be read to its end.");
  }
  left_ -= size;
  return bytes;
}

std::uint64_t BinaryFile::read_number(int size) {
  std::uint64_t number = 0;
  const std::string bytes = read(static_cast<std::uint64_t>(size));
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    number = number << 8U | static_cast<unsigned char>(*byte);
  }
  return number;
}

void BinaryFile::skip(std::uint64_t size) {
  if (size > left_) refuse("the file ends too early; it is cut or damaged.");
  file_.seekg(static_cast<std::streamoff>(size), std::ios::cur);
  left_ -= size;
}

std::int64_t count_elements(const Shape& shape, const ElementType& type, std::uint64_t bytes) {
  const auto most = static_cast<std::int64_t>(bytes / static_cast<std::uint64_t>(type.size));
  std::int64_t count = 1;
  bool fits = bytes % static_cast<std::uint64_t>(type.size) == 0;
  for (const std::int64_t size : shape) {
    fits = fits && size >= 0 && (size == 0 || count <= most / size);
    if (fits) count *= size;
  }
  if (!fits || count != most) {
    refuse("a tensor of shape " + text_of(shape) + " and type " + type.name +
           " does not take the " + std::to_string(bytes) +
           " bytes that the file has for it; the file is cut or damaged.");
  }
  return count;
}

std::vector<double> read_elements(BinaryFile& file, const ElementType& type, bool are_big_endian,
                                  std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  constexpr std::int64_t block = 1 << 13;  // elements
  for (std::int64_t begin = 0; begin < count; begin += block) {
    const std::int64_t size = (std::min)(block, count - begin) * type.size;
    type.decode(file.read(static_cast<std::uint64_t>(size)), are_big_endian, values.data() + begin);
  }
  return values;
}

std::string choose_tensor(const std::vector<std::pair<std::string, Shape>>& all,
                          const std::string& name) {
  if (all.empty()) refuse("the file has no tensor.");
  if (name.empty() && all.size() == 1) return all.front().first;
  std::string list;
  for (const auto& [other, shape] : all) {
    if (other == name) return name;
    list += "\n  " + other + " " + text_of(shape);
  }
  refuse((name.empty() ? "the file has several tensors; choose one by --tensor:"
                       : "the file has no tensor \"" + name + "\"; it has:") +
         list);
}

}  // namespace detail

std::string text_of(const Shape& shape) {
  std::string text = "(";
  for (const std::int64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

namespace {

using Reader = Tensor (*)(const std::string& path, const std::string& name);

const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> by_extension = {
      {".npy", detail::read_npy},
      {".safetensors", detail::read_safetensors},
      {".h5", detail::read_hdf5},
      {".hdf5", detail::read_hdf5}};
  return by_extension;
}

#ifndef EXAMPLES_WITH_HDF5
}  // namespace
Tensor detail::read_hdf5(const std::string&, const std::string&) {
  refuse("this program was built without HDF5; install it (Debian's package: libhdf5-dev) and " +
         std::string("configure again."));
}
namespace {
#endif

std::string extension_of(const std::string& path) {
  return std::filesystem::path(path).extension().string();
}

}  // namespace

bool is_checkpoint_name(const std::string& path) { return readers().count(extension_of(path)) > 0; }

Tensor read_tensor(const std::string& path, const std::string& name) {
  try {
    const auto reader = readers().find(extension_of(path));
    if (reader == readers().end()) {
      detail::refuse("the name of a checkpoint ends in .npy, .safetensors, .h5 or .hdf5.");
    }
    if (!std::filesystem::exists(path)) detail::refuse("there is no such file.");
    if (!std::filesystem::is_regular_file(path)) detail::refuse("this is no file.");
    return reader->second(path, name);
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(path + ": the tensor takes more memory than there is.");
  } catch (const std::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

}  // namespace examples
