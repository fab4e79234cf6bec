// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace odradek::cli {

// A time of day in milliseconds since 1970, to the minute and in local time: "2026-11-21T13:30".
std::string minute_text(std::int64_t time_ms);

}  // namespace odradek::cli
