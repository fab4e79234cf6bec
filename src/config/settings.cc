// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <algorithm>

#include "base/assert.h"
#include "config/check.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::config {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

}  // namespace

base::Result<Settings> Settings::parse(const std::string& file_name, std::string_view text,
                                       const std::vector<Property>& overrides) {
  Checked checked = check_configuration(file_name, text, overrides);
  if (checked.problems.empty()) return std::move(checked.settings);
  return base::fail(base::ErrorCode::kInvalidConfig, std::move(checked.problems.front()));
}

Settings Settings::overridden_by(const SettingValues& values) const {
  Settings settings = *this;
  for (const auto& [key, value] : values) {
    for (const std::string_view synonym : synonyms_of(key)) {
      if (const auto found = settings.given_.find(synonym); found != settings.given_.end()) {
        settings.given_.erase(found);
      }
    }
    settings.given_[key] = trim(value);
  }
  return settings;
}

bool Settings::is_set(std::string_view name) const { return given_.contains(name); }

std::optional<std::string> Settings::value(std::string_view name) const {
  if (const auto found = given_.find(name); found != given_.end()) return found->second;
  const Setting* setting = find_broker_setting(name);
  if (setting == nullptr) setting = find_dropped_setting(name);
  if (setting == nullptr || !setting->default_value) return std::nullopt;
  return std::string(*setting->default_value);
}

std::string Settings::text(std::string_view name) const {
  auto found = value(name);
  ODRADEK_ASSERT(found.has_value());
  return std::move(*found);
}

std::int64_t Settings::number(std::string_view name) const {
  const auto number = parse_whole(text(name));
  ODRADEK_ASSERT(number.has_value());
  return *number;
}

double Settings::ratio(std::string_view name) const {
  const auto number = parse_ratio(text(name));
  ODRADEK_ASSERT(number.has_value());
  return *number;
}

bool Settings::flag(std::string_view name) const {
  const std::string word = text(name);
  return !word.empty() && (word[0] == 't' || word[0] == 'T');
}

std::vector<std::string> Settings::list(std::string_view name) const {
  return split_list(value(name).value_or(""));
}

std::string Settings::given_or(std::string_view name, std::string_view otherwise) const {
  const auto found = given_.find(name);
  return found == given_.end() ? std::string(otherwise) : found->second;
}

std::vector<Listener> Settings::listeners() const {
  auto listeners = read_listeners(*this);
  ODRADEK_ASSERT(listeners.has_value());
  return std::move(*listeners);
}

std::vector<std::string> Settings::unknown_keys() const {
  std::vector<std::string> unknown;
  for (const auto& [key, value] : given_) {
    if (find_broker_setting(key) == nullptr) unknown.push_back(key);
  }
  return unknown;
}

std::vector<std::string> Settings::log_directories() const {
  auto several = list("log.dirs");
  return several.empty() ? list("log.dir") : several;
}

std::optional<std::int32_t> Settings::node_id() const {
  for (const std::string_view name : {"node.id", "broker.id"}) {
    if (is_set(name) && number(name) >= 0) return static_cast<std::int32_t>(number(name));
  }
  return std::nullopt;
}

std::int64_t Settings::log_retention_ms() const {
  if (value("log.retention.ms")) return std::max<std::int64_t>(number("log.retention.ms"), -1);
  const bool in_minutes = value("log.retention.minutes").has_value();
  const std::int64_t count = number(in_minutes ? "log.retention.minutes" : "log.retention.hours");
  return count < 0 ? -1 : count * (in_minutes ? kMinuteMs : kHourMs);
}

std::int64_t Settings::log_roll_ms() const {
  return value("log.roll.ms") ? number("log.roll.ms") : number("log.roll.hours") * kHourMs;
}

std::int64_t Settings::log_roll_jitter_ms() const {
  return value("log.roll.jitter.ms") ? number("log.roll.jitter.ms")
                                     : number("log.roll.jitter.hours") * kHourMs;
}

}  // namespace odradek::config
