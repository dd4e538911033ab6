// SPDX-License-Identifier: MIT
#pragma once

// Catch2 in either of the versions that distributions carry, and what all tests need beside it.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <string>
#include <typeinfo>
#include <utility>

/// The sentence of the exception that `call` must throw, and that must be exactly an Exception.
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

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
