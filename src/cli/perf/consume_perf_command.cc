// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/consume_perf_command.h"

#include <fmt/core.h>

#include <array>

#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/perf/consume_perf.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"topic", kRequired, "topic", "The topic to read.", 't'},
    FlagSpec{"include", kRequired, "regex", "Read the topics that this expression matches."},
    FlagSpec{"num-records", kRequired, "number", "How many records to read.", 'n'},
    FlagSpec{"messages", kRequired, "number", ""},
    FlagSpec{"group", kRequired, "group", "Read as a member of this group (a new one).", 'g'},
    FlagSpec{"fetch-size", kRequired, "bytes",
             "At most so many bytes of a partition in one answer (1048576)."},
    FlagSpec{"from-latest", kNone, "",
             "Begin with what comes from now on where the group has no offset; else with the "
             "oldest record."},
    FlagSpec{"socket-buffer-size", kRequired, "bytes", "receive.buffer.bytes (2097152)."},
    FlagSpec{"command-property", kRequired, "key=value",
             "A setting of the consumer; may be repeated.", '\0', true},
    FlagSpec{"command-config", kRequired, "file", "A properties file with consumer settings."},
    FlagSpec{"consumer.config", kRequired, "file", ""},
    FlagSpec{"print-metrics", kNone, "", "Print what the consumer counted, after the summary."},
    FlagSpec{"show-detailed-stats", kNone, "", "Print a line each interval, and no summary."},
    FlagSpec{"reporting-interval", kRequired, "ms", "How often to print a line (5000)."},
    FlagSpec{"timeout", kOptional, "ms", "The longest wait between two records (10000)."},
    FlagSpec{"date-format", kRequired, "pattern",
             "How times are printed, as Java's SimpleDateFormat has it (yyyy-MM-dd HH:mm:ss:SSS)."},
    FlagSpec{"hide-header", kNone, "", "Leave the line of headings out."},
    // Before Kafka 3: one thread reads here, as it did there in the end.
    FlagSpec{"threads", kRequired, "number", ""},
    FlagSpec{"num-fetch-threads", kRequired, "number", ""},
};

constexpr std::string_view kExamples =
    "  odradek perf consume t --num-records 1000000\n"
    "  odradek perf consume t -n 1000000 --show-detailed-stats --reporting-interval 1000\n"
    "  kafka-consumer-perf-test --bootstrap-server 127.0.0.1:9092 --topic t --messages 1000000\n";

base::Result<> check_numbers(const Flags& flags) {
  for (const std::string_view flag :
       {"fetch-size", "socket-buffer-size", "threads", "num-fetch-threads"}) {
    if (auto number = flags.number(flag, INT32_MIN, INT32_MAX); !number) {
      return base::fail(std::move(number));
    }
  }
  for (const std::string_view flag : {"timeout", "messages", "num-records"}) {
    if (auto number = flags.number(flag); !number) return base::fail(std::move(number));
  }
  const std::string interval = flags.value_or("reporting-interval", "5000");
  if (interval.empty() || interval.find_first_not_of("0123456789") != std::string::npos) {
    return misuse(fmt::format("Cannot parse argument '{}' of option reporting-interval", interval));
  }
  return {};
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  constexpr std::array<std::array<std::string_view, 2>, 2> kOneOf = {
      {{"topic", "include"}, {"messages", "num-records"}}};
  for (const auto& names : kOneOf) {
    if (count_given(flags, names) != 1) {
      return misuse(
          fmt::format("Exactly one of the following arguments is required: {}", bracketed(names)));
    }
  }
  constexpr std::array<std::string_view, 1> kConfig = {"command-config"};
  return exclude(flags, "consumer.config", kConfig);
}

std::int64_t number_of(const Flags& flags, std::string_view name, std::int64_t otherwise) {
  return flags.number(name).value_or(std::nullopt).value_or(otherwise);
}

base::Result<> set_consumer(const Flags& flags, ConsumePerfOptions& options) {
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  ClientConfig& config = options.consumer;
  for (const std::string_view flag : {"command-config", "consumer.config"}) {
    const auto path = flags.value(flag);
    if (!path) continue;
    auto loaded = load_client_config(world, *path);
    if (!loaded) return base::fail(std::move(loaded));
    config = *std::move(loaded);
  }
  add_properties(config, flags.values("command-property"));
  config["bootstrap.servers"] = flags.value_or("bootstrap-server", "127.0.0.1:9092");
  config["group.id"] =
      flags.value_or("group", fmt::format("perf-consumer-{}", world.random().next() % 100'000));
  config["receive.buffer.bytes"] = flags.value_or("socket-buffer-size", "2097152");
  config["max.partition.fetch.bytes"] = flags.value_or("fetch-size", "1048576");
  config["auto.offset.reset"] = flags.has("from-latest") ? "latest" : "earliest";
  config["check.crcs"] = "false";
  config.try_emplace("client.id", "perf-consumer-client");
  // Reading ahead is bounded by bytes only.
  config.try_emplace("queued.min.messages", "1000000");
  return {};
}

base::Result<ConsumePerfOptions> options_of(const Flags& flags) {
  auto date = JavaDate::make(flags.value_or("date-format", "yyyy-MM-dd HH:mm:ss:SSS"));
  if (!date) return base::fail(std::move(date));
  ConsumePerfOptions options(*std::move(date));
  options.topic = flags.value_or("topic", "");
  options.topics_pattern = flags.value_or("include", "");
  options.records = number_of(flags, "messages", number_of(flags, "num-records", 0));
  options.timeout_ms = number_of(flags, "timeout", 10'000);
  options.reporting_interval_ms = number_of(flags, "reporting-interval", 5'000);
  options.shows_details = flags.has("show-detailed-stats");
  options.hides_header = flags.has("hide-header");
  options.prints_metrics = flags.has("print-metrics");
  if (options.reporting_interval_ms <= 0) {
    return misuse("Reporting interval must be greater than 0.");
  }
  if (auto ok = set_consumer(flags, options); !ok) return base::fail(std::move(ok));
  return options;
}

int run_consume_perf(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  if (!invocation.is_native) {
    for (const auto& [before, now] :
         {std::pair{"messages", "num-records"}, std::pair{"consumer.config", "command-config"}}) {
      if (!flags.has(before)) continue;
      fmt::print("Warning: --{} is deprecated. Use --{} instead.\n", before, now);
    }
  }
  const auto numbers = check_numbers(flags);
  const base::Result<ConsumePerfOptions> options =
      numbers ? options_of(flags) : base::fail(numbers.error());
  if (!options) {
    // Kafka's tool looks at values last.
    if (!invocation.is_native && !flags.has("hide-header")) {
      print_perf_header(flags.has("show-detailed-stats"));
    }
    return plain_failure(invocation, options.error().message);
  }
  return consume_perf(invocation, *options);
}

}  // namespace

Command consume_perf_command() {
  return {.name = "perf consume",
          .script_name = "kafka-consumer-perf-test",
          .summary = "Read records as fast as they come, and print the throughput.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_consume_perf,
          .section = Section::kLoad,
          .prints_data = true};
}

}  // namespace odradek::cli
