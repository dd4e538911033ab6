// SPDX-License-Identifier: MIT
//
// The readers of checkpoints, with files that the real NumPy, h5py and PyTorch wrote
// (files/make.py).

#include "checkpoint.hpp"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#ifdef EXAMPLES_WITH_LIBZIP
#include "zip_of.hpp"
#endif

using examples::read_tensor;
using examples::Shape;
using examples::Tensor;
#ifdef EXAMPLES_WITH_LIBZIP
using examples::zip_of;
#endif

namespace {

const std::string folder = CHECKPOINTS_DIR "/";

/// A file that exists as long as the object; tests may run at the same time.
class File {
 public:
  File(const std::string& bytes, const std::string& extension)
      : path_("checkpoint_test_" + std::to_string(std::random_device()()) + extension) {
    write(bytes);
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// make.py's `values`, as each type holds them: the bits are those of IEEE 754.
std::vector<double> values_in(const std::string& type) {
  const double tiny = std::ldexp(1, -24);  // a subnormal half
  if (type == "float16") {
    return {std::ldexp(1638, -14), -2.5, 65504, tiny, -0.0, std::ldexp(1365, -12)};
  }
  if (type == "bfloat16") {
    return {std::ldexp(204, -11), -2.5, 65280, tiny, -0.0, std::ldexp(170, -9)};
  }
  if (type == "float32") return {0.1F, -2.5, 65504, tiny, -0.0, 1.0F / 3.0F};
  return {0.1, -2.5, 65504, tiny, -0.0, 1.0 / 3.0};
}

void check_values(const Tensor& tensor, const std::string& type) {
  CHECK(tensor.type == type);
  CHECK(tensor.shape == Shape{2, 3});
  std::vector<double> row_major = tensor.values;
  REQUIRE(row_major.size() == 6);
  if (tensor.is_column_major) {
    const auto& v = tensor.values;
    row_major = {v[0], v[2], v[4], v[1], v[3], v[5]};
  }
  CHECK(row_major == values_in(type));
  CHECK(std::signbit(row_major[4]));
}

std::string refusal(const std::string& path, const std::string& name = "") {
  const std::string message = message_of<std::runtime_error>([&] { read_tensor(path, name); });
  CHECK(contains(message, path + ": "));
  return message;
}

std::string refusal_of(const std::string& bytes, const std::string& extension,
                       const std::string& name = "") {
  return refusal(File(bytes, extension).path(), name);
}

/// The file's text in which one part, which must occur, is replaced by another.
std::string replaced(std::string text, const std::string& part, const std::string& by) {
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), by);
}

std::string little_endian(std::uint64_t number, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i, number >>= 8U) bytes += static_cast<char>(number & 0xFFU);
  return bytes;
}

/// A .npy file of version 1 without elements.
std::string npy(const std::string& header, const std::string& elements = "") {
  return "\x93NUMPY" + std::string("\x01\x00", 2) + little_endian(header.size(), 2) + header +
         elements;
}

std::string safetensors(const std::string& header, const std::string& elements = "") {
  return little_endian(header.size(), 8) + header + elements;
}

/// Reads a file after cuts and with a byte changed, at every `step`-th byte. What is cut is
/// refused, and what is changed is read or refused.
void check_damage(const std::string& path, const std::string& name, std::size_t step = 1) {
  const std::string whole = bytes_of(path);
  const File file(whole, std::filesystem::path(path).extension().string());
  const auto is_refused = [&](const std::string& bytes) {
    file.write(bytes);
    try {
      read_tensor(file.path(), name);
      return false;
    } catch (const std::runtime_error& error) {
      CHECK(contains(error.what(), file.path() + ": "));
      return true;
    }
  };
  std::mt19937 random(1);
  for (std::size_t at = 0; at < whole.size(); at += step) {
    CAPTURE(path, at);
    CHECK(is_refused(whole.substr(0, at)));
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] + 1 + static_cast<int>(random() % 255));
    is_refused(changed);
  }
}

}  // namespace

TEST_CASE(".npy: every type, byte order and memory order") {
  for (const std::string type : {"float16", "float32", "float64"}) {
    for (const std::string byte_order : {"little", "big"}) {
      for (const std::string order : {"C", "F"}) {
        CAPTURE(type, byte_order, order);
        const Tensor tensor =
            read_tensor(folder + type + "_" + byte_order + "_" + order + ".npy", "");
        check_values(tensor, type);
        CHECK(tensor.is_column_major == (order == "F"));
        CHECK(tensor.name.empty());
      }
    }
  }
}

TEST_CASE(".npy: versions 2 and 3") {
  check_values(read_tensor(folder + "version2.npy", ""), "float64");
  check_values(read_tensor(folder + "version3.npy", ""), "float64");
  CHECK(bytes_of(folder + "version2.npy")[6] == 2);
  CHECK(bytes_of(folder + "version3.npy")[6] == 3);
}

TEST_CASE(".npy: tensors of other than two axes are row-major") {
  for (const std::string order : {"C", "F"}) {
    const Tensor tensor = read_tensor(folder + "three_axes_" + order + ".npy", "");
    CHECK(tensor.shape == Shape{2, 3, 4});
    CHECK(!tensor.is_column_major);
    REQUIRE(tensor.values.size() == 24);
    for (std::size_t i = 0; i < 24; ++i) CHECK(tensor.values[i] == static_cast<double>(i));
  }
  CHECK(read_tensor(folder + "vector.npy", "").shape == Shape{3});
  CHECK(read_tensor(folder + "empty.npy", "").values.empty());
}

TEST_CASE(".npy: numbers that are read in several blocks") {
  std::string elements;
  for (std::uint64_t i = 0; i < 20000; ++i) elements += little_endian(i % 1000, 2);  // subnormal
  const File file(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (200, 100)}", elements),
                  ".npy");
  const Tensor tensor = read_tensor(file.path(), "");
  REQUIRE(tensor.values.size() == 20000);
  for (std::size_t i = 0; i < 20000; ++i) {
    const double expected = std::ldexp(static_cast<double>(i % 1000), -24);
    if (tensor.values[i] != expected) FAIL_CHECK(i);
  }
}

TEST_CASE(".npy: a header may be laid out otherwise") {
  const std::string elements(4, '\0');
  const auto shape = [&](const std::string& header) {
    return read_tensor(File(npy(header, elements), ".npy").path(), "").shape;
  };
  CHECK(shape("{'shape':(1,1),'descr':'<f4','fortran_order':True}") == Shape{1, 1});
  CHECK(shape("{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 1L), }   \n") == Shape{1, 1});
  CHECK(shape("{'descr': '<f4', 'fortran_order': False, 'shape': (), }").empty());
  for (const std::string type :
       {"'=f4'", "'f4'", "'|f4'", "'float32'", "u'<f4'", "b'>f4'", "\"<f4\""}) {
    CAPTURE(type);
    CHECK(shape("{\"descr\":\t" + type + ", u'fortran_order': False, 'shape': (1,)}\r\n") ==
          Shape{1});
  }
  const File empty(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 0)}"), ".NPY");
  CHECK(read_tensor(empty.path(), "").shape == Shape{4, 0});
}

TEST_CASE(".npy: what is refused") {
  CHECK(contains(refusal(folder + "integers.npy"), "of NumPy's type <i8; save weights as float16"));
  CHECK(contains(refusal(folder + "complex.npy"), "of NumPy's type <c8"));
  CHECK(contains(refusal_of(npy("{'descr': '|V2', 'fortran_order': False, 'shape': (0,)}"), ".npy"),
                 "as NumPy saves bfloat16; save weights.astype(numpy.float32)"));
  CHECK(contains(refusal(folder + "objects.npy"), "of NumPy's type |O"));
  CHECK(contains(refusal(folder + "records.npy"), "the elements are records"));
  CHECK(contains(refusal(folder + "two_arrays.npy"),
                 "(2, 3) and type float64 does not take the 224"));
  CHECK(contains(refusal(folder + "vector.npy", "kernel"), "has no name; leave out --tensor."));
  CHECK(contains(refusal_of("", ".npy"), "ends too early"));
  CHECK(contains(refusal_of("no array", ".npy"), "this is no .npy file"));

  const std::string whole = bytes_of(folder + "float32_little_C.npy");
  CHECK(contains(refusal_of(whole.substr(0, 151), ".npy"), "does not take the 23 bytes"));
  CHECK(contains(refusal_of(whole + "x", ".npy"), "does not take the 25 bytes"));
  CHECK(contains(refusal_of(replaced(whole, "(2, 3)", "(2, 4)"), ".npy"), "cut or damaged"));
  CHECK(contains(
      refusal_of(replaced(whole, std::string("\x01\x00", 2), std::string("\x04\x00", 2)), ".npy"),
      "version 4.0"));
  CHECK(contains(
      refusal_of(replaced(whole, std::string("\x01\x00", 2), std::string("\x01\x02", 2)), ".npy"),
      "version 1.2"));
  CHECK(contains(refusal_of(replaced(whole, std::string("v\x00", 2), "\xFF\xFF"), ".npy"),
                 "ends too early"));
  std::string long_header = bytes_of(folder + "version2.npy");
  long_header.replace(8, 4, "\xFF\xFF\xFF\xFF");
  CHECK(contains(refusal_of(long_header, ".npy"), "the header is too long"));

  for (const std::string header :
       {"", "{", "{}", "{'descr'", "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (x,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}"}) {
    CAPTURE(header);
    const std::string message = refusal_of(npy(header, std::string(4, '\0')), ".npy");
    CHECK((contains(message, "the header is not that of") || contains(message, "does not take")));
  }
  for (const std::string shape :
       {"-1, -4", "4294967296, 4294967296", "9223372036854775807, 9223372036854775807, 4",
        "2305843009213693952, 8", "4611686018427387905, 4", "4, 4611686018427387905"}) {
    CAPTURE(shape);
    CHECK(
        contains(refusal_of(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (" + shape + ")}",
                                std::string(16, '\0')),
                            ".npy"),
                 "(" + shape + ") and type float32 does not take the 16 bytes"));
  }
}

TEST_CASE(".safetensors: every type") {
  const std::string path = folder + "types.safetensors";
  check_values(read_tensor(path, "half"), "float16");
  check_values(read_tensor(path, "brain"), "bfloat16");
  check_values(read_tensor(path, "single"), "float32");
  check_values(read_tensor(path, "double"), "float64");
  const Tensor only = read_tensor(folder + "one.safetensors", "");
  check_values(only, "float32");
  CHECK(only.name == "fc1.weight");
}

TEST_CASE(".safetensors: what is refused") {
  const std::string path = folder + "types.safetensors";
  const std::string list =
      "\n  brain (2, 3)\n  double (2, 3)\n  half (2, 3)\n  integers (2, 3, 4)\n  single (2, 3)";
  CHECK(contains(refusal(path), "several tensors; choose one by --tensor:" + list));
  CHECK(contains(refusal(path, "fc1"), "the file has no tensor \"fc1\"; it has:" + list));
  CHECK(contains(refusal(path, "integers"), "\"integers\" is of type I64; save weights as F16"));
  CHECK(contains(refusal(path, "__metadata__"), "has no tensor \"__metadata__\""));

  CHECK(contains(refusal_of("", ".safetensors"), "ends too early"));
  CHECK(contains(refusal_of(little_endian(100, 8) + "{}", ".safetensors"), "ends too early"));
  CHECK(contains(refusal_of(std::string(16, '\xFF'), ".safetensors"), "the header is too long"));
  CHECK(contains(refusal_of(safetensors("{}"), ".safetensors"), "the file has no tensor"));
  const auto entry = [](const std::string& name, const std::string& shape,
                        const std::string& offsets) {
    return "\"" + name + R"(": {"dtype": "F32", "shape": )" + shape + R"(, "data_offsets": )" +
           offsets + "}";
  };
  const auto refusal_of_entries = [&](const std::string& entries) {
    return refusal_of(safetensors("{" + entries + "}", std::string(16, '\0')), ".safetensors", "a");
  };
  const auto refusal_of_entry = [&](const std::string& shape, const std::string& offsets) {
    return refusal_of_entries(entry("a", shape, offsets));
  };
  CHECK(contains(refusal_of_entry("[4]", "[0, 20]"), "take 20 bytes, but the file has 16"));
  CHECK(contains(refusal_of_entry("[3]", "[0, 12]"), "take 12 bytes, but the file has 16"));
  CHECK(contains(refusal_of_entry("[4]", "[4, 16]"), "overlap or leave a gap at \"a\""));
  CHECK(contains(refusal_of_entry("[4]", "[16, 0]"), "overlap or leave a gap at \"a\""));
  CHECK(contains(refusal_of_entry("[3]", "[0, 16]"), "(3) and type float32 does not take the 16"));
  CHECK(contains(refusal_of_entry("[4294967296, 4294967296]", "[0, 16]"), "does not take the 16"));
  CHECK(contains(refusal_of_entry("[9223372036854775807, 2, 2]", "[0, 16]"), "does not take the"));
  CHECK(contains(
      refusal_of_entries(entry("a", "[3]", "[0, 12]") + "," + entry("b", "[2]", "[8, 16]")),
      "overlap or leave a gap at \"b\""));
  const std::string once = entry("a", "[4]", "[0, 16]");
  CHECK(contains(refusal_of_entries(once + "," + once), "has the key \"a\" twice"));
  CHECK(contains(refusal_of_entries(replaced(once, ": {", ": {\"shape\": [2], ")),
                 "has the key \"shape\" twice"));
  for (const auto& [shape, offsets] :
       std::vector<std::pair<std::string, std::string>>{{"[-4]", "[0, 16]"},
                                                        {"[4.0]", "[0, 16]"},
                                                        {"[9223372036854775808]", "[0, 16]"},
                                                        {"[4]", "[0]"},
                                                        {"[4]", "[0, 8, 16]"},
                                                        {"[4]", "[0, 1e300]"},
                                                        {"[\"4\"]", "[0, 16]"},
                                                        {"[4]", "\"all\""}}) {
    CAPTURE(shape, offsets);
    CHECK(contains(refusal_of_entry(shape, offsets), "the header is not that of"));
  }
  for (const std::string header :
       {"", "{", "[]", "1", "{\"a\": 1}", "{\"a\": {}}", "{\"a\": {\"dtype\": 1}}", "\xFF\xFE",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4]}}"}) {
    CAPTURE(header);
    CHECK(contains(refusal_of(safetensors(header, std::string(16, '\0')), ".safetensors"),
                   "the header is not that of"));
  }
  CHECK(contains(refusal_of(safetensors(std::string(1'000'000, '[')), ".safetensors"),
                 "the header is not that of"));
}

TEST_CASE("safetensors in shards") {
  const std::string path = folder + "model.safetensors.index.json";
  check_values(read_tensor(path, "fc1.weight"), "float32");
  check_values(read_tensor(path, "half"), "float16");
  CHECK(
      contains(refusal(path), ":\n  bias in run_0.safetensors\n  fc1.weight in one.safetensors\n"));
  CHECK(contains(refusal(path, "kernel"), "has no tensor \"kernel\"; it has:\n  bias in run_0.s"));
  const auto refusal_of_shard = [&](const std::string& shard) {
    return refusal_of(R"({"weight_map": {"a": ")" + shard + "\"}}", ".index.json");
  };
  CHECK(contains(refusal_of_shard("none.safetensors"), "none.safetensors: there is no such file."));
  for (const std::string shard : {"../one.safetensors", "/one.safetensors", "files/one.safetensors",
                                  "./one.safetensors", "..", ".", "", "a.index.json", "one.npy"}) {
    CAPTURE(shard);
    CHECK(contains(refusal_of_shard(shard), "is no .safetensors or .bin file beside the index."));
  }
  for (const std::string json :
       {"", "[]", "{}", R"({"weight_map": 1})", R"({"weight_map": {"a": 1}})",
        R"({"weight_map": {"a": ["b"]}})"}) {
    CAPTURE(json);
    CHECK(contains(refusal_of(json, ".index.json"), "this is no index of shards, which has"));
  }
  CHECK(contains(refusal_of(R"({"weight_map": {}})", ".INDEX.JSON"), "the file has no tensor."));
  CHECK(!examples::is_checkpoint_name("scores.json"));
}

TEST_CASE("a damaged file is read or refused") {
  check_damage(folder + "float32_little_F.npy", "");
  check_damage(folder + "version3.npy", "");
  check_damage(folder + "run_1.safetensors", "kernel");
}

TEST_CASE("a file that is none") {
  CHECK(contains(refusal("no_such_file.npy"), "no_such_file.npy: there is no such file."));
  CHECK(contains(refusal("weights.pb"), "the name of a checkpoint ends in one of: .bin .ckpt"));
  std::filesystem::create_directory("folder.npy");
  CHECK(contains(refusal("folder.npy"), "this is a folder; hand over the files in it."));
  std::filesystem::remove("folder.npy");
  CHECK(examples::is_checkpoint_name("a/b.weights.h5"));
  CHECK(examples::is_checkpoint_name("a.HDF5"));
  CHECK(!examples::is_checkpoint_name("a.csv"));
}

#ifdef EXAMPLES_WITH_HDF5
TEST_CASE("HDF5: every type, byte order and layout") {
  const std::string path = folder + "types.h5";
  for (const std::string type : {"float16", "float32", "float64"}) {
    for (const std::string byte_order : {"little", "big"}) {
      CAPTURE(type, byte_order);
      check_values(read_tensor(path, byte_order + "/" + type), type);
    }
  }
  check_values(read_tensor(path, "/little/float32"), "float32");
  check_values(read_tensor(path, "compressed"), "float32");
  check_values(read_tensor(path, "alias"), "float64");
  CHECK(read_tensor(path, "scalar").shape.empty());
  const Tensor only = read_tensor(folder + "one.h5", "");
  check_values(only, "float32");
  CHECK(only.name == "layers/dense/vars/0");
}

TEST_CASE("HDF5: elements that were never written, and files without any") {
  const std::string path = folder + "unusual.h5";
  check_values(read_tensor(path, "brain"), "bfloat16");
  CHECK(read_tensor(path, "unwritten").values == std::vector<double>(6, 7));
  CHECK(read_tensor(path, "partly").values == std::vector<double>{1, 1, 1, 1, 7, 7, 7, 7});
  CHECK(read_tensor(path, "layer_10").shape == Shape{4, 0});
  CHECK(read_tensor(path, "null").values.empty());
  CHECK(contains(refusal(path), "\n  layer_9 (0, 4)\n  layer_10 (4, 0)\n"));
  CHECK(contains(refusal(path, "lzf"),
                 "\"lzf\" is compressed by the filter lzf (32000), which is not"));
  for (const std::string name : {"external", "virtual"}) {
    CHECK(contains(refusal(path, name), "\"" + name + "\" are in other files; copy them"));
  }
}

TEST_CASE("HDF5: what is refused") {
  const std::string path = folder + "types.h5";
  const std::string several = refusal(path);
  CHECK(contains(several, "several tensors; choose one by --tensor:\n  big/float16 (2, 3)\n"));
  CHECK(contains(several, "\n  integers (2, 3, 4)\n  little/float16 (2, 3)\n"));
  CHECK(!contains(several, "alias"));
  CHECK(contains(refusal(path, "dense/kernel"), "no tensor \"dense/kernel\"; it has:\n  big/"));
  CHECK(contains(refusal(path, "little"), "has no tensor \"little\""));
  CHECK(contains(refusal(path, "integers"), "\"integers\" are no real numbers of 2, 4 or 8 bytes"));
  CHECK(contains(refusal(path, "records"), "\"records\" are no real numbers"));
  CHECK(contains(refusal(path, "text"), "\"text\" are no real numbers"));
  CHECK(contains(refusal(path, "never_written"), "fewer elements than the shape (1099511627776, "));
  CHECK(contains(refusal(folder + "none.hdf5"), "the file has no tensor."));
  CHECK(contains(refusal_of("no HDF5", ".h5"), "HDF5 cannot read the file; it is damaged"));
  CHECK(contains(refusal_of("", ".h5"), "HDF5 cannot read the file"));
}

TEST_CASE("a damaged HDF5 file is read or refused") {
  check_damage(folder + "run_1.weights.h5", "layers/dense/vars/0", 5);
}
#else
TEST_CASE("without HDF5 its files are refused") {
  CHECK(contains(refusal(folder + "one.h5"), "this program was built without HDF5"));
}
#endif

#ifdef EXAMPLES_WITH_LIBZIP
TEST_CASE(".npz: stored and compressed") {
  for (const std::string file : {"arrays.npz", "compressed.npz"}) {
    CAPTURE(file);
    check_values(read_tensor(folder + file, "single"), "float32");
    const Tensor tensor = read_tensor(folder + file, "double");
    check_values(tensor, "float64");
    CHECK(tensor.is_column_major);
    CHECK(tensor.name == "double");
  }
  check_values(read_tensor(folder + "one.npz", ""), "float16");
}

TEST_CASE(".npz: what is refused") {
  const std::string path = folder + "arrays.npz";
  const std::string list =
      "\n  counting (2, 3, 4)\n  double (2, 3)\n  objects (2)\n  single (2, 3)";
  CHECK(contains(refusal(path), "several tensors; choose one by --tensor:" + list));
  CHECK(contains(refusal(path, "kernel"), "the file has no tensor \"kernel\"; it has:" + list));
  CHECK(contains(refusal(path, "objects"), "of NumPy's type |O"));
  CHECK(contains(refusal_of("", ".npz"), "this is no zip archive"));
  CHECK(contains(refusal_of("no zip", ".npz"), "this is no zip archive"));

  // Sizes that are not true, in the list of entries at the end: the compressed one is the first.
  const std::string whole = bytes_of(folder + "one.npz");
  const std::size_t list_begin = whole.find("PK\x01\x02");
  const auto refusal_with = [&](std::size_t at, const std::string& bytes) {
    return refusal_of(std::string(whole).replace(list_begin + at, bytes.size(), bytes), ".npz");
  };
  const std::string huge = little_endian(0xFFFFFFF0, 4);
  const std::string unread = "the entry arr_0.npy cannot be read; the file is damaged.";
  CHECK(contains(refusal_with(24, huge), unread));
  CHECK(contains(refusal_with(20, huge + huge), unread));
  CHECK(contains(refusal_with(10, little_endian(12, 2)), "by another method than deflate"));
  std::string changed = whole;
  ++changed[whole.find("PK\x01\x02") - 1];  // the last element
  CHECK(contains(refusal_of(changed, ".npz"), "cut or damaged"));
}

TEST_CASE("PyTorch: every type and memory order") {
  const std::string path = folder + "types.pt";
  check_values(read_tensor(path, "half"), "float16");
  check_values(read_tensor(path, "brain"), "bfloat16");
  check_values(read_tensor(path, "single"), "float32");
  check_values(read_tensor(path, "double"), "float64");
  check_values(read_tensor(folder + "one.bin", ""), "float32");
  const Tensor column_major = read_tensor(path, "column_major");
  check_values(column_major, "float64");
  CHECK(column_major.is_column_major);
  CHECK(!read_tensor(path, "double").is_column_major);
  CHECK(read_tensor(path, "scalar").values == std::vector<double>{2.5});
  CHECK(read_tensor(path, "empty").shape == Shape{0, 3});
  const Tensor part = read_tensor(path, "part");
  CHECK(part.shape == Shape{2, 3, 2});
  CHECK(part.values == std::vector<double>{12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34});
  const Tensor permuted = read_tensor(path, "permuted");
  CHECK(permuted.shape == Shape{4, 4, 3});
  REQUIRE(permuted.values.size() == 48);
  for (int i = 0; i < 48; ++i) {
    CHECK(permuted.values[static_cast<std::size_t>(i)] == i / 12 + i / 3 % 4 * 12 + i % 3 * 4);
  }
}

TEST_CASE("PyTorch: the model in checkpoints of a training") {
  for (const std::string file : {"model.pth", "training.pt", "lightning.ckpt"}) {
    CAPTURE(file);
    check_values(read_tensor(folder + file, "0.weight"), "float32");
    CHECK(contains(refusal(folder + file), ":\n  0.bias (2)\n  0.weight (2, 3)\n  1.bias (2)\n  " +
                                               std::string("1.num_batches_tracked ()\n")));
  }
  check_values(read_tensor(folder + "nested.pt", "net.layers.0"), "float64");
}

TEST_CASE("PyTorch: what is refused") {
  CHECK(contains(refusal(folder + "types.pt", "integers"), "has integers (torch.LongStorage)"));
  CHECK(contains(refusal(folder + "types.pt", "expanded"), "save tensor.contiguous() in"));
  CHECK(
      contains(refusal(folder + "whole_model.pt"),
               "needs torch.nn.modules.container.Sequential, which is not read; save model.state"));
  CHECK(contains(refusal(folder + "legacy.pt"), "load it in PyTorch and save it again."));
}

namespace {

const std::string pickle = "\x80\x02";  // the begin of each

std::string text(const std::string& text) { return "X" + little_endian(text.size(), 4) + text; }
std::string tuple(const std::string& items) { return "(" + items + "t"; }
std::string integer(std::uint64_t number) { return "\x8a\x08" + little_endian(number, 8); }

std::string tensor(const std::string& offset, const std::string& sizes, const std::string& strides,
                   std::uint64_t count = 6, const std::string& key = text("0")) {
  const std::string storage =
      text("storage") + "ctorch\nFloatStorage\n" + key + text("cpu") + integer(count);
  return "ctorch._utils\n_rebuild_tensor_v2\n" +
         tuple(tuple(storage) + "Q" + offset + tuple(sizes) + tuple(strides)) + "R";
}

const std::string zero("K\0", 2), one = "K\1", two = "K\2", three = "K\3", six = "K\6";
const std::string elements = little_endian(0x3F800000, 4) + std::string(20, '\0');

std::string pytorch(const std::string& object) {
  return zip_of({{"a/data.pkl", pickle + object + "."}, {"a/data/0", elements}});
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("PyTorch: made-up pickles") {
  const File file("", ".pt");
  const auto read = [&](const std::string& object) {
    file.write(pytorch(object));
    return read_tensor(file.path(), "");
  };
  const std::vector<double> values = {1, 0, 0, 0, 0, 0};
  const std::string good = tensor(zero, two + three, three + one);
  CHECK(read(good).values == values);
  const std::string huge = integer(1ULL << 62U);
  CHECK(read(tensor(zero, one + six + one, huge + one + huge)).values == values);
  CHECK(read(tensor(six, zero + huge + huge, one + one + one)).values.empty());
  CHECK(read(repeated("}" + text("a"), 32) + good + repeated("s", 32)).values == values);
  CHECK(read("}(" + text("a") + ")" + text("a") + good + ")" + good + "u").values == values);
  CHECK(read("}" + text("x") + "\x8a\1\xFFs" + "\x8a\1\xFF" + good + "s").name == "-1");
  file.write(zip_of({{"a/data.pkl", pickle + good + "."},
                     {"a/data/0", "\x3F\x80" + std::string(22, '\0')},
                     {"a/byteorder", "big"}}));
  CHECK(read_tensor(file.path(), "").values == values);
  file.write(zip_of({{"a/data.pkl", pickle + tensor(one, two, one) + "."}, {"a/data/0", elements}},
                    ZIP_CM_DEFLATE));
  CHECK(read_tensor(file.path(), "").values == std::vector<double>{0, 0});

  // Every dictionary but the first holds the one before twice.
  std::string doubled = "}";
  for (char i = 0; i < 31; ++i) {
    const std::string last = "h" + std::string(1, i);
    doubled += "q" + std::string(1, i) + "}(" + text("a") + last + text("b") + last + "u";
  }
  const std::string invalid = "data.pkl is no valid pickle";
  const std::string outside = "or lie outside of its storage";
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"cos\nsystem\n" + tuple(text("false")) + "R", "the file needs os.system, which is not read"},
      {"ctorch._utils\n_rebuild_qtensor\n", "needs torch._utils._rebuild_qtensor, which"},
      {")\x81", "the pickle has the opcode 129, which is not read; save model.state_dict() alone"},
      {"\x80\x04", "the pickle has the opcode 128"},
      {"", invalid},
      {"t", invalid},
      {"(", invalid},
      {"N(q\1", invalid},
      {"h\1", invalid},
      {"N\x86", invalid},
      {"N(\x85", invalid},
      {"}Ns", invalid},
      {"}(Nu", invalid},
      {"NNNs", invalid},
      {"}Na", invalid},
      {"N(e", invalid},
      {"]Nb", invalid},
      {"N)R", invalid},
      {"NQ", invalid},
      {")Q", invalid},
      {"X\xFF\xFF\xFF\xFF", invalid},
      {"cos", invalid},
      {"ccollections\nOrderedDict\n" + tuple("]") + "R", invalid},
      {"ctorch._utils\n_rebuild_parameter\n)R", invalid},
      {"ctorch._utils\n_rebuild_parameter\n" + tuple("N") + "R", invalid},
      {"ctorch._utils\n_rebuild_tensor_v2\n" +
           tuple(tuple(text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + six) +
                 "Q") +
           "R",
       invalid},
      {"ctorch._utils\n_rebuild_tensor_v2\n" + tuple("}" + zero + tuple(six) + tuple(one)) + "R",
       invalid},
      {tensor(zero, six, one + one), invalid},
      {tensor("N", six, one), invalid},
      {tensor(integer(~0ULL), six, one), invalid},
      {tensor(zero, integer(~0ULL), one), invalid},
      {tensor(zero, six, text("1")), invalid},
      {tensor(zero, repeated(one, 65), repeated(one, 65)), invalid},
      {tensor(zero, six, one, 6, "N"), invalid},
      {tensor(zero, six, one, ~0ULL), invalid},
      {tensor(one, six, one), outside},
      {tensor(huge, one, one), outside},
      {tensor(zero, two + three, three + two), outside},
      {tensor(zero, two, huge), outside},
      {tensor(zero, huge + huge, one + one), outside},
      {tensor(zero, six, one, 7), "has 24 bytes for the 7 elements of the storage"},
      {tensor(zero, six, one, 6, text("1")), "the file has no entry a/data/1;"},
      {repeated("}" + text("a"), 33) + good + repeated("s", 33), "nested too deeply"},
      {doubled, "or are too large, for a model's"},
      {"}q\1" + text("a") + "h\1s", "nested too deeply"},
      {std::string(1U << 20U, '(') + repeated("t", 1 << 20) + "0", "opcode 48"},
      {std::string((1U << 20U) + 1, ')'), "too many values"},
      {std::string(1U << 24U, '('), "data.pkl is too long"},
      {"N", "the file has no tensor"},
  };
  for (const auto& [object, phrase] : refusals) {
    CAPTURE(object.substr(0, 200), phrase);
    CHECK(contains(refusal_of(pytorch(object), ".pt"), phrase));
  }
  CHECK(contains(refusal_of(zip_of({{"a/data.pkl", "\x80\x04N."}}), ".pt"),
                 "of another protocol than 2"));
  CHECK(contains(refusal_of(zip_of({{"a/data", "N."}}), ".pt"), "the file has no entry data.pkl"));
}

#ifdef EXAMPLES_WITH_HDF5
TEST_CASE(".keras") {
  const Tensor tensor = read_tensor(folder + "one.keras", "");
  check_values(tensor, "float32");
  CHECK(tensor.name == "layers/dense/vars/0");
  CHECK(contains(refusal(folder + "one.keras", "a"), ":\n  layers/dense/vars/0 (2, 3)"));
  CHECK(contains(refusal_of("", ".keras"), "this is no zip archive, as Keras 3 writes"));
  CHECK(contains(refusal_of(zip_of({{"config.json", "{}"}}), ".keras"),
                 "the file has no entry model.weights.h5"));
  for (const std::string weights : {"", "no HDF5"}) {
    CHECK(contains(refusal_of(zip_of({{"model.weights.h5", weights}}), ".keras"),
                   "HDF5 cannot read the file"));
  }
  check_damage(folder + "one.keras", "", 97);
}
#endif

TEST_CASE("a damaged zip archive is read or refused") {
  check_damage(folder + "model.pth", "0.weight", 3);
  check_damage(folder + "compressed.npz", "single");
  check_damage(folder + "one.npz", "");
}
#else
TEST_CASE("without libzip its files are refused") {
  CHECK(contains(refusal(folder + "one.npz"), "this program was built without libzip"));
}
#endif
