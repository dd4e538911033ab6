// SPDX-License-Identifier: MIT
//
// Reads libFuzzer's made-up data as a checkpoint, of the format that the environment's FORMAT names
// by the end of a file's name. Formats that are zip archives are .npz alone, of which checksums
// refuse most; in .pt the data is the pickle. In .h5 the data says what the file has.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "../../examples/checkpoints/checkpoint.hpp"
#include "../../examples/checkpoints/zip_of.hpp"
#include "made_up_hdf5.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Returns the message of a refusal, or nothing.
std::string read(const std::string& path, const std::string& name) {
  try {
    const examples::Tensor tensor = examples::read_tensor(path, name);
    std::size_t count = 1;
    for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
    require(tensor.values.size() == count);
    require(!tensor.is_column_major || tensor.shape.size() == 2);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

/// Reads the tensor, or some of the tensors that the refusal lists with a name and a shape a line.
void list_and_read(const std::string& path) {
  const std::string message = read(path, "");
  require(message.empty() || message.find(path + ": ") == 0);
  const bool is_index = message.find(".index.json: ") != std::string::npos;
  std::size_t begin = message.find("by --tensor:");
  for (int i = 0; i < 8 && begin < message.size(); ++i) {
    begin = message.find("\n  ", begin);
    if (begin == std::string::npos) break;
    begin += 3;
    const std::size_t end = message.find(is_index ? " in " : " (", begin);
    read(path, message.substr(begin, end - begin));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static const std::string format = std::getenv("FORMAT");
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("read_checkpoint" + format)).string();
  std::filesystem::remove(path);  // some file systems take long to overwrite a file
  if (format == ".h5") {
    Choices choose(data, size);
    for (const auto& [name, elements] : write_hdf5(path, choose)) {
      require(examples::read_tensor(path, name).values == elements);
    }
    list_and_read(path);
    return 0;
  }
  std::ofstream file(path, std::ios::binary);
  if (format == ".pt") {
    const std::string elements(64, '\1');
    file << examples::zip_of(
        {{"a/data.pkl", bytes}, {"a/data/0", elements}, {"a/data/1", elements}});
  } else {
    file << bytes;
  }
  file.close();
  list_and_read(path);
  return 0;
}
