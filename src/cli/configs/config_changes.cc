// SPDX-License-Identifier: Apache-2.0
#include "cli/configs/config_changes.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/flag_checks.h"
#include "config/properties.h"
#include "config/value.h"

namespace odradek::cli {
namespace {

// Splits at each `separator` that no bracket encloses: one that a closing bracket follows sooner
// than an opening one.
std::vector<std::string_view> split_outside_brackets(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != separator) continue;
    const auto bracket = text.find_first_of("[]", i + 1);
    if (bracket != std::string_view::npos && text[bracket] == ']') continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

base::Result<> check_key(std::string_view key) {
  const bool is_valid = std::ranges::all_of(key, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("$._-").find(c) != std::string_view::npos;
  });
  if (is_valid) return {};
  return misuse(fmt::format("Invalid character found for config key: {}", key));
}

}  // namespace

base::Result<std::map<std::string, std::string>> parse_added_configs(std::string_view text) {
  auto pairs = split_outside_brackets(text, ',');
  while (pairs.size() > 1 && pairs.back().empty()) pairs.pop_back();
  std::map<std::string, std::string> added;
  for (const std::string_view pair : pairs) {
    const auto parts = split_outside_brackets(pair, '=');
    if (parts.size() != 2) {
      return misuse(
          "requirement failed: Invalid entity config: all configs to be added must be in the "
          "format \"key=val\" or  \"key=[val1,val2]\" to group values which contain commas.");
    }
    std::string value(parts[1]);
    std::erase_if(value, [](char c) { return c == '[' || c == ']'; });
    added[std::string(config::trim(parts[0]))] = config::trim(value);
  }
  return added;
}

base::Result<ConfigChanges> config_changes_of(const Flags& flags, env::Disk& disk) {
  ConfigChanges changes;
  if (const auto path = flags.value("add-config-file")) {
    auto text = disk.read_file(*path);
    if (!text) return base::fail(std::move(text));
    auto properties = config::parse_properties(*text);
    if (!properties) {
      return base::fail(properties.error().code,
                        fmt::format("{}: {}", *path, properties.error().message));
    }
    for (auto& property : *properties) changes.added[property.key] = std::move(property.value);
  }
  if (const auto text = flags.value("add-config")) {
    auto added = parse_added_configs(*text);
    if (!added) return base::fail(std::move(added));
    changes.added.merge(*added);
  }
  for (const auto& [key, value] : changes.added) {
    if (auto ok = check_key(key); !ok) return base::fail(std::move(ok));
  }
  for (const std::string& list : flags.values("delete-config")) {
    for (const std::string_view name : split_outside_brackets(list, ',')) {
      changes.deleted.emplace_back(config::trim(name));
    }
  }
  return changes;
}

}  // namespace odradek::cli
