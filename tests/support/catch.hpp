// SPDX-License-Identifier: MIT
#pragma once

// Either version of Catch2 that distributions have, and what all tests need besides.

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_message.hpp>
#include <catch2/catch_session.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <functional>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double largest = std::numeric_limits<double>::max();
inline constexpr double least = std::numeric_limits<double>::denorm_min();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The message of the exception that `call` must throw; its type must be exactly Exception.
template <typename Exception, typename Call>
std::string message_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Exception& error) {
    CHECK(typeid(error) == typeid(Exception));
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

/// A call, and what the message of the exception that it must throw contains.
struct Refusal {
  std::function<void()> call;
  std::string phrase;
};

/// Checks a table of calls that must throw an Exception.
template <typename Exception = std::invalid_argument>
void check_refusals(std::initializer_list<Refusal> refusals) {
  for (const auto& [call, phrase] : refusals) {
    const std::string message = message_of<Exception>(call);
    CAPTURE(message, phrase);
    CHECK(message.find(phrase) != std::string::npos);
  }
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
