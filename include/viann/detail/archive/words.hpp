// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "viann/detail/requirements.hpp"

/// Numbers as 64-bit words, which every archive holds exactly. Text archives round real numbers to
/// some precision; binary archives have the machine's byte order and its own long double.

namespace viann::detail {

using Word = std::uint64_t;

inline Word bits_of(double value) {
  static_assert(sizeof value == sizeof(Word) && std::numeric_limits<double>::digits == 53);
  Word bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Tests the bits, because under -ffast-math compilers assume that every value is finite.
inline bool is_finite(Word bits_of_a_double) {
  constexpr Word exponent_of_infinity = Word{0x7ff} << 52;  // and of NaN
  return (bits_of_a_double & exponent_of_infinity) != exponent_of_infinity;
}

/// Passes a bool, an integer or a real number to put(word), word by word.
/// \returns whether the number is finite; if not, put() was not called.
template <typename Number, typename Put>
bool to_words(const Number& number, const Put& put) {
  if constexpr (std::is_integral_v<Number>) {
    put(static_cast<Word>(number));
  } else if constexpr (std::numeric_limits<Number>::digits <= 53) {
    const Word bits = bits_of(static_cast<double>(number));
    if (!is_finite(bits)) return false;
    put(bits);
  } else {
    int exponent = 0;
    Number rest = std::frexp(std::abs(number), &exponent);  // 0, in [1/2, 1), infinite or NaN
    if (!is_finite(bits_of(static_cast<double>(rest)))) return false;
    for (int digits = 0; digits < std::numeric_limits<Number>::digits; digits += 64) {
      rest = std::ldexp(rest, 64);
      const auto word = static_cast<Word>(rest);
      rest -= static_cast<Number>(word);
      put(word);
    }
    put(static_cast<Word>(exponent));
    put(static_cast<Word>(std::signbit(number)));
  }
  return true;
}

/// The reverse, from words that take() returns one by one.
/// \returns whether they are those of a finite Number.
template <typename Number, typename Take>
bool from_words(Number& number, const Take& take) {
  using Limits = std::numeric_limits<Number>;
  if constexpr (std::is_integral_v<Number>) {
    const Word word = take();
    number = static_cast<Number>(word);
    return static_cast<Word>(number) == word;
  } else if constexpr (Limits::digits <= 53) {
    const Word bits = take();
    if (!is_finite(bits)) return false;
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::abs(value) > static_cast<double>((Limits::max)())) return false;
    number = static_cast<Number>(value);
    return static_cast<double>(number) == value;
  } else {
    Number magnitude = 0;
    for (int digits = 0; digits < Limits::digits; digits += 64) {
      magnitude += std::ldexp(static_cast<Number>(take()), -64 - digits);
    }
    int exponent = 0;
    bool negative = false;
    if (!from_words(exponent, take) || !from_words(negative, take) || !(magnitude < 1) ||
        exponent < Limits::min_exponent - Limits::digits || exponent > Limits::max_exponent) {
      return false;
    }
    magnitude = std::ldexp(magnitude, exponent);
    number = negative ? -magnitude : magnitude;
    return true;
  }
}

}  // namespace viann::detail
