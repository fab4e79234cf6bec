// SPDX-License-Identifier: Apache-2.0
#include "cli/flag_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "cli/client_config.h"

namespace odradek::cli {

std::unexpected<base::Error> misuse(std::string message) {
  return base::fail(base::ErrorCode::kInvalidRequest, std::move(message));
}

base::Result<> require(const Flags& flags, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (!flags.has(name)) return misuse(fmt::format("Missing required argument \"[{}]\"", name));
  }
  return {};
}

base::Result<> exclude(const Flags& flags, std::string_view name,
                       std::span<const std::string_view> others) {
  if (!flags.has(name)) return {};
  for (const std::string_view other : others) {
    if (other != name && flags.has(other)) {
      return misuse(fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", name, other));
    }
  }
  return {};
}

base::Result<> check_servers(const Flags& flags, std::string_view name) {
  const auto servers = flags.value(name);
  if (!servers || parse_servers(*servers)) return {};
  return misuse("Please provide valid host:port like host1:9091,host2:9092");
}

int count_given(const Flags& flags, std::span<const std::string_view> names) {
  return static_cast<int>(
      std::ranges::count_if(names, [&](std::string_view name) { return flags.has(name); }));
}

std::string bracketed(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ", ";
    out += fmt::format("[{}]", name);
  }
  return out;
}

}  // namespace odradek::cli
