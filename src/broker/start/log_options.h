// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "config/settings.h"
#include "log/log_manager.h"

namespace odradek::broker {

// What the settings say of the log directories.
log::LogManagerOptions make_log_options(const config::Settings& settings);
log::HousekeepingOptions make_housekeeping_options(const config::Settings& file,
                                                   const config::Settings& now);
log::directory::FlushBounds flush_bounds_of(const config::Settings& settings);
// replica.alter.log.dirs.io.max.bytes.per.second
std::int64_t move_rate(const config::Settings& settings);

}  // namespace odradek::broker
