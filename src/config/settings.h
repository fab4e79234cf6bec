// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/properties.h"

namespace odradek::config {

using SettingValues = std::map<std::string, std::string, std::less<>>;

// The broker's configuration: what a file and the command line say over the table's defaults, every
// value checked. Immutable. The typed getters REQUIRE a key of the table and of that type, with a
// value.
class Settings {
 public:
  // The defaults.
  Settings() = default;

  // `file_name` is for messages; later properties win over earlier ones, `overrides` (--set
  // key=value) over the file. INVALID_CONFIG names file, line, key and value. Unknown keys are
  // kept, listed by `unknown_keys`.
  [[nodiscard]] static base::Result<Settings> parse(const std::string& file_name,
                                                    std::string_view text,
                                                    const std::vector<Property>& overrides);

  // These settings with `values` over them, which were checked (config/dynamic.h). A key takes the
  // place of its synonyms too: log.roll.hours given later wins over an earlier log.roll.ms.
  Settings overridden_by(const SettingValues& values) const;

  // Given explicitly (under this name).
  bool is_set(std::string_view name) const;
  // The value given, else the default; nothing where there is neither.
  std::optional<std::string> value(std::string_view name) const;

  std::string text(std::string_view name) const;
  std::int64_t number(std::string_view name) const;
  double ratio(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;

  const SettingValues& given() const { return given_; }
  std::vector<std::string> unknown_keys() const;

  // Settings that have several names or units, as Kafka ranks them.
  std::vector<std::string> log_directories() const;  // log.dirs, else log.dir
  std::optional<std::int32_t> node_id() const;  // node.id, else broker.id; nothing: not set, or -1
  std::int64_t log_retention_ms() const;        // ms, minutes, hours; -1: forever
  std::int64_t log_roll_ms() const;
  std::int64_t log_roll_jitter_ms() const;

 private:
  SettingValues given_;
};

}  // namespace odradek::config
