// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/elect/elect_command.h"
#include "cli/elect/election.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/zookeeper/brokers.h"

namespace odradek::cli {
namespace {

using enum Arity;
using base::ErrorCode;

constexpr std::int8_t kPreferred = 0;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"admin.config", kRequired, "file", "", '\0', false, "command-config"},
    FlagSpec{"path-to-json-file", kRequired, "file",
             "The partitions, as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1}]}; "
             "all where it is missing."},
    kZookeeperFlag,
};

constexpr std::string_view kExamples =
    "  odradek elect-preferred\n"
    "  kafka-preferred-replica-election --bootstrap-server 127.0.0.1:9092\n";

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  const bool names_server = flags.has("bootstrap-server");
  const bool may_lack_it = invocation.is_native && !flags.has("zookeeper");
  if (names_server != flags.has("zookeeper") || may_lack_it) return {};
  return misuse("Exactly one of '[bootstrap-server]' or '[zookeeper]' must be provided");
}

base::Result<ElectionOutcomes> execute(const Invocation& invocation) {
  const auto partitions = listed_partitions(invocation);
  if (!partitions) return base::fail(partitions.error());
  constexpr std::chrono::seconds kTimeout(30);
  auto admin = Admin::connect(invocation, kTimeout, "electPreferredLeaders");
  if (!admin) return base::fail(std::move(admin));
  return elect(**admin, kPreferred, *partitions);
}

// In the words of Kafka 2.2, to which a leader that needs no election is an elected one. Returns
// the exit code.
int print(const ElectionOutcomes& outcomes) {
  std::string elected;
  std::string failures;
  int failed = 0;
  for (const auto& [partition, outcome] : outcomes) {
    if (!has_failed(outcome)) {
      elected += (elected.empty() ? "" : ", ") + partition.to_string();
      continue;
    }
    ++failed;
    failures +=
        fmt::format("Error completing preferred replica election for partition {}: {}: {}\n",
                    partition.to_string(), java_exception(outcome.code), outcome.message);
  }
  if (!elected.empty()) {
    fmt::print("Successfully completed preferred replica election for partitions {}\n", elected);
  }
  fmt::print("{}", failures);
  if (failed == 0) return 0;
  fmt::print(stderr, "{} preferred replica(s) could not be elected\n", failed);
  return 1;
}

int run_preferred_election(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  const auto outcomes = execute(invocation);
  if (!outcomes) return plain_failure(invocation, outcomes.error().message);
  return invocation.is_native ? print_outcomes(invocation, *outcomes) : print(*outcomes);
}

}  // namespace

Command preferred_election_command() {
  return {.name = "elect-preferred",
          .script_name = "kafka-preferred-replica-election",
          .summary =
              "Give the lead of partitions back to their first replicas: the older form of "
              "elect.",
          .verbs = {},
          .subject = {},
          .flags = kFlags,
          .examples = kExamples,
          .run = run_preferred_election,
          .section = Section::kCluster,
          .prints_data = true};
}

}  // namespace odradek::cli
