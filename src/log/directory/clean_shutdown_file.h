// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace odradek::log::directory {

// The mark that a directory was closed cleanly: its being there is the mark, its content is
// {"version":0,"brokerEpoch":N}. Kafka before 3.7 left it empty.
inline constexpr std::string_view kCleanShutdownFile = ".kafka_cleanshutdown";

std::string format_clean_shutdown(std::int64_t broker_epoch);
// -1 where the content tells none.
std::int64_t parse_clean_shutdown_epoch(std::string_view text);

}  // namespace odradek::log::directory
