// SPDX-License-Identifier: MIT
//
// What torch.save() writes since PyTorch 1.6: a zip archive with an object in Python's pickle
// format (opcodes: https://github.com/python/cpython/blob/main/Lib/pickletools.py), in which
// storages are only named, and an entry for each storage. Tensors, dictionaries and plain values
// are read, by a closed set of opcodes and of names; nothing is executed.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checkpoint_formats.hpp"

namespace examples::detail {

namespace {

constexpr std::uint64_t most_pickle_bytes = 1U << 24U;
constexpr std::size_t most_values = 1U << 20U;      // of a model: about 15 for each tensor
constexpr std::size_t most_axes = 64;               // as in PyTorch
constexpr int most_levels = 32;                     // of dictionaries
constexpr std::size_t most_characters = 1U << 26U;  // of all names

/// A value of Python. What is not needed, such as the items of a list, is not kept.
struct Value {
  enum Kind { Other, Integer, Text, Name, Tuple, List, Dictionary, Storage, Tensor };
  Kind kind = Other;
  std::int64_t integer = 0;  // of a storage: the number of elements
  std::string text;          // of a storage: its key; of a name: with its module
  // Of a dictionary: keys and values in turn; of a storage: the name of its type; of a tensor: the
  // storage, its offset there, sizes and strides.
  std::vector<const Value*> items;
};

/// The types of storages; integers have no ElementType.
const std::map<std::string, const ElementType*>& storage_types() {
  static const std::map<std::string, const ElementType*> types = {
      {"torch.HalfStorage", &float16},  {"torch.BFloat16Storage", &bfloat16},
      {"torch.FloatStorage", &float32}, {"torch.DoubleStorage", &float64},
      {"torch.LongStorage", nullptr},   {"torch.IntStorage", nullptr},
      {"torch.ShortStorage", nullptr},  {"torch.CharStorage", nullptr},
      {"torch.ByteStorage", nullptr},   {"torch.BoolStorage", nullptr}};
  return types;
}

const std::string ordered_dictionary = "collections.OrderedDict";
const std::string rebuild_tensor = "torch._utils._rebuild_tensor_v2";
const std::string rebuild_parameter = "torch._utils._rebuild_parameter";

[[noreturn]] void refuse_pickle() { refuse("data.pkl is no valid pickle; the file is damaged."); }

/// The numbers of a tuple of sizes, strides and the like.
Shape numbers_of(const Value& tuple) {
  if (tuple.kind != Value::Tuple || tuple.items.size() > most_axes) refuse_pickle();
  Shape numbers;
  for (const Value* item : tuple.items) {
    if (item->kind != Value::Integer || item->integer < 0) refuse_pickle();
    numbers.push_back(item->integer);
  }
  return numbers;
}

/// Python's machine for pickles, with a stack and a memo.
class Unpickler {
 public:
  explicit Unpickler(std::string_view bytes) : bytes_(bytes) {}

  /// The object, which lives as long as this.
  const Value& load() {
    if (take(1) != "\x80" || number(1) != 2) {
      refuse("the pickle is of another protocol than 2; save by torch.save() with its default.");
    }
    while (true) {
      const char opcode = take(1)[0];
      if (opcode == '.') return pop();
      const auto found = opcodes().find(opcode);
      if (found == opcodes().end()) {
        refuse("the pickle has the opcode " + std::to_string(static_cast<unsigned char>(opcode)) +
               ", which " + advice);
      }
      found->second(*this);
    }
  }

 private:
  using Opcodes = std::map<char, void (*)(Unpickler&)>;

  static const Opcodes& opcodes() {
    using U = Unpickler&;
    static const Opcodes all = {
        {'N', [](U u) { u.push(Value::Other); }},             // None
        {'\x88', [](U u) { u.push(Value::Other); }},          // True
        {'\x89', [](U u) { u.push(Value::Other); }},          // False
        {'G', [](U u) { u.take(8), u.push(Value::Other); }},  // float
        {'K', [](U u) { u.push_integer(u.number(1)); }},
        {'M', [](U u) { u.push_integer(u.number(2)); }},
        {'J', [](U u) { u.push_signed(4); }},
        {'\x8a', [](U u) { u.push_signed(u.number(1)); }},
        {'X', [](U u) { u.push(Value::Text).text = u.take(u.number(4)); }},
        {'c', [](U u) { u.push_name(); }},
        {'Q', [](U u) { u.push_storage(u.pop()); }},
        {'(', [](U u) { u.marks_.push_back(u.stack_.size()); }},
        {')', [](U u) { u.push(Value::Tuple); }},
        {'t', [](U u) { u.push_tuple(u.pop_to_mark()); }},
        {'\x85', [](U u) { u.push_tuple(u.pop_items(1)); }},
        {'\x86', [](U u) { u.push_tuple(u.pop_items(2)); }},
        {'\x87', [](U u) { u.push_tuple(u.pop_items(3)); }},
        {']', [](U u) { u.push(Value::List); }},
        {'a', [](U u) { u.pop(), u.top(Value::List); }},
        {'e', [](U u) { u.pop_to_mark(), u.top(Value::List); }},
        {'}', [](U u) { u.push(Value::Dictionary); }},
        {'s', [](U u) { u.insert(u.pop_items(2)); }},
        {'u', [](U u) { u.insert(u.pop_to_mark()); }},
        {'b', [](U u) { u.pop(), u.top(Value::Dictionary); }},  // attributes, such as _metadata
        {'q', [](U u) { u.memo_[u.number(1)] = &u.top(); }},
        {'r', [](U u) { u.memo_[u.number(4)] = &u.top(); }},
        {'h', [](U u) { u.push_memo(u.number(1)); }},
        {'j', [](U u) { u.push_memo(u.number(4)); }},
        {'R', [](U u) { u.push_result(u.pop_items(2)); }},
    };
    return all;
  }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) refuse_pickle();
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::uint64_t number(std::uint64_t size) {
    const std::string_view bytes = take(size);
    std::uint64_t number = 0;
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      number = number << 8U | static_cast<unsigned char>(*byte);
    }
    return number;
  }

  std::string line() {
    const std::string line(take((std::min)(bytes_.find('\n'), bytes_.size())));
    take(1);
    return line;
  }

  Value& push(Value::Kind kind) {
    if (values_.size() == most_values) refuse("the pickle has too many values.");
    values_.emplace_back().kind = kind;
    stack_.push_back(&values_.back());
    return values_.back();
  }

  Value& top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse_pickle();
    return *stack_.back();
  }

  Value& top(Value::Kind kind) {
    if (top().kind != kind) refuse_pickle();
    return top();
  }

  Value& pop() {
    Value& value = top();
    stack_.pop_back();
    return value;
  }

  std::vector<const Value*> pop_items(std::size_t count) {
    if (stack_.size() < count + (marks_.empty() ? 0 : marks_.back())) refuse_pickle();
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<const Value*> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return items;
  }

  std::vector<const Value*> pop_to_mark() {
    if (marks_.empty()) refuse_pickle();
    std::vector<const Value*> items = pop_items(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  void push_integer(std::uint64_t integer) {
    push(Value::Integer).integer = static_cast<std::int64_t>(integer);
  }

  /// An integer in two's complement. Sizes and keys of tensors take at most 8 bytes.
  void push_signed(std::uint64_t size) {
    if (size == 0 || size > 8) {
      take(size);
      push(Value::Other);
      return;
    }
    const std::uint64_t sign = 1ULL << (8 * size - 1);
    push_integer((number(size) ^ sign) - sign);
  }

  void push_memo(std::uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) refuse_pickle();
    stack_.push_back(found->second);
  }

  void push_tuple(std::vector<const Value*> items) { push(Value::Tuple).items = std::move(items); }

  void insert(const std::vector<const Value*>& items) {
    if (items.size() % 2 != 0) refuse_pickle();
    auto& all = top(Value::Dictionary).items;
    all.insert(all.end(), items.begin(), items.end());
  }

  void push_name() {
    const std::string module = line();
    const std::string name = module + "." + line();
    if (name != ordered_dictionary && name != rebuild_tensor && name != rebuild_parameter &&
        storage_types().count(name) == 0) {
      refuse("the file needs " + name + ", which " + advice);
    }
    push(Value::Name).text = name;
  }

  /// \param id  ("storage", type, key, device, number of elements)
  void push_storage(const Value& id) {
    if (id.kind != Value::Tuple || id.items.size() != 5) refuse_pickle();
    const Value &type = *id.items[1], &key = *id.items[2], &count = *id.items[4];
    if (storage_types().count(type.text) == 0 || key.kind != Value::Text ||
        count.kind != Value::Integer || count.integer < 0) {
      refuse_pickle();
    }
    Value& storage = push(Value::Storage);
    storage.text = key.text;
    storage.integer = count.integer;
    storage.items = {&type};
  }

  /// \param call  a function and the tuple of its arguments
  void push_result(const std::vector<const Value*>& call) {
    const Value &function = *call[0], &arguments = *call[1];
    const auto& items = arguments.items;
    if (function.kind != Value::Name || arguments.kind != Value::Tuple) refuse_pickle();
    if (function.text == ordered_dictionary && items.empty()) {
      push(Value::Dictionary);
    } else if (function.text == rebuild_parameter && !items.empty() &&
               items[0]->kind == Value::Tensor) {
      push(Value::Tensor).items = items[0]->items;
    } else if (function.text == rebuild_tensor && items.size() >= 4 &&
               items[0]->kind == Value::Storage && items[1]->kind == Value::Integer &&
               items[1]->integer >= 0 &&
               numbers_of(*items[2]).size() == numbers_of(*items[3]).size()) {
      push(Value::Tensor).items = {items.begin(), items.begin() + 4};
    } else {
      refuse_pickle();
    }
  }

  static constexpr const char* advice =
      "is not read; save model.state_dict() alone by torch.save().";

  std::string_view bytes_;
  std::deque<Value> values_;  // Values only point to others: cycles do not leak, nor does deep
                              // nesting take the stack.
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint64_t, Value*> memo_;
};

using Tensors = std::map<std::string, const Value*>;

/// Adds the tensors of nested dictionaries by their keys, joined by dots.
/// \param characters  of all names so far: a dictionary that holds another twice, which does so,
///                    too, and so on, has no end
void add_tensors(const std::string& name, const Value& value, int level, Tensors& tensors,
                 std::size_t& characters) {
  characters += name.size() + 64;
  if (level > most_levels || characters > most_characters) {
    refuse("dictionaries are nested too deeply, or are too large, for a model's.");
  }
  if (value.kind == Value::Tensor) tensors[name] = &value;
  if (value.kind != Value::Dictionary) return;
  for (std::size_t i = 0; i < value.items.size(); i += 2) {
    const Value& key = *value.items[i];
    if (key.kind != Value::Text && key.kind != Value::Integer) continue;
    const std::string text = key.kind == Value::Text ? key.text : std::to_string(key.integer);
    add_tensors(level == 0 ? text : name + "." + text, *value.items[i + 1], level + 1, tensors,
                characters);
  }
}

/// The model's dictionary if this is one of a training, else the value itself.
const Value& model_in(const Value& value) {
  if (value.kind != Value::Dictionary) return value;
  for (const char* name : {"state_dict", "model_state_dict", "model"}) {
    for (std::size_t i = 0; i < value.items.size(); i += 2) {
      const Value& model = *value.items[i + 1];
      if (value.items[i]->text == name && model.kind == Value::Dictionary) return model;
    }
  }
  return value;
}

/// Where a tensor ends in its storage, or -1 if not all of its elements have a place of their own
/// there.
std::int64_t end_in(std::int64_t storage_size, std::int64_t offset, const Shape& shape,
                    const Shape& strides) {
  const std::int64_t count = count_up_to(shape, static_cast<std::uint64_t>(storage_size));
  if (count < 0 || offset > storage_size - count) return -1;
  if (count == 0) return offset;
  std::int64_t last = offset;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    if (strides[axis] > (storage_size - 1 - last) / (shape[axis] - 1)) return -1;
    last += strides[axis] * (shape[axis] - 1);
  }
  return last + 1;
}

Tensor read_stored(const ZipArchive& archive, const std::string& archive_folder,
                   const std::string& name, const Value& value) {
  const Value& storage = *value.items[0];
  const std::int64_t offset = value.items[1]->integer;
  const Shape shape = numbers_of(*value.items[2]);
  const Shape strides = numbers_of(*value.items[3]);
  const ElementType* type = storage_types().at(storage.items[0]->text);
  if (type == nullptr) {
    refuse("\"" + name + "\" has integers (" + storage.items[0]->text + "); weights are of " +
           "torch.half, bfloat16, float or double.");
  }
  const auto source = archive.open(archive_folder + "data/" + storage.text);
  const auto size = static_cast<std::uint64_t>(type->size);
  if (static_cast<std::uint64_t>(storage.integer) > source->left() / size) {
    refuse("the file has " + std::to_string(source->left()) + " bytes for the " +
           std::to_string(storage.integer) + " elements of the storage of \"" + name +
           "\"; it is cut or damaged.");
  }
  const std::int64_t end = end_in(storage.integer, offset, shape, strides);
  if (end < 0) {
    refuse("elements of \"" + name + "\" share their places, or lie outside of its storage; save " +
           "tensor.contiguous() in its place.");
  }
  bool are_big_endian = false;  // without an entry that says so, which PyTorch 2.1 and later write
  const auto entries = archive.entries();
  if (std::count(entries.begin(), entries.end(), archive_folder + "byteorder") > 0) {
    are_big_endian = archive.open(archive_folder + "byteorder")->read_number(1) == 'b';
  }
  source->skip(static_cast<std::uint64_t>(offset) * size);
  Tensor tensor{name, type->name, shape, false,
                read_elements(*source, *type, are_big_endian, end - offset)};
  tensor.is_column_major = shape.size() == 2 && shape[0] > 1 && shape[1] > 1 && strides[0] == 1 &&
                           strides[1] == shape[0];
  if (tensor.is_column_major || end == offset) return tensor;
  tensor.values = row_major(tensor.values, shape, strides);
  return tensor;
}

}  // namespace

Tensor read_pytorch(const std::string& path, const std::string& name) {
  const ZipArchive archive(path,
                           ", as torch.save() writes since PyTorch 1.6: the file is cut or "
                           "damaged, or older; load it in PyTorch and save it again");
  std::string archive_folder;
  for (const std::string& entry : archive.entries()) {
    const std::size_t slash = entry.find('/');
    if (slash != std::string::npos && entry.substr(slash) == "/data.pkl") {
      archive_folder = entry.substr(0, slash + 1);
    }
  }
  const auto entry = archive.open(archive_folder + "data.pkl");
  if (entry->left() > most_pickle_bytes) refuse("data.pkl is too long for a model's.");
  const std::string bytes = entry->read(entry->left());
  Unpickler unpickler(bytes);
  Tensors tensors;
  std::size_t characters = 0;
  const Value& object = unpickler.load();
  add_tensors("", model_in(object), 0, tensors, characters);
  if (!name.empty() && tensors.count(name) == 0) {  // it may be one of the optimizer's
    tensors.clear();
    add_tensors("", object, 0, tensors, characters);
  }
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [other, value] : tensors) {
    all.emplace_back(other, text_of(numbers_of(*value->items[2])));
  }
  const std::string chosen = choose_tensor(std::move(all), name);
  return read_stored(archive, archive_folder, chosen, *tensors.at(chosen));
}

}  // namespace examples::detail
