// SPDX-License-Identifier: Apache-2.0
#include "cli/run_class/run_class_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/flag_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

// By the names without packages, which releases moved them between.
constexpr std::array<std::pair<std::string_view, std::string_view>, 36> kScripts = {{
    {"AclCommand", "kafka-acls"},
    {"BrokerApiVersionsCommand", "kafka-broker-api-versions"},
    {"ClientMetricsCommand", "kafka-client-metrics"},
    {"ClusterTool", "kafka-cluster"},
    {"ConfigCommand", "kafka-configs"},
    {"ConsoleConsumer", "kafka-console-consumer"},
    {"ConsoleProducer", "kafka-console-producer"},
    {"ConsoleShareConsumer", "kafka-console-share-consumer"},
    {"ConsumerGroupCommand", "kafka-consumer-groups"},
    {"ConsumerPerformance", "kafka-consumer-perf-test"},
    {"DelegationTokenCommand", "kafka-delegation-tokens"},
    {"DeleteRecordsCommand", "kafka-delete-records"},
    {"DumpLogSegments", "kafka-dump-log"},
    {"EndToEndLatency", "kafka-e2e-latency"},
    {"FeatureCommand", "kafka-features"},
    {"GetOffsetShell", "kafka-get-offsets"},
    {"GroupsCommand", "kafka-groups"},
    {"Kafka", "kafka-server-start"},
    {"LeaderElectionCommand", "kafka-leader-election"},
    {"LogDirsCommand", "kafka-log-dirs"},
    {"MetadataQuorumCommand", "kafka-metadata-quorum"},
    {"MetadataShell", "kafka-metadata-shell"},
    {"PreferredReplicaLeaderElectionCommand", "kafka-preferred-replica-election"},
    {"ProducerPerformance", "kafka-producer-perf-test"},
    {"ReassignPartitionsCommand", "kafka-reassign-partitions"},
    {"ReplicaVerificationTool", "kafka-replica-verification"},
    {"ShareConsumerPerformance", "kafka-share-consumer-perf-test"},
    {"ShareGroupCommand", "kafka-share-groups"},
    {"StorageTool", "kafka-storage"},
    {"StreamsGroupCommand", "kafka-streams-groups"},
    {"StreamsResetter", "kafka-streams-application-reset"},
    {"TopicCommand", "kafka-topics"},
    {"TransactionsCommand", "kafka-transactions"},
    {"VerifiableConsumer", "kafka-verifiable-consumer"},
    {"VerifiableProducer", "kafka-verifiable-producer"},
    {"VerifiableShareConsumer", "kafka-verifiable-share-consumer"},
}};

constexpr std::string_view kExamples =
    "  odradek run-class kafka.tools.GetOffsetShell --broker-list 127.0.0.1:9092 --topic orders\n"
    "  kafka-run-class org.apache.kafka.tools.TopicCommand --bootstrap-server 127.0.0.1:9092 "
    "--list\n";

// Without its package, where that is one of Kafka's.
std::string_view short_name(std::string_view java_class) {
  if (!java_class.starts_with("kafka.") && !java_class.starts_with("org.apache.kafka.")) return {};
  return java_class.substr(java_class.rfind('.') + 1);
}

// Behind what the script itself and the JVM get there.
std::vector<std::string>::const_iterator class_in(const std::vector<std::string>& words) {
  auto word = words.begin();
  while (word != words.end() && word->starts_with('-')) {
    word += *word == "-name" && word + 1 != words.end() ? 2 : 1;
  }
  return word;
}

// Words are taken by script_of_class() before they come here.
int explain(const Invocation& invocation) {
  return usage_error(invocation, "a Java class of Kafka's has to be named");
}

}  // namespace

bool names_class(const std::vector<std::string>& words) { return class_in(words) != words.end(); }

base::Result<std::vector<std::string>> script_of_class(const std::vector<std::string>& words) {
  const auto word = class_in(words);
  if (word == words.end()) return misuse("a Java class of Kafka's has to be named");
  const auto found =
      std::ranges::find(kScripts, short_name(*word), &decltype(kScripts)::value_type::first);
  if (found == kScripts.end()) {
    return misuse(
        fmt::format("{} is a Java class that no command here stands for, and there is no "
                    "JVM: run it by Apache Kafka's own kafka-run-class",
                    *word));
  }
  std::vector<std::string> line{std::string(found->second)};
  if (found->second == "kafka-server-start" && std::find(words.begin(), word, "-daemon") != word) {
    line.emplace_back("-daemon");
  }
  line.insert(line.end(), word + 1, words.end());
  return line;
}

Command run_class_command() {
  return {.name = "run-class",
          .script_name = "kafka-run-class",
          .summary = "Run the command that stands for a Java class of Kafka's tools.",
          .verbs = {},
          .subject = {},
          .flags = {},
          .examples = kExamples,
          .run = explain,
          .section = Section::kThisProgram};
}

}  // namespace odradek::cli
