// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/latency_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/perf/latency.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"topic", kRequired, "topic", "The topic to go through; made where it is missing.",
             't'},
    FlagSpec{"num-records", kRequired, "number", "How many records to send.", 'n'},
    FlagSpec{"producer-acks", kRequired, "1|all", "acks."},
    FlagSpec{"record-size", kRequired, "bytes", "The size of each value."},
    FlagSpec{"record-key-size", kOptional, "bytes", "The size of each key (0)."},
    FlagSpec{"num-headers", kOptional, "number", "How many headers each record has (0)."},
    FlagSpec{"record-header-key-size", kOptional, "bytes", "The size of a header's key (0)."},
    FlagSpec{"record-header-size", kOptional, "bytes",
             "The size of a header's value (0); -1 is null."},
    FlagSpec{"command-config", kOptional, "file",
             "A properties file with settings of producer and consumer."},
};

constexpr std::string_view kExamples =
    "  odradek perf latency t --num-records 10000 --producer-acks all --record-size 100\n"
    "  kafka-e2e-latency --bootstrap-server 127.0.0.1:9092 --topic t --num-records 10000 "
    "\\\n      --producer-acks 1 --record-size 100\n"
    "  kafka-e2e-latency 127.0.0.1:9092 t 10000 1 100\n";

constexpr std::array<std::string_view, 5> kNamed = {"bootstrap-server", "topic", "num-records",
                                                    "producer-acks", "record-size"};

// Before Kafka 4.2: broker, topic, records, acks, size and a properties file, in this order.
base::Result<Flags> with_names(const Invocation& invocation) {
  const Flags& given = invocation.flags;
  const auto& words = given.arguments();
  if (invocation.is_native || count_given(given, kNamed) > 0 || words.empty()) return given;
  if (words.size() != kNamed.size() && words.size() != kNamed.size() + 1) {
    return misuse(fmt::format(
        "Invalid number of arguments. Expected 5 or 6 positional arguments, but got {}. Usage: "
        "bootstrap-server topic num-records producer-acks record-size [optional] command-config",
        words.size()));
  }
  Flags flags;
  for (std::size_t i = 0; i < words.size(); ++i) {
    flags.set(i < kNamed.size() ? kNamed[i] : "command-config", words[i]);
  }
  fmt::print(
      "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. "
      "Please use named arguments instead: --bootstrap-server, --topic, --num-records, "
      "--producer-acks, --record-size, --command-config\n");
  return flags;
}

std::int64_t number_of(const Flags& flags, std::string_view name) {
  return flags.number(name, INT32_MIN, INT32_MAX).value_or(std::nullopt).value_or(0);
}

base::Result<> check(const Invocation& invocation, const Flags& flags) {
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  if (auto ok = require(flags, {"topic", "num-records", "producer-acks", "record-size"}); !ok) {
    return ok;
  }
  const std::string acks = flags.value_or("producer-acks", "");
  if (acks != "1" && acks != "all") {
    return misuse(
        "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. "
        "Please use '1' or 'all'.");
  }
  for (const std::string_view flag :
       {"num-records", "record-size", "record-key-size", "record-header-key-size",
        "record-header-size", "num-headers"}) {
    if (auto number = flags.number(flag, INT32_MIN, INT32_MAX); !number) {
      return base::fail(std::move(number));
    }
  }
  if (number_of(flags, "num-records") <= 0) {
    return misuse("Value for --num-records must be a positive integer.");
  }
  for (const std::string_view flag : {"record-size", "record-key-size", "record-header-key-size"}) {
    if (number_of(flags, flag) < 0) {
      return misuse(fmt::format("Value for --{} must be a non-negative integer.", flag));
    }
  }
  if (number_of(flags, "record-header-size") < -1) {
    return misuse(
        "Value for --record-header-size must be a non-negative integer or -1 for null header "
        "value.");
  }
  if (number_of(flags, "num-headers") < 0) {
    return misuse("Value for --num-headers must be a non-negative integer.");
  }
  return {};
}

base::Result<LatencyOptions> options_of(const Flags& flags) {
  const auto size = [&](std::string_view name) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, number_of(flags, name)));
  };
  LatencyOptions options;
  options.topic = flags.value_or("topic", "");
  options.records = number_of(flags, "num-records");
  options.value_bytes = size("record-size");
  options.key_bytes = size("record-key-size");
  options.headers = number_of(flags, "num-headers");
  options.header_key_bytes = size("record-header-key-size");
  options.header_value_bytes = size("record-header-size");
  if (number_of(flags, "record-header-size") == -1) options.header_value_bytes.reset();
  options.acks = flags.value_or("producer-acks", "all");
  if (const auto path = flags.value("command-config")) {
    env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
    auto loaded = load_client_config(world, *path);
    if (!loaded) return base::fail(std::move(loaded));
    options.client = *std::move(loaded);
  }
  options.client["bootstrap.servers"] = flags.value_or("bootstrap-server", "127.0.0.1:9092");
  return options;
}

int run_latency(const Invocation& invocation) {
  const auto flags = with_names(invocation);
  if (!flags) return plain_failure(invocation, flags.error().message);
  if (auto ok = check(invocation, *flags); !ok) return usage_error(invocation, ok.error().message);
  const auto options = options_of(*flags);
  if (!options) return failure(invocation, options.error().message);
  if (auto done = measure_latency(invocation, *options); !done) {
    return failure(invocation, done.error().message);
  }
  return exit_code_after_signal(0);
}

}  // namespace

Command latency_command() {
  return {.name = "perf latency",
          .script_name = "kafka-e2e-latency",
          .summary = "Send one record at a time, and print how long it takes until it is read.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_latency,
          .section = Section::kLoad,
          .prints_data = true};
}

}  // namespace odradek::cli
