// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string_view>
#include <utility>

// The server's own log (not a partition's): one line an event, to standard error unless told
// otherwise. Control characters of what is logged are escaped. Callable from any thread. Area names
// the room or the subject.
namespace odradek::base::log {

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view area, std::string_view text);

template <typename... Args>
void info(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kInfo))
    write(Level::kInfo, area, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kWarn))
    write(Level::kWarn, area, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kError)) {
    write(Level::kError, area, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void debug(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kDebug)) {
    write(Level::kDebug, area, fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace odradek::base::log
