// SPDX-License-Identifier: Apache-2.0
#include "cli/group_types/typed_groups.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/group_types/group_listing.h"
#include "cli/groups/group_checks.h"
#include "cli/help.h"
#include "wire/messages/delete_groups.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

base::Result<std::vector<std::string>> states_of(const Flags& flags, const GroupKind& kind) {
  std::vector<std::string> states;
  std::string_view list = flags.value_or("state", "");
  const std::string text(list);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    const auto is_same = [&](std::string_view state) {
      return std::ranges::equal(
          one, state, [](char left, char right) { return (left | 0x20) == (right | 0x20); });
    };
    const auto found = std::ranges::find_if(kind.states, is_same);
    if (found == kind.states.end()) {
      std::string all;
      for (const std::string_view state : kind.states) {
        all += (all.empty() ? "" : ", ") + std::string(state);
      }
      return misuse(fmt::format("Invalid state list '{}'. Valid states are: {}", text, all));
    }
    states.emplace_back(*found);
  }
  return states;
}

base::Result<std::vector<AnyGroup>> list_of(Admin& admin, const GroupKind& kind,
                                            const std::vector<std::string>& states = {}) {
  auto groups = list_any_groups(admin, {std::string(kind.name)}, states);
  // A server too old to filter gives all of them.
  if (groups) std::erase_if(*groups, [&](const auto& group) { return group.type != kind.type; });
  return groups;
}

base::Result<> print_list(const Invocation& invocation, Admin& admin, const GroupKind& kind) {
  const auto states = states_of(invocation.flags, kind);
  if (!states) return base::fail(states.error());
  const auto groups = list_of(admin, kind, *states);
  if (!groups) return base::fail(groups.error());
  if (invocation.is_native) {
    Table table{.columns = {{"group"}, {"state", true}},
                .rows = {},
                .when_empty = "There are no such groups."};
    for (const AnyGroup& group : *groups) table.rows.push_back({{group.id}, {group.state}});
    Output(invocation.output).print(table);
    return {};
  }
  if (!invocation.flags.has("state")) {
    for (const AnyGroup& group : *groups) fmt::print("{}\n", group.id);
    return {};
  }
  std::size_t width = 15;
  for (const AnyGroup& group : *groups) width = std::max(width, group.id.size());
  fmt::print("{:<{}} {}\n", "GROUP", width, "STATE");
  for (const AnyGroup& group : *groups) fmt::print("{:<{}} {}\n", group.id, width, group.state);
  return {};
}

// The groups that were asked for, and all of the kind by id.
struct Chosen {
  std::vector<std::string> ids;
  std::map<std::string, AnyGroup> known;
};

base::Result<Chosen> choose(const Flags& flags, Admin& admin, const GroupKind& kind) {
  const auto groups = list_of(admin, kind);
  if (!groups) return base::fail(groups.error());
  Chosen chosen;
  for (const AnyGroup& group : *groups) chosen.known[group.id] = group;
  if (flags.has("all-groups")) {
    for (const AnyGroup& group : *groups) chosen.ids.push_back(group.id);
  } else {
    chosen.ids = flags.values("group");
  }
  return chosen;
}

base::Result<> require_known(const Chosen& chosen, const Invocation& invocation,
                             const GroupKind& kind, std::string_view action) {
  for (const std::string& id : chosen.ids) {
    if (!chosen.known.contains(id)) {
      const std::string prefix =
          invocation.is_native ? std::string() : java_exception(ErrorCode::kGroupIdNotFound) + ": ";
      return base::fail(ErrorCode::kGroupIdNotFound,
                        fmt::format("{}Group {} not found.", prefix, id));
    }
  }
  if (chosen.ids.empty()) {
    if (invocation.is_native) {
      Output(invocation.output)
          .print(
              Table{.columns = {{"group"}}, .rows = {}, .when_empty = "There are no such groups."});
    }
    return {};
  }
  return base::fail(ErrorCode::kUnsupportedVersion,
                    fmt::format("{} {} groups is not there yet", action, kind.name));
}

// Says what was deleted; returns whether all of it was.
bool print_deletion(const Invocation& invocation, const GroupKind& kind,
                    const std::vector<std::string>& deleted,
                    const std::vector<std::pair<std::string, std::string>>& failed) {
  if (invocation.is_native) {
    Table table{.columns = {{"group"}, {"result"}}, .rows = {}};
    for (const std::string& id : deleted) table.rows.push_back({{id}, {"deleted"}});
    for (const auto& [id, reason] : failed) table.rows.push_back({{id}, {reason, Tone::kBad}});
    Output(invocation.output).print(table);
    return failed.empty();
  }
  std::string names;
  for (const std::string& id : deleted)
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", id);
  if (failed.empty()) {
    fmt::print("Deletion of requested {} groups ({}) was successful.\n", kind.name, names);
    return true;
  }
  fmt::print("\nError: Deletion of some {} groups failed:\n", kind.name);
  for (const auto& [id, reason] : failed) {
    fmt::print("* Group '{}' could not be deleted due to: {}\n", id, reason);
  }
  if (!names.empty()) {
    fmt::print("\nThese {} groups were deleted successfully: {}\n", kind.name, names);
  }
  return false;
}

// Empty: it was deleted.
base::Result<std::string> delete_one(Admin& admin, const std::string& id) {
  const auto coordinator = admin.coordinator_of(id);
  if (!coordinator) return base::fail(coordinator.error());
  wire::DeleteGroupsRequest request;
  request.groups_names = {id};
  auto answer = admin.ask<wire::DeleteGroupsResponse>(*coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->results) {
    if (result.error_code == ErrorCode::kNone) continue;
    return fmt::format("{}: {}", java_exception(result.error_code),
                       error_text(result.error_code, result.error_message));
  }
  return std::string();
}

base::Result<> delete_groups(const Invocation& invocation, Admin& admin, const GroupKind& kind) {
  const auto chosen = choose(invocation.flags, admin, kind);
  if (!chosen) return base::fail(chosen.error());
  std::vector<std::string> deleted;
  std::vector<std::pair<std::string, std::string>> failed;
  const std::set<std::string> ids(chosen->ids.begin(), chosen->ids.end());
  for (const std::string& id : ids) {
    const auto known = chosen->known.find(id);
    if (known == chosen->known.end()) {
      failed.emplace_back(
          id, fmt::format("java.lang.IllegalArgumentException: Group '{}' {}", id, kind.not_one));
    } else if (known->second.state != "Empty") {
      failed.emplace_back(id,
                          fmt::format("{}: {} group '{}' is not EMPTY.",
                                      java_exception(ErrorCode::kNonEmptyGroup), kind.type, id));
    } else {
      const auto reason = delete_one(admin, id);
      if (!reason) return base::fail(reason.error());
      if (reason->empty()) {
        deleted.push_back(id);
      } else {
        failed.emplace_back(id, *reason);
      }
    }
  }
  const bool is_done = print_deletion(invocation, kind, deleted, failed);
  if (is_done || !invocation.is_native) return {};
  return base::fail(ErrorCode::kNone, "");
}

base::Result<> act(const Invocation& invocation, Admin& admin, const GroupKind& kind) {
  const Flags& flags = invocation.flags;
  if (flags.has("list")) return print_list(invocation, admin, kind);
  if (flags.has("delete")) return delete_groups(invocation, admin, kind);
  const auto chosen = choose(flags, admin, kind);
  if (!chosen) return base::fail(chosen.error());
  return require_known(*chosen, invocation, kind,
                       flags.has("describe") ? "Describing" : "Changing offsets of");
}

}  // namespace

base::Result<> check_typed_groups(const Flags& flags) {
  for (const std::string_view flag : {"members", "offsets", "state", "verbose"}) {
    const bool goes = flags.has("describe") || (flag == "state" && flags.has("list"));
    if (flags.has(flag) && !goes) {
      return misuse(fmt::format(
          "Option(s) [{}] are unavailable given other options on the command line", flag));
    }
  }
  return {};
}

base::Result<> check_typed_description(const Flags& flags) {
  if (flags.has("describe") && !flags.has("group") && !flags.has("all-groups")) {
    return misuse("Option [describe] takes one of these options: [all-groups], [group]");
  }
  return check_described_once(flags);
}

int run_typed_groups(const Invocation& invocation, const GroupKind& kind) {
  const auto timeout_ms = invocation.flags.number("timeout", 1, INT32_MAX);
  if (!timeout_ms) return usage_error(invocation, timeout_ms.error().message);
  auto admin = Admin::connect(invocation, std::chrono::milliseconds(timeout_ms->value_or(30'000)),
                              "listGroups");
  const auto done = admin ? act(invocation, **admin, kind) : base::fail(std::move(admin));
  if (done) return 0;
  const base::Error& error = done.error();
  if (error.code == ErrorCode::kInvalidRequest) return usage_error(invocation, error.message);
  if (invocation.is_native) return error.message.empty() ? 1 : failure(invocation, error.message);
  fmt::print("\nError: Executing {} group command failed due to {}\n", kind.name, error.message);
  return kind.failure_exit_code;
}

}  // namespace odradek::cli
