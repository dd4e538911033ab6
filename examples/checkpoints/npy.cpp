// SPDX-License-Identifier: MIT
//
// NumPy's .npy files, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/
// numpy.lib.format.html): a magic text, the version, the length of the header, the header, which is
// a dictionary of Python, and the elements.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "checkpoint_formats.hpp"

namespace examples::detail {

namespace {

struct Header {
  std::string type;  // such as <f4
  bool is_column_major = false;
  Shape shape;
};

/// Reads a dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Header parse() {
    Header header;
    std::set<std::string> keys;
    expect("{");
    while (!accept("}")) {
      const std::string key = quoted();
      if (!keys.insert(key).second) refuse_header();
      expect(":");
      if (key == "descr") {
        header.type = type();
      } else if (key == "fortran_order") {
        header.is_column_major = accept("True");
        if (!header.is_column_major) expect("False");
      } else if (key == "shape") {
        header.shape = shape();
      } else {
        refuse_header();
      }
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    skip_blanks();
    if (keys.size() != 3 || !text_.empty()) refuse_header();
    return header;
  }

 private:
  [[noreturn]] static void refuse_header() {
    refuse("the header is not that of a .npy file; the file is damaged.");
  }

  void skip_blanks() {
    text_.remove_prefix((std::min)(text_.find_first_not_of(" \t\r\n"), text_.size()));
  }

  bool accept(std::string_view token) {
    skip_blanks();
    if (text_.substr(0, token.size()) != token) return false;
    text_.remove_prefix(token.size());
    return true;
  }

  void expect(std::string_view token) {
    if (!accept(token)) refuse_header();
  }

  std::string quoted() {
    for (const char* prefix : {"u", "b"}) accept(prefix);  // as Python 2 wrote texts, or bytes
    const char quote = accept("\"") ? '"' : '\'';
    if (quote == '\'') expect("'");
    const std::size_t end = text_.find(quote);
    if (end == std::string_view::npos) refuse_header();
    std::string result(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return result;
  }

  std::string type() {
    if (accept("[")) refuse("the elements are records; save one field of them as an array.");
    return quoted();
  }

  Shape shape() {
    Shape result;
    expect("(");
    while (!accept(")")) {
      skip_blanks();
      std::int64_t size = 0;
      const auto read = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (read.ec != std::errc()) refuse_header();
      text_.remove_prefix(static_cast<std::size_t>(read.ptr - text_.data()));
      accept("L");  // as Python 2 wrote long integers
      result.push_back(size);
      if (!accept(",")) {
        expect(")");
        break;
      }
    }
    return result;
  }

  std::string_view text_;
};

const ElementType& element_type(const std::string& type) {
  const std::array<std::pair<const char*, const ElementType*>, 3> types = {
      {{"f2", &float16}, {"f4", &float32}, {"f8", &float64}}};
  // Without an order of bytes it is little-endian, as on nearly every machine that writes files.
  const std::string base = type.substr(type.find_first_of("<>=|") == 0 ? 1 : 0);
  for (const auto& [name, element] : types) {
    if (base == name || base == element->name) return *element;
  }
  if (base == "V2") {
    refuse("the elements are of 2 bytes without a type, as NumPy saves bfloat16; save " +
           std::string("weights.astype(numpy.float32)."));
  }
  refuse("the elements are of NumPy's type " + type +
         "; save weights as float16, float32 or float64.");
}

/// The header of the array that follows in the file.
Header read_header(ByteSource& file) {
  if (file.read(6) != "\x93NUMPY") refuse("this is no .npy file.");
  const std::uint64_t version = file.read_number(1);
  const std::uint64_t minor = file.read_number(1);
  if (version < 1 || version > 3 || minor != 0) {
    refuse("the file is of version " + std::to_string(version) + "." + std::to_string(minor) +
           " of .npy; 1.0, 2.0 and 3.0 can be read.");
  }
  const std::uint64_t length = file.read_number(version == 1 ? 2 : 4);
  if (length > 65535) refuse("the header is too long for an array of numbers.");
  const std::string text = file.read(length);
  return HeaderParser(text).parse();
}

/// Reads the array that is all there is in the file.
Tensor read_array(ByteSource& file) {
  const Header header = read_header(file);
  const ElementType& type = element_type(header.type);
  const std::int64_t count = count_elements(header.shape, type, file.left());
  Tensor tensor{"", type.name, header.shape, header.is_column_major,
                read_elements(file, type, header.type[0] == '>', count)};
  if (tensor.is_column_major && tensor.shape.size() != 2) {
    Shape strides;
    std::int64_t stride = 1;
    for (const std::int64_t size : tensor.shape) {
      if (count == 0) break;  // sizes may then be of any magnitude
      strides.push_back(stride);
      stride *= size;
    }
    tensor.values = row_major(tensor.values, tensor.shape, strides);
    tensor.is_column_major = false;
  }
  return tensor;
}

}  // namespace

Tensor read_npy(const std::string& path, const std::string& name) {
  if (!name.empty()) refuse("the tensor in a .npy file has no name; leave out --tensor.");
  BinaryFile file(path);
  return read_array(file);
}

#ifdef EXAMPLES_WITH_LIBZIP
/// A zip archive with a .npy file for each array.
Tensor read_npz(const std::string& path, const std::string& name) {
  const ZipArchive archive(path);
  const std::string extension = ".npy";
  std::vector<std::pair<std::string, std::string>> all;
  for (const std::string& entry : archive.entries()) {
    if (entry.size() < extension.size()) continue;
    const std::size_t end = entry.size() - extension.size();
    if (entry.compare(end, extension.size(), extension) != 0) continue;
    std::string shape;
    try {
      shape = text_of(read_header(*archive.open(entry)).shape);
    } catch (const std::runtime_error&) {  // it matters only if this is the array to be read
    }
    all.emplace_back(entry.substr(0, end), shape);
  }
  const std::string chosen = choose_tensor(all, name);
  Tensor tensor = read_array(*archive.open(chosen + extension));
  tensor.name = chosen;
  return tensor;
}
#endif

}  // namespace examples::detail
