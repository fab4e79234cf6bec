// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/listeners.h"
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

  // What is given over the defaults. REQUIRES: checked (config/check.h), and normalized.
  explicit Settings(SettingValues given) : given_(std::move(given)) {}

  // The settings that the server would start with: check_configuration of config/check.h, and
  // INVALID_CONFIG with the first problem that it finds. Unknown keys are kept, listed by
  // `unknown_keys`.
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
  std::string given_or(std::string_view name, std::string_view otherwise) const;

  const SettingValues& given() const { return given_; }
  // Those that Kafka 4.4 does not know: the dropped ones too.
  std::vector<std::string> unknown_keys() const;

  // Settings that have several names or units, as Kafka ranks them.
  std::vector<Listener> listeners() const;           // never empty
  std::vector<std::string> log_directories() const;  // log.dirs, else log.dir
  std::optional<std::int32_t> node_id() const;  // node.id, else broker.id; nothing: not set, or -1
  std::int64_t log_retention_ms() const;        // ms, minutes, hours; -1: forever
  std::int64_t log_roll_ms() const;
  std::int64_t log_roll_jitter_ms() const;

 private:
  SettingValues given_;
};

}  // namespace odradek::config
