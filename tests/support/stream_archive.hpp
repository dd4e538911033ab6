// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "viann/detail/archive/state_archive.hpp"

/// The interface that Boost.Serialization and cereal share, for numbers in a text stream: just
/// enough to see what a serialize() writes and to give it something else.
struct SavingArchive {
  using is_loading = std::false_type;
  std::ostringstream stream;

  template <typename T>
  SavingArchive& operator&(const T& value) {
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
    if (!(stream >> value)) throw std::runtime_error("the text ends");
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

using Words = std::vector<std::uint64_t>;

/// The words that saved() wrote: tag, format, digits of the Scalar, the state, checksum.
inline Words words_of(const std::string& text) {
  Words words;
  std::istringstream stream(text);
  for (std::uint64_t word = 0; stream >> word;) words.push_back(word);
  return words;
}

inline std::string text_of(const Words& words) {
  std::ostringstream stream;
  for (const auto word : words) stream << word << '\n';
  return stream.str();
}

/// The words, with some replaced from an index on.
inline Words with_words(Words words, std::size_t first, const std::vector<std::int64_t>& others) {
  for (std::size_t i = 0; i < others.size(); ++i) {
    words.at(first + i) = static_cast<std::uint64_t>(others[i]);
  }
  return words;
}

/// The same as text with correct checksums, as if it had been saved like that.
inline std::string altered(const Words& words, std::size_t first,
                           const std::vector<std::int64_t>& others) {
  Words result = with_words(words, first, others);
  viann::detail::Checksum of_words, of_result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == of_words.value()) result[i] = of_result.value();
    of_words.add(words[i]);
    of_result.add(result[i]);
  }
  return text_of(result);
}

/// The word that represents a double.
inline std::int64_t word_of(double value) {
  std::int64_t word = 0;
  std::memcpy(&word, &value, sizeof word);
  return word;
}
