// SPDX-License-Identifier: Apache-2.0
#include "cli/producer/produce_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/producer/produce_lines.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::string_view kReaderHelp =
    "How lines become records, as key=value; may be repeated. parse.key, parse.headers, "
    "ignore.error (false), key.separator and headers.delimiter (a tab), headers.separator (,), "
    "headers.key.separator (:), null.marker (the text that stands for null).";

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"topic", kRequired, "topic", "The topic to write to.", 't'},
    FlagSpec{"reader-property", kRequired, "key=value", kReaderHelp, '\0', true},
    FlagSpec{"property", kRequired, "key=value", "", '\0', true},
    FlagSpec{"reader-config", kRequired, "file",
             "A properties file with what --reader-property sets."},
    FlagSpec{"line-reader", kRequired, "class", ""},
    FlagSpec{"command-property", kRequired, "key=value",
             "A setting of the producer; may be repeated.", '\0', true},
    FlagSpec{"producer-property", kRequired, "key=value", "", '\0', true},
    FlagSpec{"command-config", kRequired, "file", "A properties file with producer settings."},
    FlagSpec{"producer.config", kRequired, "file", ""},
    FlagSpec{"compression-codec", kOptional, "none|gzip|snappy|lz4|zstd",
             "Compress the records; gzip where no codec is named.", 'z'},
    FlagSpec{"sync", kNone, "", "Wait for each record's acknowledgement before the next line."},
    FlagSpec{"request-required-acks", kRequired, "0|1|all", "acks (-1, which is all)."},
    FlagSpec{"timeout", kRequired, "ms", "linger.ms, how long a batch waits for more (1000)."},
    FlagSpec{"batch-size", kRequired, "bytes", "batch.size (16384)."},
    FlagSpec{"max-partition-memory-bytes", kRequired, "bytes", ""},
    FlagSpec{"message-send-max-retries", kRequired, "number", "retries (3)."},
    FlagSpec{"retry-backoff-ms", kRequired, "ms", "retry.backoff.ms (100)."},
    FlagSpec{"request-timeout-ms", kRequired, "ms", "request.timeout.ms (1500)."},
    FlagSpec{"metadata-expiry-ms", kRequired, "ms", "metadata.max.age.ms (300000)."},
    FlagSpec{"max-block-ms", kRequired, "ms", "How long to wait for the topic's metadata (60000)."},
    FlagSpec{"max-memory-bytes", kRequired, "bytes", "buffer.memory (33554432)."},
    FlagSpec{"socket-buffer-size", kRequired, "bytes", "send.buffer.bytes (102400)."},
    // Of the producer before Kafka 1: they change nothing, and scripts still have them.
    FlagSpec{"key-serializer", kRequired, "class", ""},
    FlagSpec{"value-serializer", kRequired, "class", ""},
    FlagSpec{"queue-size", kRequired, "number", ""},
    FlagSpec{"queue-enqueuetimeout-ms", kRequired, "ms", ""},
    FlagSpec{"new-producer", kNone, "", ""},
    FlagSpec{"old-producer", kNone, "", ""},
    FlagSpec{"zookeeper", kRequired, "host:port,...", ""},
};

constexpr std::string_view kExamples =
    "  echo hello | odradek produce greetings\n"
    "  odradek produce orders --reader-property parse.key=true --reader-property "
    "key.separator=: < orders.txt\n"
    "  kafka-console-producer --bootstrap-server 127.0.0.1:9092 --topic t --compression-codec "
    "zstd\n";

// One class under the names it has had.
constexpr std::array<std::string_view, 2> kLineReaders = {
    "org.apache.kafka.tools.LineMessageReader", "kafka.tools.ConsoleProducer$LineMessageReader"};

// Flags that are settings of the producer: where neither is given, the default.
struct Merged {
  std::string_view flag;
  std::string_view key;
  std::string_view otherwise;
};
constexpr std::array kMerged = {
    Merged{"timeout", "linger.ms", "1000"},
    Merged{"request-required-acks", "acks", "-1"},
    Merged{"request-timeout-ms", "request.timeout.ms", "1500"},
    Merged{"message-send-max-retries", "retries", "3"},
    Merged{"retry-backoff-ms", "retry.backoff.ms", "100"},
    Merged{"socket-buffer-size", "send.buffer.bytes", "102400"},
    Merged{"max-memory-bytes", "buffer.memory", "33554432"},
    Merged{"batch-size", "batch.size", "16384"},
    Merged{"max-partition-memory-bytes", "batch.size", "16384"},
    Merged{"metadata-expiry-ms", "metadata.max.age.ms", "300000"},
    Merged{"max-block-ms", "max.block.ms", "60000"},
};

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = require(flags, {"topic"}); !ok) return ok;
  constexpr std::array<std::array<std::string_view, 2>, 3> kPairs = {
      {{"command-config", "producer.config"},
       {"command-property", "producer-property"},
       {"reader-property", "property"}}};
  for (const auto& [now, before] : kPairs) {
    if (flags.has(now) && flags.has(before)) {
      return misuse(
          fmt::format("Options --{} and --{} cannot be specified together.", now, before));
    }
  }
  for (const Merged& merged : kMerged) {
    if (merged.key == "acks") continue;
    if (auto number = flags.number(merged.flag); !number) return base::fail(number.error());
  }
  const std::string reader = flags.value_or("line-reader", kLineReaders[0]);
  if (std::ranges::count(kLineReaders, reader) == 0) {
    return misuse(fmt::format("--line-reader {}: there is no JVM here; lines are read as {} does",
                              reader, kLineReaders[0]));
  }
  if (flags.has("zookeeper")) {
    return misuse(
        "--zookeeper: the producer asks the servers and not ZooKeeper: name them with "
        "--bootstrap-server host:port");
  }
  if (!invocation.is_native && !flags.has("bootstrap-server")) {
    return misuse("Error while validating the bootstrap address");
  }
  const auto servers = parse_servers(flags.value_or("bootstrap-server", "127.0.0.1:9092"));
  if (!servers) return misuse("Please provide valid host:port like host1:9091,host2:9092");
  return {};
}

// Adds a properties file and then key=value flags to `config`.
base::Result<> add_settings(const Flags& flags, std::initializer_list<std::string_view> files,
                            std::initializer_list<std::string_view> properties,
                            ClientConfig& config) {
  for (const std::string_view flag : files) {
    const auto path = flags.value(flag);
    if (!path) continue;
    env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
    auto loaded = load_client_config(world, *path);
    if (!loaded) return base::fail(std::move(loaded));
    loaded->merge(config);
    config = *std::move(loaded);
  }
  for (const std::string_view flag : properties) add_properties(config, flags.values(flag));
  return {};
}

base::Result<ProduceOptions> options_of(const Flags& flags) {
  ProduceOptions options;
  options.topic = flags.value_or("topic", "");
  options.is_synchronous = flags.has("sync");
  if (auto ok =
          add_settings(flags, {"reader-config"}, {"reader-property", "property"}, options.reader);
      !ok) {
    return base::fail(std::move(ok));
  }
  ClientConfig& config = options.producer;
  if (auto ok = add_settings(flags, {"command-config", "producer.config"},
                             {"command-property", "producer-property"}, config);
      !ok) {
    return base::fail(std::move(ok));
  }
  config["bootstrap.servers"] = flags.value_or("bootstrap-server", "127.0.0.1:9092");
  config["compression.type"] =
      flags.has("compression-codec") ? flags.value_or("compression-codec", "gzip") : "none";
  if (config["compression.type"].empty()) config["compression.type"] = "gzip";
  config.try_emplace("client.id", "console-producer");
  config.try_emplace("delivery.timeout.ms", "120000");
  for (const Merged& merged : kMerged) {
    const auto given = flags.value(merged.flag);
    if (given) config[std::string(merged.key)] = *given;
    config.try_emplace(std::string(merged.key), merged.otherwise);
  }
  return options;
}

void warn_of_old_flags(const Flags& flags) {
  constexpr std::array<std::array<std::string_view, 2>, 4> kOld = {
      {{"producer-property", "command-property"},
       {"producer.config", "command-config"},
       {"property", "reader-property"},
       {"max-partition-memory-bytes", "batch-size"}}};
  for (const auto& [before, now] : kOld) {
    if (!flags.has(before)) continue;
    const std::string_view release =
        before == "max-partition-memory-bytes" ? "Apache Kafka 5.0" : "a future version";
    fmt::print("Warning: --{} is deprecated and will be removed in {}. Use --{} instead.\n", before,
               release, now);
  }
}

// Nothing is said where all went well, as a pipe's end says nothing; JSON counts.
void report(const Invocation& invocation, const ProducedLines& lines) {
  if (!invocation.is_native || invocation.output.form != OutputForm::kJson) return;
  Output(invocation.output)
      .print(Message{.text = fmt::format("{} records were acknowledged", lines.delivered),
                     .fields = {{"topic", invocation.flags.value_or("topic", "")},
                                {"records", lines.delivered}}});
}

int run_produce(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  if (!invocation.is_native) warn_of_old_flags(invocation.flags);
  auto options = options_of(invocation.flags);
  base::Result<ProducedLines> done;
  if (options) {
    options->prompts = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    done = produce_lines(*options);
  } else {
    done = base::fail(std::move(options));
  }
  if (done) {
    report(invocation, *done);
    return exit_code_after_signal(0);
  }
  fmt::print(stderr, "{}: {}\n", invocation.called_as, done.error().message);
  return 1;
}

}  // namespace

Command produce_command() {
  return {.name = "produce",
          .script_name = "kafka-console-producer",
          .summary = "Write the lines of standard input to a topic.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_produce,
          .section = Section::kRecords,
          .prints_data = true};
}

}  // namespace odradek::cli
