// SPDX-License-Identifier: Apache-2.0
#include "cli/share/share_commands.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/argparse.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "wire/messages/share_group_heartbeat.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr env::Duration kTimeout = std::chrono::seconds(30);

constexpr std::array kConsumeFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"topic", kRequired, "topic", "The topic to read.", 't'},
    FlagSpec{"group", kRequired, "group", "The share group to read as a member of.", 'g'},
    FlagSpec{"max-messages", kRequired, "number", "Stop after so many records.", 'n'},
    FlagSpec{"timeout-ms", kRequired, "ms", "Stop when no record comes for so long."},
    FlagSpec{"reject", kNone, "", "Reject each record."},
    FlagSpec{"release", kNone, "", "Release each record."},
    FlagSpec{"reject-message-on-error", kNone, "", "Reject a record that cannot be printed."},
    FlagSpec{"formatter", kRequired, "class", "As `odradek consume` has it."},
    FlagSpec{"formatter-property", kRequired, "key=value", "As `odradek consume` has it.", '\0',
             true},
    FlagSpec{"property", kRequired, "key=value", "", '\0', true},
    FlagSpec{"formatter-config", kRequired, "file", "A properties file with these."},
    FlagSpec{"key-deserializer", kRequired, "class", "key.deserializer of the format."},
    FlagSpec{"value-deserializer", kRequired, "class", "value.deserializer of the format."},
    FlagSpec{"command-property", kRequired, "key=value",
             "A setting of the consumer; may be repeated.", '\0', true},
    FlagSpec{"consumer-property", kRequired, "key=value", "", '\0', true},
    FlagSpec{"command-config", kRequired, "file", "A properties file with consumer settings."},
    FlagSpec{"consumer-config", kRequired, "file", ""},
    FlagSpec{"enable-systest-events", kNone, "", ""},
};

constexpr std::array kPerfFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"topic", kRequired, "topic", "The topic to read.", 't'},
    FlagSpec{"num-records", kRequired, "number", "How many records to read.", 'n'},
    FlagSpec{"messages", kRequired, "number", ""},
    FlagSpec{"group", kRequired, "group", "The share group to read as a member of.", 'g'},
    FlagSpec{"threads", kRequired, "number", "How many consumers share the load (1)."},
    FlagSpec{"fetch-size", kRequired, "bytes", "At most so many bytes in one answer."},
    FlagSpec{"socket-buffer-size", kRequired, "bytes", "receive.buffer.bytes."},
    FlagSpec{"command-property", kRequired, "key=value",
             "A setting of the consumer; may be repeated.", '\0', true},
    FlagSpec{"command-config", kRequired, "file", "A properties file with consumer settings."},
    FlagSpec{"consumer.config", kRequired, "file", ""},
    FlagSpec{"print-metrics", kNone, "", "Print what the consumer counted, after the summary."},
    FlagSpec{"show-detailed-stats", kNone, "", "Print a line each interval."},
    FlagSpec{"show-consumer-stats", kNone, "", "Print a line for each consumer."},
    FlagSpec{"reporting-interval", kRequired, "ms", "How often to print a line (5000)."},
    FlagSpec{"timeout", kOptional, "ms", "The longest wait between two records (10000)."},
    FlagSpec{"date-format", kRequired, "pattern", "As `odradek perf consume` has it."},
    FlagSpec{"hide-header", kNone, "", "Leave the line of headings out."},
};

constexpr std::array kVerifiableFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"topic", kRequired, "topic", "The topic to read.", 't'},
    FlagSpec{"group-id", kRequired, "group", "The share group to read as a member of.", 'g'},
    FlagSpec{"max-messages", kRequired, "number", "Stop after so many records; -1 is never.", 'n'},
    FlagSpec{"verbose", kNone, "", "Tell of each record."},
    FlagSpec{"acknowledgement-mode", kRequired, "auto|sync|async", "How records are acknowledged."},
    FlagSpec{"offset-reset-strategy", kRequired, "earliest|latest", "Where the group begins."},
    FlagSpec{"command-config", kRequired, "file", "A properties file with consumer settings."},
};

// Joins the group as such a tool does first; what the server says to it is the result.
int join(const Invocation& invocation, const std::string& group) {
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return failure(invocation, admin.error().message);
  wire::ShareGroupHeartbeatRequest request;
  request.group_id = group;
  request.member_id = fmt::format("{:016x}", (*admin)->world().random().next());
  request.subscribed_topic_names = std::vector{invocation.flags.value_or("topic", "")};
  const auto answer = (*admin)->ask<wire::ShareGroupHeartbeatResponse>(std::move(request));
  const std::string reason =
      answer ? error_text(answer->error_code, answer->error_message) : answer.error().message;
  return failure(
      invocation,
      fmt::format("share group {}: the server does not offer share groups: {}", group, reason));
}

base::Result<> check_pairs(
    const Flags& flags,
    std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  for (const auto& [before, now] : pairs) {
    if (!flags.has(before) || !flags.has(now)) continue;
    return misuse(fmt::format("Options --{} and --{} cannot be specified together.", before, now));
  }
  return {};
}

base::Result<> check_consume(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (!flags.has("topic")) return misuse("--topic is a required argument");
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  for (const std::string_view flag : {"max-messages", "timeout-ms"}) {
    if (auto number = flags.number(flag); !number) return base::fail(std::move(number));
  }
  if (flags.has("reject") && flags.has("release")) {
    return misuse("At most one of --reject and --release may be specified.");
  }
  return check_pairs(flags, {{"consumer-property", "command-property"},
                             {"consumer-config", "command-config"},
                             {"property", "formatter-property"}});
}

int run_consume(const Invocation& invocation) {
  if (auto ok = check_consume(invocation); !ok) {
    return usage_error(invocation, ok.error().message);
  }
  if (!invocation.is_native) {
    for (const auto& [before, now] : {std::pair{"consumer-property", "command-property"},
                                      std::pair{"consumer-config", "command-config"},
                                      std::pair{"property", "formatter-property"}}) {
      if (!invocation.flags.has(before)) continue;
      fmt::print(
          "Option --{} is deprecated and will be removed in a future version. Use --{} instead.\n",
          before, now);
    }
  }
  return join(invocation, invocation.flags.value_or("group", "console-share-consumer"));
}

base::Result<> check_perf(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = require(flags, {"topic"}); !ok) return ok;
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  constexpr std::array<std::string_view, 2> kCounts = {"messages", "num-records"};
  if (count_given(flags, kCounts) != 1) {
    return misuse(
        fmt::format("Exactly one of the following arguments is required: {}", bracketed(kCounts)));
  }
  for (const std::string_view flag : {"messages", "num-records", "threads", "fetch-size",
                                      "socket-buffer-size", "reporting-interval", "timeout"}) {
    if (auto number = flags.number(flag); !number) return base::fail(std::move(number));
  }
  constexpr std::array<std::string_view, 1> kConfig = {"command-config"};
  return exclude(flags, "consumer.config", kConfig);
}

int run_perf(const Invocation& invocation) {
  if (auto ok = check_perf(invocation); !ok) return usage_error(invocation, ok.error().message);
  return join(invocation, invocation.flags.value_or("group", "perf-share-consumer"));
}

int run_verifiable(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  const auto max_messages = argparse_number(flags, "max-messages", JavaInteger::kInteger);
  if (!max_messages) return usage_error(invocation, max_messages.error().message);
  if (auto ok = argparse_require(flags, {"topic", "group-id"}); !ok) {
    return usage_error(invocation, ok.error().message);
  }
  if (!invocation.is_native) {
    if (auto ok = argparse_require(flags, {"bootstrap-server"}); !ok) {
      return usage_error(invocation, ok.error().message);
    }
  }
  return join(invocation, flags.value_or("group-id", ""));
}

}  // namespace

Command share_consume_command() {
  return {.name = "share-consume",
          .script_name = "kafka-console-share-consumer",
          .summary = "Print the records of a topic as a member of a share group.",
          .verbs = {},
          .subject = "topic",
          .flags = kConsumeFlags,
          .examples = "  odradek share-consume orders --group workers\n",
          .run = run_consume,
          .section = Section::kRecords};
}

Command share_consume_perf_command() {
  return {.name = "perf share",
          .script_name = "kafka-share-consumer-perf-test",
          .summary = "Read records as a share group, and print the throughput.",
          .verbs = {},
          .subject = "topic",
          .flags = kPerfFlags,
          .examples = "  odradek perf share t --num-records 1000000\n",
          .run = run_perf,
          .section = Section::kLoad};
}

Command verifiable_share_consumer_command() {
  return {
      .name = "verify share",
      .script_name = "kafka-verifiable-share-consumer",
      .summary = "Read as a member of a share group, and tell what is read, for test harnesses.",
      .verbs = {},
      .subject = "topic",
      .flags = kVerifiableFlags,
      .examples = "  odradek verify share t --group-id g\n",
      .run = run_verifiable,
      .section = Section::kLoad,
      .argparse_name = "verifiable-share-consumer"};
}

}  // namespace odradek::cli
