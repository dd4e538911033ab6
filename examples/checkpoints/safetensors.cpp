// SPDX-License-Identifier: MIT
//
// .safetensors files (https://github.com/huggingface/safetensors#format): the length of the header
// in eight bytes, the header, which is a JSON object, and the elements of all tensors, row-major
// and little-endian, without a gap. If there are several files, a JSON file tells which tensor is
// in which.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint_formats.hpp"

namespace examples::detail {

namespace {

struct Entry {
  std::string name;
  std::string type;
  Shape shape;
  std::uint64_t begin, end;  // in the bytes after the header
};

[[noreturn]] void refuse_header() {
  refuse("the header is not that of a .safetensors file; the file is damaged.");
}

std::int64_t size_of(const nlohmann::json& number) {
  if (!number.is_number_unsigned()) refuse_header();
  const auto size = number.get<std::uint64_t>();
  if (size > static_cast<std::uint64_t>(INT64_MAX)) refuse_header();
  return static_cast<std::int64_t>(size);
}

Entry entry_of(const std::string& name, const nlohmann::json& description) {
  Entry entry;
  entry.name = name;
  entry.type = description.at("dtype").get<std::string>();
  for (const auto& size : description.at("shape")) entry.shape.push_back(size_of(size));
  const auto& offsets = description.at("data_offsets");
  if (offsets.size() != 2) refuse_header();
  entry.begin = static_cast<std::uint64_t>(size_of(offsets.at(0)));
  entry.end = static_cast<std::uint64_t>(size_of(offsets.at(1)));
  return entry;
}

/// The tensors of a header, in the order of their bytes.
/// \param bytes  that follow the header
std::vector<Entry> entries_of(const std::string& header, std::uint64_t bytes) {
  using Event = nlohmann::json::parse_event_t;
  std::map<int, std::set<std::string>> keys;  // of the innermost object of each depth
  const auto refuse_second = [&](int depth, Event event, const nlohmann::json& key) {
    if (event == Event::object_start) keys[depth + 1].clear();
    if (event == Event::key && !keys[depth].insert(key).second) {
      refuse("the header has the key " + key.dump() + " twice; the file is damaged.");
    }
    return true;
  };
  std::vector<Entry> entries;
  try {
    const auto json = nlohmann::json::parse(header, refuse_second);
    if (!json.is_object()) refuse_header();
    for (const auto& [name, description] : json.items()) {
      if (name != "__metadata__") entries.push_back(entry_of(name, description));
    }
  } catch (const nlohmann::json::exception&) {
    refuse_header();
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end || entry.end < entry.begin) {
      refuse("tensors overlap or leave a gap at \"" + entry.name + "\"; the file is damaged.");
    }
    end = entry.end;
  }
  if (end != bytes) {
    refuse("the tensors take " + std::to_string(end) + " bytes, but the file has " +
           std::to_string(bytes) + " for them; it is cut or damaged.");
  }
  return entries;
}

const ElementType& element_type(const Entry& entry) {
  if (entry.type == "F16") return float16;
  if (entry.type == "BF16") return bfloat16;
  if (entry.type == "F32") return float32;
  if (entry.type == "F64") return float64;
  refuse("the tensor \"" + entry.name + "\" is of type " + entry.type +
         "; save weights as F16, BF16, F32 or F64.");
}

}  // namespace

Tensor read_safetensors(const std::string& path, const std::string& name) {
  BinaryFile file(path);
  const std::uint64_t length = file.read_number(8);
  if (length > 100'000'000) refuse("this is no .safetensors file: the header is too long.");
  const std::string header = file.read(length);
  const std::vector<Entry> entries = entries_of(header, file.left());

  std::vector<std::pair<std::string, std::string>> all;
  for (const Entry& entry : entries) all.emplace_back(entry.name, text_of(entry.shape));
  const std::string chosen = choose_tensor(all, name);
  const Entry& entry = *std::find_if(entries.begin(), entries.end(),
                                     [&](const Entry& other) { return other.name == chosen; });
  const ElementType& type = element_type(entry);
  const std::int64_t count = count_elements(entry.shape, type, entry.end - entry.begin);
  file.skip(entry.begin);
  return {entry.name, type.name, entry.shape, false, read_elements(file, type, false, count)};
}

Tensor read_shards(const std::string& path, const std::string& name) {
  BinaryFile file(path);
  if (file.left() > 100'000'000) refuse("this is no index of shards: it is too long.");
  std::map<std::string, std::string> shards;
  try {
    const auto json = nlohmann::json::parse(file.read(file.left()));
    shards = json.at("weight_map").get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception&) {
    refuse("this is no index of shards, which has the file of each tensor in \"weight_map\".");
  }
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [tensor, shard] : shards) all.emplace_back(tensor, "in " + shard);
  const std::string chosen = choose_tensor(std::move(all), name);
  const std::filesystem::path shard = shards.at(chosen);
  const std::string extension = shard.extension().string();
  if (shard != shard.filename() || (extension != ".safetensors" && extension != ".bin")) {
    refuse("\"" + shard.string() + "\", where \"" + chosen +
           "\" should be, is no .safetensors or " + ".bin file beside the index.");
  }
  return read_tensor((std::filesystem::path(path).parent_path() / shard).string(), chosen);
}

}  // namespace examples::detail
