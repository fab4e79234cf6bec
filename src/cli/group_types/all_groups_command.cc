// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/group_types/group_listing.h"
#include "cli/group_types/group_types_commands.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the groups."},
    FlagSpec{"group-type", kRequired, "type",
             "Only groups of this type: classic, consumer, share or streams."},
    FlagSpec{"protocol", kRequired, "protocol", "Only groups of this protocol."},
    FlagSpec{"consumer", kNone, "", "Only groups of consumers, of either protocol."},
    FlagSpec{"share", kNone, "", "Only share groups."},
    FlagSpec{"streams", kNone, "", "Only streams groups."},
};
constexpr std::array<std::string_view, 1> kVerbs = {"list"};
constexpr std::array<std::string_view, 4> kTypes = {"Classic", "Consumer", "Share", "Streams"};
constexpr std::string_view kExamples =
    "  odradek all-groups\n"
    "  odradek all-groups --group-type classic --protocol connect\n"
    "  kafka-groups --bootstrap-server 127.0.0.1:9092 --list\n";

std::string capitalized(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (!text.empty() && text[0] >= 'a') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (!invocation.is_native) {
    if (!flags.has("bootstrap-server")) {
      return misuse("Missing required option(s) [bootstrap-server]");
    }
    if (!flags.has("list")) return misuse("Command must include exactly one action: --list.");
  }
  if (const auto type = flags.value("group-type")) {
    if (std::ranges::count(kTypes, capitalized(*type)) == 0) {
      return base::fail(base::ErrorCode::kInvalidConfig,
                        "--group-type must be a valid group type.");
    }
  }
  // In the order in which Kafka's tool looks.
  constexpr std::array<std::string_view, 4> kNotConsumer = {"group-type", "protocol", "share",
                                                            "streams"};
  constexpr std::array<std::string_view, 4> kNotShare = {"consumer", "group-type", "protocol",
                                                         "streams"};
  constexpr std::array<std::string_view, 4> kNotStreams = {"consumer", "group-type", "protocol",
                                                           "share"};
  if (auto ok = exclude(flags, "consumer", kNotConsumer); !ok) return ok;
  if (auto ok = exclude(flags, "share", kNotShare); !ok) return ok;
  return exclude(flags, "streams", kNotStreams);
}

bool is_selected(const Flags& flags, const AnyGroup& group) {
  const auto type = flags.value("group-type");
  const auto protocol = flags.value("protocol");
  if (type && group.type != capitalized(*type)) return false;
  if (protocol && group.protocol != *protocol) return false;
  if (flags.has("consumer")) {
    return group.protocol == "consumer" || group.protocol.empty() || group.type == "Consumer";
  }
  if (flags.has("share")) return group.type == "Share";
  return !flags.has("streams") || group.type == "Streams";
}

void print_as_kafka(const std::vector<AnyGroup>& groups) {
  std::size_t width = 20;
  for (const AnyGroup& group : groups) {
    width = std::max({width, group.id.size(), group.type.size(), group.protocol.size()});
  }
  fmt::print("{:<{}} {:<{}} {:<{}}\n", "GROUP", width, "TYPE", width, "PROTOCOL", width);
  for (const AnyGroup& group : groups) {
    fmt::print("{:<{}} {:<{}} {:<{}} \n", group.id, width, group.type, width, group.protocol,
               width);
  }
}

base::Result<> print_groups(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(30);
  auto admin = Admin::connect(invocation, kTimeout, "listGroups");
  if (!admin) return base::fail(std::move(admin));
  auto groups = list_any_groups(**admin);
  if (!groups) return base::fail(std::move(groups));
  std::erase_if(*groups,
                [&](const AnyGroup& group) { return !is_selected(invocation.flags, group); });
  if (!invocation.is_native) {
    print_as_kafka(*groups);
    return {};
  }
  Table table{.columns = {{"group"}, {"type"}, {"protocol"}, {"state", true}},
              .rows = {},
              .when_empty = "There are no groups."};
  for (const AnyGroup& group : *groups) {
    table.rows.push_back({{group.id}, {group.type}, {group.protocol}, {group.state}});
  }
  Output(invocation.output).print(table);
  return {};
}

int run_all_groups(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) {
    if (ok.error().code == base::ErrorCode::kInvalidRequest || invocation.is_native) {
      return usage_error(invocation, ok.error().message);
    }
    fmt::print(stderr, "java.lang.IllegalArgumentException: {}\n", ok.error().message);
    return 1;
  }
  const auto printed = print_groups(invocation);
  if (printed) return 0;
  if (invocation.is_native) return failure(invocation, printed.error().message);
  fmt::print("Error while executing groups command : {}\n", printed.error().message);
  return 1;
}

}  // namespace

Command all_groups_command() {
  return {.name = "all-groups",
          .script_name = "kafka-groups",
          .summary = "List groups of every type.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_all_groups,
          .section = Section::kGroups,
          .prints_data = true};
}

}  // namespace odradek::cli
