// SPDX-License-Identifier: Apache-2.0
#include "cli/consumer/consume_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "cli/consumer/consume_records.h"
#include "cli/consumer/zookeeper_group.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/signals.h"
#include "cli/zookeeper/brokers.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::string_view kFormatHelp =
    "What to print, as key=value; may be repeated. print.timestamp, print.partition, "
    "print.offset, print.headers, print.key (false), print.value (true), key.separator (a tab), "
    "line.separator, headers.separator (,), null.literal (null), and key.deserializer, "
    "value.deserializer, headers.deserializer with the names of Kafka's own classes.";

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"zookeeper", kRequired, "host:port,...[/chroot]",
             "Find the servers in ZooKeeper, and keep the group and its offsets there, as Kafka's "
             "first consumer did."},
    FlagSpec{"delete-consumer-offsets", kNone, "",
             "With --zookeeper and --from-beginning: forget the offsets that the group has there."},
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"topic", kRequired, "topic", "The topic to read.", 't'},
    FlagSpec{"include", kRequired, "regex", "Read the topics that this expression matches."},
    FlagSpec{"whitelist", kRequired, "regex", "", '\0', false, "include"},
    FlagSpec{"partition", kRequired, "number",
             "Read only this partition, from its end unless --offset says otherwise.", 'p'},
    FlagSpec{"offset", kRequired, "number|earliest|latest", "Where in the partition to begin.",
             'o'},
    FlagSpec{
        "from-beginning", kNone, "",
        "Begin with the oldest record where the group has no offset yet; without it, with what "
        "comes from now on."},
    FlagSpec{"max-messages", kRequired, "number", "Stop after so many records.", 'n'},
    FlagSpec{"timeout-ms", kRequired, "ms", "Stop when no record comes for so long."},
    FlagSpec{"group", kRequired, "group", "Read as a member of this group.", 'g'},
    FlagSpec{"formatter", kRequired, "class",
             "What prints the records: the default one, NoOp, Offsets, GroupMetadata, "
             "TransactionLog or ShareGroup, each followed by MessageFormatter and preceded by "
             "org.apache.kafka.tools.consumer."},
    FlagSpec{"formatter-property", kRequired, "key=value", kFormatHelp, '\0', true},
    FlagSpec{"property", kRequired, "key=value", "", '\0', true},
    FlagSpec{"formatter-config", kRequired, "file",
             "A properties file with what --formatter-property sets."},
    FlagSpec{"key-deserializer", kRequired, "class", "key.deserializer of the format."},
    FlagSpec{"value-deserializer", kRequired, "class", "value.deserializer of the format."},
    FlagSpec{"isolation-level", kRequired, "read_committed|read_uncommitted",
             "read_committed leaves out records of transactions that are open or aborted."},
    FlagSpec{"skip-message-on-error", kNone, "",
             "Leave a record out that cannot be printed, and go on."},
    FlagSpec{"command-property", kRequired, "key=value",
             "A setting of the consumer; may be repeated.", '\0', true},
    FlagSpec{"consumer-property", kRequired, "key=value", "", '\0', true},
    FlagSpec{"command-config", kRequired, "file", "A properties file with consumer settings."},
    FlagSpec{"consumer.config", kRequired, "file", ""},
    FlagSpec{"enable-systest-events", kNone, "", ""},
    FlagSpec{"new-consumer", kNone, "", ""},
    FlagSpec{"old-consumer", kNone, "", ""},
    FlagSpec{"blacklist", kRequired, "regex", ""},
    FlagSpec{"csv-reporter-enabled", kNone, "", ""},
    FlagSpec{"metrics-dir", kRequired, "directory", ""},
};

constexpr std::string_view kExamples =
    "  odradek consume orders --from-beginning --max-messages 10\n"
    "  odradek consume orders --group billing --formatter-property print.key=true\n"
    "  odradek consume orders --output json | jq .value\n"
    "  odradek consume orders --zookeeper 127.0.0.1:2181/kafka --group billing\n"
    "  odradek consume orders --partition 0 --offset 42 --timeout-ms 1000\n"
    "  kafka-console-consumer --bootstrap-server 127.0.0.1:9092 --topic t --from-beginning\n";

constexpr std::array<std::array<std::string_view, 2>, 3> kOldFlags = {
    {{"consumer-property", "command-property"},
     {"consumer.config", "command-config"},
     {"property", "formatter-property"}}};

// What Kafka's first consumer had beside its group in ZooKeeper; it went away with Kafka 2.0.
base::Result<> refuse_removed(const Flags& flags) {
  for (const std::string_view flag :
       {"old-consumer", "blacklist", "csv-reporter-enabled", "metrics-dir"}) {
    if (!flags.has(flag)) continue;
    return misuse(fmt::format("--{} is of the consumer that Kafka removed in version 2.0", flag));
  }
  return {};
}

base::Result<> check_zookeeper(const Flags& flags) {
  if (!flags.has("zookeeper")) {
    if (!flags.has("delete-consumer-offsets")) return {};
    return misuse("--delete-consumer-offsets is about the offsets that --zookeeper keeps");
  }
  constexpr std::array<std::string_view, 3> kOthers = {"bootstrap-server", "partition", "offset"};
  return exclude(flags, "zookeeper", kOthers);
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = refuse_removed(flags); !ok) return ok;
  if (auto ok = check_zookeeper(flags); !ok) return ok;
  if (flags.has("topic") == flags.has("include")) {
    return misuse("Exactly one of the following arguments is required: [topic], [include]");
  }
  for (const std::string_view flag : {"partition", "max-messages"}) {
    if (auto number = flags.number(flag, INT32_MIN, INT32_MAX); !number) {
      return base::fail(number.error());
    }
  }
  if (auto number = flags.number("timeout-ms"); !number) return base::fail(number.error());
  if (flags.has("partition")) {
    if (!flags.has("topic")) return misuse("The topic is required when partition is specified.");
    if (flags.has("from-beginning") && flags.has("offset")) {
      return misuse("Options from-beginning and offset cannot be specified together.");
    }
  } else if (flags.has("offset")) {
    return misuse("The partition is required when offset is specified.");
  }
  if (!invocation.is_native && !flags.has("zookeeper")) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  for (const auto& [before, now] : kOldFlags) {
    if (flags.has(before) && flags.has(now)) {
      return misuse(
          fmt::format("Options --{} and --{} cannot be specified together.", before, now));
    }
  }
  return {};
}

base::Result<std::int64_t> parse_offset(const Flags& flags) {
  constexpr std::int64_t kBeginning = -2;
  constexpr std::int64_t kEnd = -1;
  if (!flags.has("offset")) return flags.has("from-beginning") ? kBeginning : kEnd;
  std::string text = flags.value_or("offset", "");
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (text == "earliest") return kBeginning;
  if (text == "latest") return kEnd;
  const auto number = flags.number("offset", 0);
  if (number && *number) return **number;
  return misuse(fmt::format(
      "The provided offset value '{}' is incorrect. Valid values are 'earliest', 'latest', or a "
      "non-negative long.",
      text));
}

base::Result<> load(const Flags& flags, std::initializer_list<std::string_view> names,
                    ClientConfig& config) {
  for (const std::string_view name : names) {
    const auto path = flags.value(name);
    if (!path) continue;
    env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
    auto loaded = load_client_config(world, *path);
    if (!loaded) return base::fail(std::move(loaded));
    config = *std::move(loaded);
  }
  return {};
}

// Where the group is named in several places they must agree.
base::Result<> set_group(const Flags& flags, const ClientConfig& file,
                         const ClientConfig& properties, ConsumeOptions& options) {
  std::set<std::string> groups;
  if (const auto group = flags.value("group")) groups.insert(*group);
  for (const ClientConfig* config : {&file, &properties}) {
    if (const auto found = config->find("group.id"); found != config->end()) {
      groups.insert(found->second);
    }
  }
  if (groups.size() > 1) {
    return misuse(fmt::format(
        "The group ids provided in different places (directly using '--group', via "
        "'--consumer-property', or via '--consumer.config') do not match. Detected group ids: "
        "'{}', '{}'",
        *groups.begin(), *groups.rbegin()));
  }
  if (!groups.empty() && flags.has("partition")) {
    return misuse("Options group and partition cannot be specified together.");
  }
  options.has_group = !groups.empty();
  // librdkafka wants a name even where no group is joined.
  options.consumer["group.id"] = groups.empty() ? "console-consumer" : *groups.begin();
  if (groups.empty()) options.consumer["enable.auto.commit"] = "false";
  return {};
}

base::Result<> set_consumer(const Flags& flags, ConsumeOptions& options) {
  ClientConfig file;
  if (auto ok = load(flags, {"consumer.config", "command-config"}, file); !ok) return ok;
  ClientConfig properties;
  add_properties(properties, flags.values("command-property"));
  add_properties(properties, flags.values("consumer-property"));
  ClientConfig& config = options.consumer;
  config = properties;
  config.insert(file.begin(), file.end());
  if (auto ok = set_group(flags, file, properties, options); !ok) return ok;
  const bool from_beginning = flags.has("from-beginning");
  const auto reset = config.find("auto.offset.reset");
  if (reset != config.end() && from_beginning && reset->second != "earliest") {
    return misuse(
        fmt::format("Can't simultaneously specify --from-beginning and "
                    "'auto.offset.reset={}', please remove one option",
                    reset->second));
  }
  config.try_emplace("auto.offset.reset", from_beginning ? "earliest" : "latest");
  config["bootstrap.servers"] = flags.value_or("bootstrap-server", "127.0.0.1:9092");
  config.try_emplace("client.id", "console-consumer");
  if (const auto level = flags.value("isolation-level")) config["isolation.level"] = *level;
  config.try_emplace("isolation.level", "read_uncommitted");
  return {};
}

base::Result<> set_format(const Flags& flags, bool is_json, ConsumeOptions& options) {
  ClientConfig properties;
  if (auto ok = load(flags, {"formatter-config"}, properties); !ok) return ok;
  for (const std::string_view part : {"key", "value"}) {
    if (const auto name = flags.value(fmt::format("{}-deserializer", part))) {
      properties[fmt::format("{}.deserializer", part)] = *name;
    }
  }
  add_properties(properties, flags.values("property"));
  add_properties(properties, flags.values("formatter-property"));
  if (is_json) {
    auto json = RecordFormat::make(properties);
    if (!json) return base::fail(std::move(json));
    json->use_json();
    options.format = [json = *std::move(json)](const ConsumedRecord& record, std::string& out) {
      return json.append(record, out);
    };
    return {};
  }
  auto format = make_formatter(flags.value_or("formatter", ""), properties);
  if (!format) return base::fail(std::move(format));
  options.format = *std::move(format);
  return {};
}

base::Result<ConsumeOptions> options_of(const Flags& flags, bool is_json) {
  ConsumeOptions options;
  options.topic = flags.value_or("topic", "");
  options.topics_pattern = flags.value_or("include", "");
  options.skips_errors = flags.has("skip-message-on-error");
  if (const auto partition = flags.number("partition").value_or(std::nullopt)) {
    options.partition = static_cast<std::int32_t>(*partition);
  }
  const auto max_records = flags.number("max-messages").value_or(std::nullopt);
  if (max_records && *max_records >= 0) options.max_records = *max_records;
  const auto timeout_ms = flags.number("timeout-ms").value_or(std::nullopt);
  if (timeout_ms && *timeout_ms >= 0) options.timeout_ms = *timeout_ms;
  auto offset = parse_offset(flags);
  if (!offset) return base::fail(std::move(offset));
  options.offset = *offset;
  if (auto ok = set_consumer(flags, options); !ok) return base::fail(std::move(ok));
  if (auto ok = set_format(flags, is_json, options); !ok) return base::fail(std::move(ok));
  return options;
}

// The configuration of Kafka's first consumer, as the one of today has it.
void modernize(ClientConfig& config) {
  std::erase_if(config, [](const auto& setting) {
    const std::string_view key = setting.first;
    return key.starts_with("zookeeper.") || key == "offsets.storage" ||
           key == "dual.commit.enabled" || key == "consumer.timeout.ms";
  });
  const auto reset = config.find("auto.offset.reset");
  if (reset == config.end()) return;
  if (reset->second == "smallest") reset->second = "earliest";
  if (reset->second == "largest") reset->second = "latest";
}

// The servers and the group, where ZooKeeper has them. An error is one of the cluster, not of the
// flags.
base::Result<> ask_zookeeper(const Flags& flags, ConsumeOptions& options) {
  const auto ensemble = flags.value("zookeeper");
  if (!ensemble) return {};
  ClientConfig& config = options.consumer;
  const auto protocol = config.find("security.protocol");
  auto servers =
      bootstrap_servers(flags, protocol == config.end() ? "PLAINTEXT" : protocol->second, "");
  if (!servers) return base::fail(std::move(servers));
  config["bootstrap.servers"] = *std::move(servers);
  modernize(config);
  options.zookeeper = *ensemble;
  const auto interval = config.find("auto.commit.interval.ms");
  if (interval != config.end()) {
    options.commit_interval_ms = std::strtoll(interval->second.c_str(), nullptr, 10);
  }
  // The client's own commits go to the group's coordinator.
  config["enable.auto.commit"] = "false";
  if (!options.has_group || !flags.has("from-beginning")) return {};
  const std::string& group = config.at("group.id");
  if (flags.has("delete-consumer-offsets")) return remove_zookeeper_group(*ensemble, group);
  auto has_offsets = has_zookeeper_offsets(*ensemble, group);
  if (!has_offsets) return base::fail(std::move(has_offsets));
  if (!*has_offsets) return {};
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("Found previous offset information for this group {}. Please use "
                                "--delete-consumer-offsets to delete previous offsets metadata",
                                group));
}

int run_consume(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  for (const auto& [before, now] : kOldFlags) {
    if (!invocation.is_native && flags.has(before)) {
      fmt::print(
          "Option --{} is deprecated and will be removed in a future version. Use --{} "
          "instead.\n",
          before, now);
    }
  }
  const bool is_json = invocation.is_native && invocation.output.form == OutputForm::kJson;
  auto options = options_of(flags, is_json);
  if (!options) return usage_error(invocation, options.error().message);
  std::uint64_t count = 0;
  auto done = ask_zookeeper(flags, *options);
  if (done) done = consume_records(*options, count);
  if (!done) fmt::print(stderr, "{}: {}\n", invocation.called_as, done.error().message);
  fmt::print(stderr, "Processed a total of {} messages\n", count);
  if (flags.has("enable-systest-events")) fmt::print("shutdown_complete\n");
  return exit_code_after_signal(done ? 0 : 1);
}

}  // namespace

Command consume_command() {
  return {.name = "consume",
          .script_name = "kafka-console-consumer",
          .summary = "Print the records of a topic.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_consume,
          .section = Section::kRecords,
          .prints_data = true};
}

}  // namespace odradek::cli
