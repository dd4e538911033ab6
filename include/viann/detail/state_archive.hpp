// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "viann/detail/text/concat.hpp"

/// What every serialize() has in common: the format, and what is checked before it is trusted.
///
/// An archive of viann::save(), cereal or Boost.Serialization gets numbers, one at a time: the tag
/// of the class, the version of the format, the binary digits of its Scalar, then the state,
/// integers as std::int64_t and real numbers as double. A checksum of the bits of all numbers so
/// far comes before every array and at the end, so that a shape is used only if it is the one that
/// was saved. (cereal crashes if it is asked for more XML than there is.)

namespace viann::detail {

/// Raise this when a class saves other numbers than before. Formats 1 and 2 are those of viann 0.1
/// and 0.2.
inline constexpr std::int64_t archive_format = 3;

/// FNV-1a, 64 bits (https://datatracker.ietf.org/doc/html/rfc9923). It detects damage, not forgery.
class Checksum {
 public:
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 1099511628211U; }
  /// Adds the bits of a number of 64 bits, the least significant first.
  template <typename Number>
  void add(Number number) {
    std::uint64_t bits = 0;
    static_assert(sizeof number == sizeof bits);
    std::memcpy(&bits, &number, sizeof bits);
    for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<unsigned char>(bits >> shift));
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037U;
};

/// The first number that an object of the class saves.
inline std::uint64_t tag_of(const char* class_name) {
  Checksum checksum;
  for (; *class_name != 0; ++class_name) checksum.add_byte(static_cast<unsigned char>(*class_name));
  return checksum.value();
}

/// Whether a double is finite, by its bits: under -ffast-math compilers assume that every value is.
inline bool is_finite(double value) {
  static_assert(std::numeric_limits<double>::is_iec559);
  constexpr std::uint64_t exponent_of_infinity = std::uint64_t{0x7ff} << 52;  // and of NaN
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & exponent_of_infinity) != exponent_of_infinity;
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

  /// Saves, or loads and checks, the numbers before the state.
  /// \param name    of the class, for its tag and for messages
  /// \param digits  of its Scalar, in binary
  StateArchive(Archive& archive, const char* name, int digits) : archive_(archive), name_(name) {
    const std::uint64_t tag = transfer(tag_of(name));
    // Boost's text and cereal's XML of viann 0.2 begin with the last three digits of the tag.
    const bool is_text_of_format_2 = tag == tag_of(name) % 1000;
    ensure(tag == tag_of(name) || is_text_of_format_2);
    const std::int64_t format = is_text_of_format_2 ? 2 : transfer(archive_format);
    ensure(format > 0);
    if (format != archive_format) {
      throw std::runtime_error(
          concat("viann::", name, ": the archive has format ", format,
                 ", but this version of viann reads format ", archive_format, "; load it with ",
                 format < archive_format ? concat("viann 0.", format) : "a later one", "."));
    }
    const std::int64_t saved_digits = transfer(std::int64_t{digits});
    if (saved_digits != digits) {
      throw std::runtime_error(concat(
          "viann::", name, ": the archive holds a Scalar of ", saved_digits, " binary digits, not ",
          digits, " (float has 24, double 53); load it into the type that was saved."));
    }
  }

  /// \throws std::runtime_error if no such number can be loaded
  /// \throws std::overflow_error if the number to be saved is not finite
  template <typename Number>
  StateArchive& operator&(Number& number) {
    if constexpr (std::is_integral_v<Number>) {
      const std::int64_t value = transfer(static_cast<std::int64_t>(number));
      if constexpr (is_loading::value) {
        number = static_cast<Number>(value);
        ensure(static_cast<std::int64_t>(number) == value);
      }
    } else if constexpr (is_loading::value) {
      const double value = transfer(0.0);
      ensure(is_finite(value) && std::abs(value) <= (std::numeric_limits<Number>::max)());
      number = static_cast<Number>(value);
      ensure(static_cast<double>(number) == value);
    } else {
      if (!is_finite(number)) {
        throw std::overflow_error(concat(
            "viann::", name_, ": a number of the state is infinite or NaN, and no run can go on ",
            "from it; the weights have diverged: go back to what was saved before."));
      }
      transfer(static_cast<double>(number));
    }
    return *this;
  }

  /// Saves, or loads and checks, the checksum of all numbers so far.
  void seal() {
    const std::uint64_t expected = checksum_.value();
    const std::uint64_t checksum = transfer(expected);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // a fuzzer cannot guess it
    static_cast<void>(checksum);
#else
    ensure(checksum == expected);
#endif
  }

  /// \throws std::runtime_error if what was loaded is not as it must be
  void ensure(bool holds) const {
    if (holds || !is_loading::value) return;
    throw std::runtime_error(concat("viann::", name_, ": the archive is damaged, or was not ",
                                    "written by a ", name_, "."));
  }

 private:
  // Saves and returns the number, or loads and returns another.
  template <typename Number>
  Number transfer(Number number) {
    if constexpr (is_loading::value) {
      try {
        archive_& number;
      } catch (const std::bad_alloc&) {
        throw;
      } catch (const std::exception& error) {
        throw std::runtime_error(concat("viann::", name_, ": the archive is ",
                                        has_begun_ ? "cut short" : "empty", " or damaged (",
                                        error.what(), ")."));
      }
    } else {
      archive_& number;
    }
    has_begun_ = true;
    checksum_.add(number);
    return number;
  }

  Archive& archive_;
  const char* name_;
  Checksum checksum_;
  bool has_begun_ = false;
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

/// Takes numbers and keeps none.
struct NoArchive {
  using is_loading = std::false_type;
  template <typename Number>
  NoArchive& operator&(const Number& /*number*/) {
    return *this;
  }
};

/// Saves an object, or loads one: all of it or nothing.
/// \tparam Scalar    of the object's state
/// \param  name      of its class
/// \param  transfer  called as transfer(object, archive): moves the state to or from the archive,
/// and
///                   checks what was loaded. Saving changes nothing: const objects are saved, too.
/// \throws std::runtime_error if the archive holds no such object
/// \throws std::overflow_error if a number to be saved is not finite
template <typename Scalar, class Archive, typename Object, typename Transfer>
void archive_object(Archive& archive, Object& object, const char* name, const Transfer& transfer) {
  constexpr int digits = std::numeric_limits<Scalar>::digits;
  static_assert(digits <= 53,
                "viann: a state in long double cannot be saved, because that type differs between "
                "platforms; keep the state in double.");
  if constexpr (Archive::is_loading::value) {
    StateArchive<Archive> in(archive, name, digits);
    Object loaded{};
    transfer(loaded, in);
    in.seal();
    object = std::move(loaded);
  } else {
    NoArchive none;  // first, so that a refused state writes nothing
    StateArchive<NoArchive> trial(none, name, digits);
    transfer(object, trial);
    StateArchive<Archive> out(archive, name, digits);
    transfer(object, out);
    out.seal();
  }
}

}  // namespace viann::detail
