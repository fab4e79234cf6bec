// SPDX-License-Identifier: Apache-2.0
#include "cli/replica_verification/replica_verification_command.h"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/cluster_topics.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/name_pattern.h"
#include "cli/perf/java_date.h"
#include "cli/replica_verification/replica_fetcher.h"
#include "cli/replica_verification/replica_verifier.h"
#include "cli/signals.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::int64_t kReportIntervalMs = 30'000;
constexpr std::int64_t kLatest = -1;
// Before it is asked again for what is not in every replica yet.
constexpr std::chrono::milliseconds kRetryInterval(50);

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    FlagSpec{"broker-list", kRequired, "host:port,...", "Kafka's name of --bootstrap-server.", '\0',
             false, "bootstrap-server"},
    kCommandConfigFlag,
    FlagSpec{"topics-include", kRequired, "topics",
             "The topics, as a regular expression (.*, with Kafka's own topics)."},
    FlagSpec{"topic-white-list", kRequired, "topics", "", '\0', false, "topics-include"},
    FlagSpec{"time", kRequired, "time",
             "Where to begin: -1 for the end (the default), -2 for the beginning, or a time in "
             "milliseconds since 1970."},
    FlagSpec{"fetch-size", kRequired, "bytes",
             "The most that is asked of a partition at once (1048576)."},
    FlagSpec{"max-wait-ms", kRequired, "ms", "How long to wait for new records (1000)."},
    FlagSpec{"report-interval-ms", kRequired, "ms", "The least between two reports (30000)."},
};

constexpr std::string_view kExamples =
    "  odradek verify replicas orders --time -2\n"
    "  odradek verify replicas 'orders|payments' --report-interval-ms 5000 --output json\n"
    "  kafka-replica-verification --broker-list 127.0.0.1:9092 --topics-include 'orders.*'\n";

struct Options {
  ReplicaFetchOptions fetch;
  std::int64_t timestamp = kLatest;
  std::int64_t report_interval_ms = kReportIntervalMs;
};

base::Result<Options> options_of(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (!invocation.is_native && !flags.has("bootstrap-server")) {
    return misuse("Missing required argument \"[broker-list]\"");
  }
  if (auto ok = check_servers(flags, "bootstrap-server"); !ok) return base::fail(std::move(ok));
  Options options;
  const auto fetch_size = flags.number("fetch-size", INT32_MIN, INT32_MAX);
  if (!fetch_size) return base::fail(fetch_size.error());
  const auto max_wait_ms = flags.number("max-wait-ms", INT32_MIN, INT32_MAX);
  if (!max_wait_ms) return base::fail(max_wait_ms.error());
  const auto time = flags.number("time");
  if (!time) return base::fail(time.error());
  const auto report_interval_ms = flags.number("report-interval-ms");
  if (!report_interval_ms) return base::fail(report_interval_ms.error());
  if (*fetch_size) options.fetch.partition_max_bytes = static_cast<std::int32_t>(**fetch_size);
  if (*max_wait_ms) options.fetch.max_wait_ms = static_cast<std::int32_t>(**max_wait_ms);
  options.timestamp = time->value_or(kLatest);
  options.report_interval_ms = report_interval_ms->value_or(kReportIntervalMs);
  return options;
}

// Prints what is found, with the time of day: a line of text or of JSON each.
class Report {
 public:
  Report(const Invocation& invocation, const env::Clock& clock)
      : clock_(clock), date_(*JavaDate::make("yyyy-MM-dd HH:mm:ss,SSS")), out_(invocation.output) {}

  void print_start() { print("start", {}, "verification process is started"); }

  void print_lag(const VerifiedRound& round, std::size_t partitions) {
    const std::string name = round.max_lag < 0 ? "null" : round.partition.to_string();
    print("report",
          {{"max_lag", round.max_lag},
           {"topic", round.partition.topic},
           {"partition", round.partition.partition},
           {"offset", round.offset.value()},
           {"partitions", partitions}},
          fmt::format("max lag is {} for partition {} at offset {} among {} partitions",
                      round.max_lag, name, round.offset.value(), partitions));
  }

  void print_mismatch(const ReplicaMismatch& mismatch) {
    const auto& [partition, first, second] = mismatch;
    const auto facts = [](const ReplicaBatch& batch) {
      return Object{{"replica", batch.replica.value()},
                    {"offset", batch.last_offset.value()},
                    {"checksum", batch.crc}};
    };
    print("mismatch",
          {{"topic", partition.topic},
           {"partition", partition.partition},
           {"replicas", List{facts(first), facts(second)}}},
          mismatch.is_lost()
              ? fmt::format("partition {}: replica {}'s offset {} doesn't match replica {}'s "
                            "offset {}",
                            partition.to_string(), first.replica.value(), first.last_offset.value(),
                            second.replica.value(), second.last_offset.value())
              : fmt::format("partition {} has unmatched checksum at offset {}; replica {}'s "
                            "checksum {}; replica {}'s checksum {}",
                            partition.to_string(), second.last_offset.value(),
                            first.replica.value(), first.crc, second.replica.value(), second.crc));
  }

 private:
  void print(std::string_view event, Object facts, std::string_view text) {
    const std::string time = date_.format(clock_.wall());
    facts.insert(facts.begin(), {{"time", time}, {"event", event}});
    out_.print_line(facts, fmt::format("{}: {}", time, text));
    std::fflush(stdout);
  }

  const env::Clock& clock_;
  const JavaDate date_;
  Output out_;
};

// Until a signal comes, or replicas have lost each other. Returns the exit code.
base::Result<int> verify_all(const Invocation& invocation, const Options& options, Admin& admin,
                             const ClusterTopics& topics) {
  auto offsets = offsets_at(admin, topics, options.timestamp);
  if (!offsets) return base::fail(std::move(offsets));
  ReplicaVerifier verifier(*std::move(offsets));
  ReplicaFetcher fetcher(admin, topics, options.fetch);
  const env::Clock& clock = admin.world().clock();
  Report report(invocation, clock);
  catch_ending_signals();
  report.print_start();
  auto last_report = clock.monotonic();
  // Standard output that takes no more ends it, too.
  while (ending_signal() == 0 && std::ferror(stdout) == 0) {
    fetcher.fetch(verifier);
    const auto round = verifier.verify();
    if (!round) return base::fail(round.error());
    for (const ReplicaMismatch& mismatch : round->mismatches) {
      report.print_mismatch(mismatch);
      if (mismatch.is_lost()) return 1;
    }
    const auto now = clock.monotonic();
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_report);
    if (passed.count() >= options.report_interval_ms) {
      report.print_lag(*round, verifier.offsets().size());
      last_report = now;
    }
    if (round->max_lag > 0 && !round->has_advanced) admin.pause(kRetryInterval);
  }
  return exit_code_after_signal(0);
}

base::Result<int> execute(const Invocation& invocation, const Options& options) {
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "listTopics");
  if (!admin) return base::fail(std::move(admin));
  auto topics = load_topics(**admin);
  if (!topics) return base::fail(std::move(topics));
  const std::string expression = invocation.flags.value_or("topics-include", ".*");
  const auto pattern = NamePattern::parse(expression);
  if (!pattern) return misuse(fmt::format("{} is an invalid regex", expression));
  std::erase_if(*topics, [&](const auto& topic) { return !pattern->matches(topic.first); });
  if (topics->empty()) {
    return misuse(
        "No topics found. [topics-include] if specified, is either filtering out all topics or "
        "there is no topic.");
  }
  return verify_all(invocation, options, **admin, *topics);
}

int run_replica_verification(const Invocation& invocation) {
  const auto options = options_of(invocation);
  if (!options) return usage_error(invocation, options.error().message);
  const auto exit_code = execute(invocation, *options);
  if (!exit_code) return plain_failure(invocation, exit_code.error().message);
  return *exit_code;
}

}  // namespace

Command replica_verification_command() {
  return {.name = "verify replicas",
          .script_name = "kafka-replica-verification",
          .summary = "Compare what the replicas of partitions hold, until it is stopped.",
          .verbs = {},
          .subject = "topics-include",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_replica_verification,
          .section = Section::kForensics,
          .prints_data = true};
}

}  // namespace odradek::cli
