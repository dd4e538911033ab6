// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "viann/detail/archive/word_stream.hpp"
#include "viann/detail/archive/words.hpp"
#include "viann/detail/text/concat.hpp"

/// What every serialize() has in common: the format, and what is checked before it is trusted.
///
/// An archive of Boost.Serialization or cereal gets 64-bit words, one at a time: the tag of the
/// class, the version of the format, the binary digits of its Scalar, then its numbers. A checksum
/// of all words so far comes before every array and at the end, so that a shape is used only if it
/// is the one that was saved. (cereal crashes if it is asked for more XML than there is.)

namespace viann::detail {

/// Raise this when a class saves other numbers than before. Formats 1 and 2 are those of viann 0.1
/// and 0.2.
inline constexpr Word archive_format = 3;

/// FNV-1a, 64 bits (https://datatracker.ietf.org/doc/html/rfc9923). It detects damage, not forgery.
class Checksum {
 public:
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 1099511628211U; }
  void add(Word word) {
    for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<unsigned char>(word >> shift));
  }
  Word value() const { return value_; }

 private:
  Word value_ = 14695981039346656037U;
};

/// The first word that an object of the class saves.
inline Word tag_of(const char* class_name) {
  Checksum checksum;
  for (; *class_name != 0; ++class_name) checksum.add_byte(static_cast<unsigned char>(*class_name));
  return checksum.value();
}

/// Whether n can be a number of samples or epochs: doubles count no further than 2^53.
inline bool is_count(std::int64_t n) { return n >= 0 && n <= (std::int64_t{1} << 53); }

/// Whether a matrix can have this shape: it is not empty, and its size in bytes is a number.
inline bool is_shape(std::int64_t rows, std::int64_t cols) {
  constexpr std::int64_t most =
      (std::min)(std::int64_t{(std::numeric_limits<std::ptrdiff_t>::max)()} /
                     std::int64_t{sizeof(long double)},
                 std::int64_t{(std::numeric_limits<Eigen::Index>::max)()});
  return rows > 0 && cols > 0 && rows <= most / cols;
}

/// An archive as the classes see it: archive & number saves or loads a bool, an integer or a real
/// number.
template <class Archive>
class StateArchive {
 public:
  using is_loading = std::bool_constant<Archive::is_loading::value>;

  /// Saves, or loads and checks, the words before the state.
  /// \param name    of the class, for its tag and for messages
  /// \param digits  of its Scalar, in binary
  StateArchive(Archive& archive, const char* name, int digits) : words_(archive), name_(name) {
    if (transfer(tag_of(name)) != tag_of(name)) refuse();
    const Word format = transfer(archive_format);
    if (format == 0) refuse();
    if (format != archive_format) {
      throw std::runtime_error(
          concat("viann::", name, ": the archive has format ", format,
                 ", but this version of viann reads format ", archive_format, "; load it with ",
                 format < archive_format ? concat("viann 0.", format) : "a later one", "."));
    }
    const Word saved_digits = transfer(static_cast<Word>(digits));
    if (saved_digits != static_cast<Word>(digits)) {
      throw std::runtime_error(concat(
          "viann::", name, ": the archive holds a Scalar of ", saved_digits, " binary digits, not ",
          digits, " (float has 24, double 53); load it into the type that was saved."));
    }
  }

  /// \throws std::runtime_error if no such number can be loaded
  /// \throws std::overflow_error if the number to be saved is not finite
  template <typename Number>
  StateArchive& operator&(Number& number) {
    if constexpr (is_loading::value) {
      if (!from_words(number, [&] { return transfer(0); })) refuse();
    } else if (!to_words(number, [&](Word word) { transfer(word); })) {
      throw std::overflow_error(
          concat("viann::", name_,
                 ": a number of the state is infinite or NaN, and no run can go on from ",
                 "it; the weights have diverged: go back to what was saved before."));
    }
    return *this;
  }

  /// Saves, or loads and checks, the checksum of all words so far.
  void seal() {
    const Word expected = checksum_.value();
    const Word checksum = transfer(expected);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // a fuzzer cannot guess it
    static_cast<void>(checksum);
#else
    if (checksum != expected) refuse();
#endif
  }

  /// \throws std::runtime_error
  [[noreturn]] void refuse() const {
    throw std::runtime_error(concat("viann::", name_, ": the archive is damaged, or was not ",
                                    "written by a ", name_, "."));
  }

 private:
  // Saves and returns the word, or loads and returns another.
  Word transfer(Word word) {
    if constexpr (is_loading::value) {
      try {
        word = words_.load();
      } catch (const std::bad_alloc&) {
        throw;
      } catch (const std::exception& error) {
        throw std::runtime_error(concat("viann::", name_, ": the archive is ",
                                        words_.has_begun() ? "cut short" : "empty", " or damaged (",
                                        error.what(), ")."));
      }
    } else {
      words_.save(word);
    }
    checksum_.add(word);
    return word;
  }

  WordStream<Archive> words_;
  const char* name_;
  Checksum checksum_;
};

/// Saves or loads, in memory order, the elements of an array that already has its size.
template <class Archive, typename Array>
void archive_elements(Archive& archive, Array& array) {
  for (auto* element = array.data(); element != array.data() + array.size(); ++element) {
    archive&* element;
  }
}

/// Saves an array, or loads one of that shape. Memory is allocated as the elements arrive, because
/// an archive may claim more than it holds.
template <class Archive, typename Array>
void archive_array(Archive& archive, Array& array, Eigen::Index rows, Eigen::Index cols) {
  archive.seal();
  if constexpr (Archive::is_loading::value) {
    const auto size = static_cast<std::size_t>(rows * cols);
    std::vector<typename Array::Scalar> elements;
    elements.reserve(std::min<std::size_t>(size, 4096));
    while (elements.size() < size) {
      typename Array::Scalar element{};
      archive& element;
      elements.push_back(element);
    }
    array = Eigen::Map<const Array>(elements.data(), rows, cols);
  } else {
    archive_elements(archive, array);
  }
}

/// Takes words and keeps none.
struct NoArchive {
  using is_loading = std::false_type;
  NoArchive& operator&(const Word& /*word*/) { return *this; }
};

/// Saves an object, or loads one: all of it or nothing.
/// \tparam Scalar    of the object's state
/// \param  name      of its class
/// \param  transfer  called as transfer(object, archive): moves the state to or from a StateArchive
///                   and returns whether it fits together. Changes nothing when saving, because
///                   both libraries save objects that are const.
/// \throws std::runtime_error if the archive holds no such object
/// \throws std::overflow_error if a number to be saved is not finite
/// \throws std::logic_error if the saved state could not be loaded again
template <typename Scalar, class Archive, typename Object, typename Transfer>
void archive_object(Archive& archive, Object& object, const char* name, const Transfer& transfer) {
  constexpr int digits = std::numeric_limits<Scalar>::digits;
  if constexpr (Archive::is_loading::value) {
    StateArchive<Archive> in(archive, name, digits);
    Object loaded{};
    if (!transfer(loaded, in)) in.refuse();
    in.seal();
    object = std::move(loaded);
  } else {
    NoArchive none;  // first, so that a refused state writes nothing
    StateArchive<NoArchive> trial(none, name, digits);
    if (!transfer(object, trial)) {
      throw std::logic_error(concat("viann::", name,
                                    ": the state does not fit together, and could ",
                                    "not be loaded again; was memory overwritten?"));
    }
    StateArchive<Archive> out(archive, name, digits);
    transfer(object, out);
    out.seal();
  }
}

}  // namespace viann::detail
