// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

// The loggers of the server's own log, as Kafka's operators know them: by name, each with a level,
// changed while the server runs. Every area that logs has one, under its own name and under the
// name that Apache Kafka's part of the same task has; until it is given a level it has the root's.
// Levels are Kafka's: TRACE, DEBUG, INFO, WARN, ERROR, FATAL; nothing of this server is FATAL.
// Threads: any.
namespace odradek::base::log {

inline constexpr std::string_view kRootLogger = "root";

struct Logger {
  std::string_view name;
  std::string_view level;  // in force
};

// All of them, the root first.
std::vector<Logger> loggers();

bool is_logger(std::string_view name);
bool is_level_name(std::string_view level);

// REQUIRES: a logger and a level's name. At once: the next line is written or not.
void set_logger_level(std::string_view name, std::string_view level);
// Gives a logger the root's level again. REQUIRES: a logger other than the root.
void unset_logger_level(std::string_view name);

}  // namespace odradek::base::log
