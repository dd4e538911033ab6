// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "viann/detail/archive/words.hpp"

/// Words through an archive of Boost.Serialization or cereal, whatever the locale of its stream.
///
/// A stream whose locale groups digits writes 1.234 for 1234. No other locale can read that, and in
/// some archives not even its own can. Where this may happen, a word is saved in parts below 1000.

namespace viann::detail {

/// Whether an archive writes integers in the stream's locale. Boost's text and XML archives do;
/// they have a base class of this name. cereal's XML archive does; it alone has attributes.
template <class Archive, typename = void>
struct IsBoostText : std::false_type {};
template <class Archive>
struct IsBoostText<Archive, std::void_t<typename Archive::basic_text_oprimitive>> : std::true_type {
};
template <class Archive, typename = void>
struct IsCerealXml : std::false_type {};
template <class Archive>
struct IsCerealXml<Archive, std::void_t<decltype(&Archive::appendAttribute)>> : std::true_type {};

/// A word as digits in base 1000, the least significant first.
inline constexpr Word word_base = 1000;
inline constexpr int word_digits = 7;

/// Saves or loads words, one at a time.
template <class Archive>
class WordStream {
 public:
  explicit WordStream(Archive& archive) : archive_(archive) {}

  /// Whether a word has been loaded.
  bool has_begun() const { return has_begun_; }

  void save(Word word) {
    if (!is_in_digits_) {
      archive_& word;
      return;
    }
    for (int digit = 0; digit < word_digits; ++digit, word /= word_base) {
      Word value = word % word_base;
      archive_& value;
    }
  }

  /// Throws whatever the archive throws.
  Word load() {
    Word word = 0;
    archive_& word;
    // The first word is a tag, and no tag is below 1000.
    if (!has_begun_) is_in_digits_ = word < word_base;
    has_begun_ = true;
    if (!is_in_digits_) return word;
    Word unit = 1;
    for (int digit = 1; digit < word_digits; ++digit) {
      Word value = 0;
      archive_& value;
      unit *= word_base;
      word += unit * value;
    }
    return word;
  }

 private:
  Archive& archive_;
  bool is_in_digits_ = IsBoostText<Archive>::value || IsCerealXml<Archive>::value;
  bool has_begun_ = false;
};

}  // namespace viann::detail
