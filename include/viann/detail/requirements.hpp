// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>  // tells which standard library this is

/// What viann needs from a compiler, in one sentence each. Include this before everything else: a
/// missing file stops every compiler, whereas pages of errors follow #error alone.

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 201703L
#error "viann needs C++17 or later: compile with -std=c++17."
#include "viann: stopped, see the error above"
#endif

#if defined(__GNUC__) && !defined(__EXCEPTIONS)
#error "viann reports errors by exceptions: compile without -fno-exceptions."
#include "viann: stopped, see the error above"
#endif

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE < 11
#error "viann needs the standard library of g++ 11 or later: std::to_chars for real numbers."
#include "viann: stopped, see the error above"
#endif
