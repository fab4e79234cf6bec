// SPDX-License-Identifier: Apache-2.0
#include "cli/argparse.h"

#include <fmt/core.h>

#include "cli/flag_checks.h"

namespace odradek::cli {

base::Result<> argparse_require(const Flags& flags, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (!flags.has(name)) return misuse(fmt::format("argument --{} is required", name));
  }
  return {};
}

base::Result<> argparse_exclusive(const Flags& flags, std::span<const std::string_view> names) {
  std::string_view first;
  for (const std::string_view name : names) {
    if (!flags.has(name)) continue;
    if (!first.empty()) {
      return misuse(fmt::format("argument --{}: not allowed with argument --{}", name, first));
    }
    first = name;
  }
  return {};
}

base::Result<std::optional<std::int64_t>> argparse_number(const Flags& flags, std::string_view name,
                                                          JavaInteger type) {
  const bool is_long = type == JavaInteger::kLong;
  auto number = is_long ? flags.number(name) : flags.number(name, INT32_MIN, INT32_MAX);
  if (number) return number;
  return not_convertible(name, flags.value_or(name, ""), is_long ? "Long" : "Integer");
}

std::unexpected<base::Error> not_convertible(std::string_view name, std::string_view value,
                                             std::string_view type) {
  return misuse(
      fmt::format("argument --{}: could not convert '{}' to {} (For input string: \"{}\")", name,
                  value, type, value));
}

}  // namespace odradek::cli
