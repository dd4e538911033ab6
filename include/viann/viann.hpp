// SPDX-License-Identifier: MIT
#pragma once

/// \file
/// viann: measures which inputs a neural network has learned to rely on, from how the weights of
/// its first layer move during training. This header includes the whole core, but no adapter, no
/// HTML and no knockoffs (viann/tools/selection.hpp), which take a compiler long.

#include "viann/displacement_importance.hpp"
#include "viann/fwd.hpp"
#include "viann/importance_hook.hpp"
#include "viann/importance_scores.hpp"
#include "viann/save.hpp"
#include "viann/tools/agreement.hpp"
#include "viann/tools/baselines.hpp"
#include "viann/tools/report.hpp"
#include "viann/tools/score_history.hpp"
#include "viann/tools/stability.hpp"
#include "viann/variance_importance.hpp"
#include "viann/version.hpp"
#include "viann/weight_view.hpp"
#include "viann/welford_accumulator.hpp"
