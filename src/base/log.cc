// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/assert.h"
#include "base/loggers.h"

namespace odradek::base::log {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("odradek",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%d %H:%M:%S.%e %L %v");
    made->set_level(spdlog::level::trace);  // what is written is decided before
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

std::string escape_controls(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else {
      escaped += character;
    }
  }
  return escaped;
}

// Kafka's six names; nothing is written at FATAL.
struct LevelName {
  std::string_view name;
  Level level;
};
constexpr LevelName kLevels[] = {
    {"TRACE", Level::kTrace}, {"DEBUG", Level::kDebug}, {"INFO", Level::kInfo},
    {"WARN", Level::kWarn},   {"ERROR", Level::kError}, {"FATAL", Level::kOff},
};

struct Area {
  std::string_view name;
  std::string_view kafkas_name;
};
constexpr Area kAreas[] = {
    {"broker", "kafka.server"},
    {"config", "kafka.server.config"},
    {"controller", "kafka.controller"},
    {"env", "kafka.utils"},
    {"groups", "kafka.coordinator.group"},
    {"log", "kafka.log"},
    {"net", "kafka.network"},
    {"replica", "kafka.cluster"},
    {"zookeeper", "kafka.zookeeper"},
};

constexpr auto kInherited = static_cast<Level>(0xff);

// One for the root and one for each area.
struct Thresholds {
  Thresholds() {
    std::ranges::for_each(areas, [](auto& area) { area = kInherited; });
  }

  Level of(std::size_t area) const {
    const Level own = areas[area];
    return own == kInherited ? root.load() : own;
  }
  // No line below this one can be written by anyone. Called with `change` held.
  void find_lowest() {
    Level found = root;
    for (std::size_t i = 0; i < areas.size(); ++i) found = std::min(found, of(i));
    lowest = found;
  }

  std::mutex change;  // held by who sets a level, so that `lowest` is of all of them
  std::atomic<Level> root = Level::kInfo;
  std::array<std::atomic<Level>, std::size(kAreas)> areas;
  std::atomic<Level> lowest = Level::kInfo;
};

Thresholds& thresholds() {
  static Thresholds instance;
  return instance;
}

std::optional<std::size_t> find_area(std::string_view name) {
  const auto found = std::ranges::find_if(
      kAreas, [name](const Area& area) { return area.name == name || area.kafkas_name == name; });
  if (found == std::end(kAreas)) return std::nullopt;
  return static_cast<std::size_t>(found - std::begin(kAreas));
}

Level level_named(std::string_view name) {
  const auto found = std::ranges::find(kLevels, name, &LevelName::name);
  ODRADEK_ASSERT(found != std::end(kLevels));
  return found->level;
}

std::string_view name_of(Level level) {
  return std::ranges::find(kLevels, level, &LevelName::level)->name;
}

bool is_written(Level level, std::string_view area) {
  const auto found = find_area(area);
  return level >= (found ? thresholds().of(*found) : thresholds().root.load());
}

}  // namespace

void set_level(Level level) {
  const std::lock_guard lock(thresholds().change);
  thresholds().root = level;
  thresholds().find_lowest();
}

bool enabled(Level level) { return level >= thresholds().lowest.load(); }

void write(Level level, std::string_view area, std::string_view text) {
  if (!is_written(level, area)) return;
  logger().log(to_spdlog(level), "{}: {}", area, escape_controls(text));
}

std::vector<Logger> loggers() {
  std::vector<Logger> all = {{kRootLogger, name_of(thresholds().root)}};
  for (std::size_t i = 0; i < std::size(kAreas); ++i) {
    const std::string_view level = name_of(thresholds().of(i));
    all.push_back({kAreas[i].name, level});
    all.push_back({kAreas[i].kafkas_name, level});
  }
  return all;
}

bool is_logger(std::string_view name) { return name == kRootLogger || find_area(name); }

bool is_level_name(std::string_view level) {
  return std::ranges::find(kLevels, level, &LevelName::name) != std::end(kLevels);
}

void set_logger_level(std::string_view name, std::string_view level) {
  if (name == kRootLogger) {
    set_level(level_named(level));
    return;
  }
  const auto area = find_area(name);
  ODRADEK_ASSERT(area.has_value());
  const std::lock_guard lock(thresholds().change);
  thresholds().areas[*area] = level_named(level);
  thresholds().find_lowest();
}

void unset_logger_level(std::string_view name) {
  const auto area = find_area(name);
  ODRADEK_ASSERT(area.has_value());
  const std::lock_guard lock(thresholds().change);
  thresholds().areas[*area] = kInherited;
  thresholds().find_lowest();
}

}  // namespace odradek::base::log
