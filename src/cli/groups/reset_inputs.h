// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/groups/group_client.h"

// What people write for --reset-offsets. Each error is an INVALID_REQUEST.
namespace odradek::cli {

// "2026-11-21T10:30:00.000", with "Z", "+01", "+0100" or "+01:00" or as UTC, in milliseconds since
// 1970. Seconds may lack their fraction.
[[nodiscard]] base::Result<std::int64_t> parse_datetime(std::string_view text);

// ISO 8601's "P1DT2H3M4.5S" in milliseconds; a minus may stand before it all or before a number.
[[nodiscard]] base::Result<std::int64_t> parse_duration_ms(std::string_view text);

// Lines of "topic,partition,offset", or of "group,topic,partition,offset", by group; the first form
// is for `only_group`, and wrong where that is empty.
[[nodiscard]] base::Result<std::map<std::string, OffsetPlan>> parse_reset_file(
    std::string_view text, const std::string& only_group);

}  // namespace odradek::cli
