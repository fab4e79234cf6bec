// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/produce_perf_command.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

#include "cli/argparse.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/perf/produce_perf.h"
#include "env/linux/linux_world.h"
#include "env/linux/processes.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::int64_t kTransactionDurationMs = 3'000;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"topic", kRequired, "topic", "The topic to write to.", 't'},
    FlagSpec{"num-records", kRequired, "number", "How many records to send.", 'n'},
    FlagSpec{"record-size", kRequired, "bytes", "Values of so many random capital letters."},
    FlagSpec{"payload-file", kRequired, "file", "Values out of this file, in random order."},
    FlagSpec{"payload-monotonic", kNone, "", "Values that count from 0."},
    FlagSpec{"payload-delimiter", kRequired, "text",
             "What ends a value in --payload-file (\\n, a line's end)."},
    FlagSpec{"throughput", kRequired, "number",
             "At most about so many records a second; -1 is as many as go."},
    FlagSpec{"command-property", kMany, "key=value", "Settings of the producer.", '\0', true},
    FlagSpec{"producer-props", kMany, "key=value", "", '\0', true},
    FlagSpec{"command-config", kRequired, "file", "A properties file with producer settings."},
    FlagSpec{"producer.config", kRequired, "file", ""},
    FlagSpec{"print-metrics", kNone, "", "Print what the producer counted, after the summary."},
    FlagSpec{"transactional-id", kRequired, "id", "Send in transactions of this id."},
    FlagSpec{"transaction-duration-ms", kRequired, "ms",
             "Commit after so long (3000); without an id, one is made up."},
    FlagSpec{"warmup-records", kRequired, "number",
             "Leave the first records out of a second summary, of the steady state."},
    FlagSpec{"reporting-interval", kRequired, "ms", "How often to print a line (5000)."},
};

constexpr std::string_view kExamples =
    "  odradek perf produce t --num-records 1000000 --record-size 100\n"
    "  odradek perf produce t -n 100000 --record-size 1000 --command-property acks=1 linger.ms=20\n"
    "  kafka-producer-perf-test --topic t --num-records 1000000 --record-size 100 --throughput -1 "
    "\\\n      --producer-props bootstrap.servers=127.0.0.1:9092\n";

base::Result<double> throughput(const Invocation& invocation) {
  const auto given = invocation.flags.value("throughput");
  if (!given) return -1;
  double number = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), number);
  if (error == std::errc() && end == given->data() + given->size()) return number;
  return not_convertible("throughput", *given, "Double");
}

base::Result<> check_numbers(const Flags& flags) {
  for (const std::string_view flag :
       {"num-records", "transaction-duration-ms", "warmup-records", "reporting-interval"}) {
    if (auto number = argparse_number(flags, flag, JavaInteger::kLong); !number) {
      return base::fail(std::move(number));
    }
  }
  auto size = argparse_number(flags, "record-size", JavaInteger::kInteger);
  if (!size) return base::fail(std::move(size));
  return {};
}

std::int64_t number_of(const Flags& flags, std::string_view name, std::int64_t otherwise) {
  return flags.number(name).value_or(std::nullopt).value_or(otherwise);
}

base::Result<> check_values(const Flags& flags) {
  if (number_of(flags, "num-records", 0) <= 0) {
    return misuse("--num-records should be greater than zero.");
  }
  if (number_of(flags, "warmup-records", 0) >= number_of(flags, "num-records", 0)) {
    return misuse(
        "The value for --warmup-records must be strictly fewer than the number of records in the "
        "test, --num-records.");
  }
  if (number_of(flags, "record-size", 1) <= 0) {
    return misuse("--record-size should be greater than zero.");
  }
  return {};
}

base::Result<> check_sources(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  constexpr std::array<std::string_view, 5> kSources = {"bootstrap-server", "command-property",
                                                        "producer-props", "producer.config",
                                                        "command-config"};
  if (!invocation.is_native && count_given(flags, kSources) == 0) {
    return misuse(
        "At least one of --bootstrap-server, --command-property, --producer-props, "
        "--producer.config or --command-config must be specified.");
  }
  if (flags.has("command-property") && flags.has("producer-props")) {
    return misuse("--command-property and --producer-props cannot be specified together.");
  }
  if (flags.has("command-config") && flags.has("producer.config")) {
    return misuse("--command-config and --producer.config cannot be specified together.");
  }
  if (number_of(flags, "transaction-duration-ms", 1) <= 0) {
    return misuse("--transaction-duration-ms should be greater than zero.");
  }
  if (number_of(flags, "reporting-interval", 1) <= 0) {
    return misuse("--reporting-interval should be greater than zero.");
  }
  return {};
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  constexpr std::array<std::string_view, 3> kPayloads = {"record-size", "payload-file",
                                                         "payload-monotonic"};
  if (auto ok = check_numbers(flags); !ok) return ok;
  if (auto ok = throughput(invocation); !ok) return base::fail(std::move(ok));
  if (auto ok = argparse_exclusive(flags, kPayloads); !ok) return ok;
  if (auto ok = argparse_require(flags, {"topic", "num-records"}); !ok) return ok;
  if (!invocation.is_native) {
    if (auto ok = argparse_require(flags, {"throughput"}); !ok) return ok;
  }
  if (count_given(flags, kPayloads) == 0) {
    return misuse(
        "one of the arguments --record-size --payload-file --payload-monotonic is required");
  }
  if (auto ok = check_values(flags); !ok) return ok;
  return check_sources(invocation);
}

base::Result<> read_payload_file(const Flags& flags, ProducePerfOptions& options) {
  const std::string path = flags.value_or("payload-file", "");
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  std::string delimiter = flags.value_or("payload-delimiter", "\\n");
  if (delimiter == "\\n") delimiter = "\n";
  const bool is_absolute = path.starts_with('/');
  fmt::print("Reading payloads from: {}\n",
             is_absolute ? path : env::working_directory() + '/' + path);
  auto payloads = read_payloads(world.disk(), path, delimiter);
  if (!payloads) return base::fail(std::move(payloads));
  fmt::print("Number of records read: {}\n", payloads->size());
  options.payloads = Payloads::out_of(*std::move(payloads));
  return {};
}

base::Result<> set_payloads(const Flags& flags, ProducePerfOptions& options) {
  if (flags.has("payload-file")) return read_payload_file(flags, options);
  if (flags.has("payload-monotonic")) {
    options.payloads = Payloads::counting();
  } else {
    options.payloads =
        Payloads::of_size(static_cast<std::size_t>(number_of(flags, "record-size", 0)));
  }
  return {};
}

base::Result<> set_producer(const Invocation& invocation, ProducePerfOptions& options) {
  const Flags& flags = invocation.flags;
  ClientConfig& config = options.producer;
  for (const std::string_view flag : {"command-config", "producer.config"}) {
    const auto path = flags.value(flag);
    if (!path) continue;
    env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
    auto loaded = load_client_config(world, *path);
    if (!loaded) return base::fail(std::move(loaded));
    config = *std::move(loaded);
  }
  for (const std::string_view flag : {"command-property", "producer-props"}) {
    for (const std::string& property : flags.values(flag)) {
      const auto equals = property.find('=');
      if (equals == std::string::npos || equals + 1 == property.size() ||
          property.find('=', equals + 1) != std::string::npos) {
        return misuse(fmt::format("Invalid property: {}", property));
      }
      config[property.substr(0, equals)] = property.substr(equals + 1);
    }
  }
  if (const auto servers = flags.value("bootstrap-server")) config["bootstrap.servers"] = *servers;
  if (invocation.is_native) config.try_emplace("bootstrap.servers", "127.0.0.1:9092");
  config.try_emplace("client.id", "perf-producer-client");
  return {};
}

void set_transactions(const Flags& flags, ProducePerfOptions& options) {
  const bool has_duration = flags.has("transaction-duration-ms");
  if (const auto id = flags.value("transactional-id")) options.producer["transactional.id"] = *id;
  if (!has_duration && !options.producer.contains("transactional.id")) return;
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  options.producer.try_emplace("transactional.id",
                               fmt::format("performance-producer-{:016x}", world.random().next()));
  options.transaction_duration_ms =
      number_of(flags, "transaction-duration-ms", kTransactionDurationMs);
}

base::Result<ProducePerfOptions> options_of(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  ProducePerfOptions options;
  options.topic = flags.value_or("topic", "");
  options.records = number_of(flags, "num-records", 0);
  options.warmup_records = std::max<std::int64_t>(0, number_of(flags, "warmup-records", 0));
  options.throughput = throughput(invocation).value_or(-1);
  options.reporting_interval_ms = number_of(flags, "reporting-interval", 5'000);
  options.prints_metrics = flags.has("print-metrics");
  if (auto ok = set_payloads(flags, options); !ok) return base::fail(std::move(ok));
  if (!invocation.is_native) {
    for (const auto& [before, now] : {std::pair{"producer-props", "command-property"},
                                      std::pair{"producer.config", "command-config"}}) {
      if (!flags.has(before)) continue;
      fmt::print(
          "Option --{} has been deprecated and will be removed in a future version. Use --{} "
          "instead.\n",
          before, now);
    }
  }
  if (auto ok = set_producer(invocation, options); !ok) return base::fail(std::move(ok));
  set_transactions(flags, options);
  return options;
}

int run_produce_perf(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  auto options = options_of(invocation);
  if (!options) return plain_failure(invocation, options.error().message);
  return produce_perf(invocation, *std::move(options));
}

}  // namespace

Command produce_perf_command() {
  return {.name = "perf produce",
          .script_name = "kafka-producer-perf-test",
          .summary = "Send records as fast as they go, and print throughput and latencies.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_produce_perf,
          .section = Section::kLoad,
          .prints_data = true,
          .argparse_name = "kafka-producer-perf-test"};
}

}  // namespace odradek::cli
