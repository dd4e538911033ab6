// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "viann/detail/state_archive.hpp"
#include "viann/save.hpp"

/// What viann::save() writes, as bytes and as numbers that a test can replace.

template <typename T>
std::string saved(const T& object) {
  std::ostringstream stream;
  viann::save(stream, object);
  return stream.str();
}

template <typename T>
void load(T& object, const std::string& bytes) {
  std::istringstream stream(bytes);
  viann::load(stream, object);
}

using Words = std::vector<std::uint64_t>;

/// The bits of every number: tag, format, digits of the Scalar, the state, checksum.
inline Words words_of(const std::string& bytes) {
  Words words(bytes.size() / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    words[i / 8] |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << 8 * (i % 8);
  }
  return words;
}

/// The words, with some replaced from an index on.
inline Words with_words(Words words, std::size_t first, const std::vector<std::int64_t>& others) {
  for (std::size_t i = 0; i < others.size(); ++i) {
    words.at(first + i) = static_cast<std::uint64_t>(others[i]);
  }
  return words;
}

/// The same as bytes with correct checksums, as if it had been saved like that.
inline std::string altered(const Words& words, std::size_t first,
                           const std::vector<std::int64_t>& others) {
  const Words result = with_words(words, first, others);
  std::ostringstream stream;
  viann::detail::BinaryArchive<std::ostream> archive(stream);
  viann::detail::Checksum of_words, of_result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t word = words[i] == of_words.value() ? of_result.value() : result[i];
    archive& word;
    of_words.add(words[i]);
    of_result.add(word);
  }
  return stream.str();
}

/// The word that represents a double.
inline std::int64_t word_of(double value) {
  std::int64_t word = 0;
  std::memcpy(&word, &value, sizeof word);
  return word;
}
