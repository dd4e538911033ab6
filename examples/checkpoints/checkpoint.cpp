// SPDX-License-Identifier: MIT
#include "checkpoint.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cctype>
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

std::string ByteSource::read(std::uint64_t size) {
  if (size > left_) refuse("the file ends too early; it is cut or damaged.");
  std::string bytes(size, '\0');
  if (!get(bytes.data(), size)) {
    refuse("the file cannot be read to its end; it is cut or damaged.");
  }
  left_ -= size;
  return bytes;
}

std::uint64_t ByteSource::read_number(int size) {
  std::uint64_t number = 0;
  const std::string bytes = read(static_cast<std::uint64_t>(size));
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    number = number << 8U | static_cast<unsigned char>(*byte);
  }
  return number;
}

void ByteSource::skip(std::uint64_t size) {
  if (size > left_) refuse("the file ends too early; it is cut or damaged.");
  if (size > 0) pass_over(size);  // libzip 1.7.3 crashes on seeking in an empty entry
  left_ -= size;
}

BinaryFile::BinaryFile(const std::string& path)
    : ByteSource(std::filesystem::file_size(path)), file_(path, std::ios::binary) {
  if (!file_) refuse(std::string("the file cannot be opened: ") + std::strerror(errno) + ".");
}

bool BinaryFile::get(char* to, std::uint64_t size) {
  return static_cast<bool>(file_.read(to, static_cast<std::streamsize>(size)));
}

void BinaryFile::pass_over(std::uint64_t size) {
  file_.seekg(static_cast<std::streamoff>(size), std::ios::cur);
}

std::int64_t count_up_to(const Shape& shape, std::uint64_t most) {
  std::uint64_t count = std::count(shape.begin(), shape.end(), 0) > 0 ? 0 : 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || (size > 0 && count > most / static_cast<std::uint64_t>(size))) return -1;
    count *= static_cast<std::uint64_t>(size);
  }
  return static_cast<std::int64_t>(count);
}

std::int64_t count_elements(const Shape& shape, const ElementType& type, std::uint64_t bytes) {
  const std::int64_t count = count_up_to(shape, bytes);
  if (count < 0 ||
      static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(type.size) != bytes) {
    refuse("a tensor of shape " + text_of(shape) + " and type " + type.name +
           " does not take the " + std::to_string(bytes) +
           " bytes that the file has for it; the file is cut or damaged.");
  }
  return count;
}

std::vector<double> read_elements(ByteSource& file, const ElementType& type, bool are_big_endian,
                                  std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  constexpr std::int64_t block = 1 << 13;  // elements
  for (std::int64_t begin = 0; begin < count; begin += block) {
    const std::int64_t size = (std::min)(block, count - begin) * type.size;
    type.decode(file.read(static_cast<std::uint64_t>(size)), are_big_endian, values.data() + begin);
  }
  return values;
}

std::vector<double> row_major(const std::vector<double>& values, const Shape& shape,
                              const Shape& strides) {
  const std::int64_t count = count_up_to(shape, INT64_MAX);
  std::vector<double> result(static_cast<std::size_t>(count));
  Shape index(shape.size());
  std::uint64_t at = 0;  // it may wrap around: any stride is valid along an axis of one element
  for (double& value : result) {
    value = values[at];
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += static_cast<std::uint64_t>(strides[axis]);
      if (++index[axis] < shape[axis]) break;
      at -= static_cast<std::uint64_t>(strides[axis]) * static_cast<std::uint64_t>(shape[axis]);
      index[axis] = 0;
    }
  }
  return result;
}

std::string choose_tensor(std::vector<std::pair<std::string, std::string>> all,
                          const std::string& name) {
  if (all.empty()) refuse("the file has no tensor.");
  if (name.empty() && all.size() == 1) return all.front().first;
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return comes_before(a.first, b.first); });
  std::string list;
  for (const auto& [other, description] : all) {
    if (other == name) return name;
    list += "\n  " + other + " " + description;
  }
  refuse((name.empty() ? "the file has several tensors; choose one by --tensor:"
                       : "the file has no tensor \"" + name + "\"; it has:") +
         list);
}

}  // namespace detail

bool comes_before(const std::string& a, const std::string& b) {
  const auto with_padded_numbers = [](const std::string& text) {
    std::string padded;
    for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
      end = (std::min)(text.find_first_not_of("0123456789", at), text.size());
      if (end > at && end - at < 20) padded.append(20 - (end - at), '0');
      padded.append(text, at, end + 1 - at);
    }
    return padded;
  };
  return std::pair(with_padded_numbers(a), a) < std::pair(with_padded_numbers(b), b);
}

std::string text_of(const Shape& shape) {
  std::string text = "(";
  for (const std::int64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

namespace {

using Reader = Tensor (*)(const std::string& path, const std::string& name);

const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> by_end = {{".npy", detail::read_npy},
                                                       {".npz", detail::read_npz},
                                                       {".pt", detail::read_pytorch},
                                                       {".pth", detail::read_pytorch},
                                                       {".ckpt", detail::read_pytorch},
                                                       {".bin", detail::read_pytorch},
                                                       {".safetensors", detail::read_safetensors},
                                                       {".index.json", detail::read_shards},
                                                       {".keras", detail::read_keras},
                                                       {".h5", detail::read_hdf5},
                                                       {".hdf5", detail::read_hdf5}};
  return by_end;
}

#ifndef EXAMPLES_WITH_LIBZIP
}  // namespace
[[noreturn]] static void refuse_zip() {
  detail::refuse("this program was built without libzip; install it (Debian's package: " +
                 std::string("libzip-dev) and configure again."));
}
Tensor detail::read_npz(const std::string&, const std::string&) { refuse_zip(); }
Tensor detail::read_pytorch(const std::string&, const std::string&) { refuse_zip(); }
Tensor detail::read_keras(const std::string&, const std::string&) { refuse_zip(); }
namespace {
#endif

#ifndef EXAMPLES_WITH_HDF5
}  // namespace
Tensor detail::read_hdf5(const std::string&, const std::string&) {
  refuse("this program was built without HDF5; install it (Debian's package: libhdf5-dev) and " +
         std::string("configure again."));
}
Tensor detail::read_hdf5_image(const std::string& image, const std::string& name) {
  return read_hdf5(image, name);
}
namespace {
#endif

/// The reader of a file with such a name, or null.
Reader reader_of(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [end, reader] : readers()) {
    if (name.size() > end.size() && name.substr(name.size() - end.size()) == end) return reader;
  }
  return nullptr;
}

}  // namespace

bool is_checkpoint_name(const std::string& path) { return reader_of(path) != nullptr; }

Tensor read_tensor(const std::string& path, const std::string& name) {
  try {
    if (std::filesystem::is_directory(path)) {
      detail::refuse("this is a folder; hand over the files in it.");
    }
    const Reader reader = reader_of(path);
    if (reader == nullptr) {
      std::string ends;
      for (const auto& [end, none] : readers()) ends += " " + end;
      detail::refuse("the name of a checkpoint ends in one of:" + ends);
    }
    if (!std::filesystem::exists(path)) detail::refuse("there is no such file.");
    if (!std::filesystem::is_regular_file(path)) detail::refuse("this is no regular file.");
    return reader(path, name);
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(path + ": the tensor takes more memory than there is.");
  } catch (const std::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

}  // namespace examples
