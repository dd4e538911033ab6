// SPDX-License-Identifier: MIT
#pragma once

/// The version of viann; CMake reads it from here.
#define VIANN_VERSION_MAJOR 0
#define VIANN_VERSION_MINOR 2
#define VIANN_VERSION_PATCH 0
