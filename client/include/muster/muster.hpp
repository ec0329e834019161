// muster's client: everything that an application includes.
#pragma once

#include "muster/client.hpp"             // IWYU pragma: export
#include "muster/consume_loop.hpp"       // IWYU pragma: export
#include "muster/error.hpp"              // IWYU pragma: export
#include "muster/group_consumer.hpp"     // IWYU pragma: export
#include "muster/partition.hpp"          // IWYU pragma: export
#include "muster/plan.hpp"               // IWYU pragma: export
#include "muster/processed_tracker.hpp"  // IWYU pragma: export
