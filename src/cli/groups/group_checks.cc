// SPDX-License-Identifier: Apache-2.0
#include "cli/groups/group_checks.h"

#include <fmt/core.h>

#include <array>

#include "cli/flag_checks.h"

namespace odradek::cli {

base::Result<> check_described_once(const Flags& flags) {
  constexpr std::array<std::string_view, 3> kKinds = {"members", "offsets", "state"};
  if (!flags.has("describe")) return {};
  if (count_given(flags, kKinds) > 1) {
    return misuse(
        fmt::format("Option [describe] takes at most one of these options: {}", bracketed(kKinds)));
  }
  if (flags.value("state")) return misuse("Option [describe] does not take a value for [state]");
  return {};
}

base::Result<> check_reset_is_one(const Flags& flags) {
  if (!flags.has("reset-offsets") || !flags.has("dry-run") || !flags.has("execute")) return {};
  return misuse("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
}

base::Result<> check_reset_is_said(const Flags& flags) {
  if (auto one = check_reset_is_one(flags); !one) return one;
  if (!flags.has("reset-offsets") || flags.has("dry-run") || flags.has("execute")) return {};
  return misuse("Option [reset-offsets] takes the option: [execute] or [dry-run]");
}

}  // namespace odradek::cli
