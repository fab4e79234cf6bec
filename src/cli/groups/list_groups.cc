// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "cli/flag_checks.h"
#include "cli/groups/group_results.h"
#include "cli/groups/print_groups.h"

namespace odradek::cli {
namespace {

constexpr std::array<std::string_view, 7> kStates = {
    "Dead",        "Stable",   "CompletingRebalance", "PreparingRebalance", "Empty",
    "Reconciling", "Assigning"};
constexpr std::array<std::string_view, 2> kTypes = {"Classic", "Consumer"};

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// The names of a comma-separated list as Kafka writes them.
base::Result<std::vector<std::string>> parse_list(std::string_view text, std::string_view what,
                                                  std::span<const std::string_view> valid) {
  std::vector<std::string> names;
  if (text.empty()) return names;
  for (const auto part : std::views::split(text, ',')) {
    const std::string word = lower(std::string_view(part.begin(), part.end()));
    const auto found =
        std::ranges::find_if(valid, [&](std::string_view name) { return lower(name) == word; });
    if (found == valid.end()) {
      std::string all;
      for (const std::string_view name : valid) {
        if (!all.empty()) all += ", ";
        all += name;
      }
      return misuse(fmt::format("Invalid {} list '{}'. Valid {} are: {}", what, text,
                                what == "state" ? "states" : "types", all));
    }
    names.emplace_back(*found);
  }
  return names;
}

}  // namespace

base::Result<> print_group_list(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  const bool shows_type = flags.has("type");
  const bool shows_state = flags.has("state");
  auto states = parse_list(flags.value_or("state", ""), "state", kStates);
  if (!states) return base::fail(std::move(states));
  auto types = parse_list(flags.value_or("type", ""), "types", kTypes);
  if (!types) return base::fail(std::move(types));
  auto groups = list_groups(admin, *states, *types);
  if (!groups) return base::fail(std::move(groups));
  if (invocation.is_native) {
    Output(invocation.output).print(group_table(*groups, shows_type, shows_state));
    return {};
  }
  if (!shows_type && !shows_state) {
    for (const GroupListing& group : *groups) fmt::print("{}\n", group.id);
    return {};
  }
  std::size_t width = 15;
  for (const GroupListing& group : *groups) width = std::max(width, group.id.size());
  const auto print = [&](std::string_view id, std::string_view type, std::string_view state) {
    fmt::print("{:<{}}", id, width + 10);
    if (shows_type) fmt::print(" {:<20}", type);
    if (shows_state) fmt::print(" {:<20}", state);
    fmt::print("\n");
  };
  print("GROUP", "TYPE", "STATE");
  for (const GroupListing& group : *groups) print(group.id, group.type, group.state);
  return {};
}

}  // namespace odradek::cli
