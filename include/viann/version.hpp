// SPDX-License-Identifier: MIT
#pragma once

/// \file
/// The version of viann; CMake reads it from here.

#define VIANN_VERSION_MAJOR 0  ///< 0 until the interface is settled
#define VIANN_VERSION_MINOR 3  ///< before 1.0, another one may have another interface
#define VIANN_VERSION_PATCH 0  ///< mends only
