// SPDX-License-Identifier: MIT
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

/// The interface that Boost.Serialization and cereal share, over numbers in a text stream: just
/// enough to see what a serialize() writes and to hand it something else.
struct SavingArchive {
  using is_loading = std::false_type;
  std::ostringstream stream;

  template <typename T>
  SavingArchive& operator&(const T& value) {
    stream.precision(40);
    stream << value << '\n';
    return *this;
  }
};

struct LoadingArchive {
  using is_loading = std::true_type;
  std::istringstream stream;

  explicit LoadingArchive(const std::string& text) : stream(text) {}

  template <typename T>
  LoadingArchive& operator&(T& value) {
    if (!(stream >> value)) throw std::runtime_error("the archive ends too early");
    return *this;
  }
};

template <typename T>
std::string saved(T& object) {
  SavingArchive archive;
  object.serialize(archive, 0);
  return archive.stream.str();
}

template <typename T>
void load(T& object, const std::string& text) {
  LoadingArchive archive(text);
  object.serialize(archive, 0);
}
