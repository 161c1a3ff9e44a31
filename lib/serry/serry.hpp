#pragma once

/// All of serry, for programs, but for tables: read_csv.hpp, read_json.hpp, write_csv.hpp and
/// write_json.hpp are included by those that use them, since they cost a second of compiling.

#include "serry/accumulator.hpp"
#include "serry/base/combiners.hpp"
#include "serry/base/error.hpp"
#include "serry/base/key_value.hpp"
#include "serry/base/pulse.hpp"
#include "serry/broadcast.hpp"
#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/read.hpp"
#include "serry/result_map.hpp"
#include "serry/results.hpp"
#include "serry/run.hpp"
#include "serry/text.hpp"
