// SPDX-License-Identifier: Apache-2.0
#include "cli/transactions/transactions_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/transactions/find_hanging.h"
#include "cli/transactions/transaction_client.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"duration-filter", kRequired, "ms", "list: only transactions that run for longer."},
    FlagSpec{"transactional-id-pattern", kRequired, "regex",
             "list: only transactional ids that match."},
    FlagSpec{"transactional-id", kRequired, "id", "describe: the transactional id."},
    FlagSpec{"transactionalId", kRequired, "id", "terminate: the same."},
    FlagSpec{"topic", kRequired, "topic", "abort, describe-producers, find-hanging: the topic.",
             't'},
    FlagSpec{"partition", kRequired, "id", "And its partition.", 'p'},
    FlagSpec{"broker-id", kRequired, "id",
             "describe-producers, find-hanging: the replica on this broker."},
    FlagSpec{"max-transaction-timeout", kRequired, "minutes",
             "find-hanging: only transactions that run for longer than this (15)."},
    FlagSpec{"start-offset", kRequired, "offset", "abort: where the transaction begins."},
    FlagSpec{"producer-id", kRequired, "id",
             "abort, for servers before Kafka 3.0: in place of --start-offset."},
    FlagSpec{"producer-epoch", kRequired, "epoch", "And its epoch."},
    FlagSpec{"coordinator-epoch", kRequired, "epoch", "And the coordinator's."},
};

constexpr std::array<std::string_view, 6> kVerbs = {"list",  "describe",     "describe-producers",
                                                    "abort", "find-hanging", "terminate"};

constexpr std::string_view kExamples =
    "  odradek transactions list\n"
    "  odradek transactions describe --transactional-id billing-1\n"
    "  odradek transactions find-hanging --topic orders\n"
    "  kafka-transactions --bootstrap-server 127.0.0.1:9092 list --duration-filter 60000\n";

constexpr std::string_view kNothing = "None";

std::unexpected<base::Error> failed(std::string_view what, const base::Error& reason) {
  return base::fail(reason.code, fmt::format("{}: {}. Enable debug logging for additional detail.",
                                             what, reason.message));
}

base::Result<> need(const Flags& flags, std::string_view name) {
  if (flags.has(name)) return {};
  return misuse(fmt::format("argument --{} is required", name));
}

base::Result<base::TopicPartition> partition_of(const Flags& flags) {
  for (const std::string_view name : {"topic", "partition"}) {
    if (auto ok = need(flags, name); !ok) return base::fail(std::move(ok));
  }
  const auto partition = flags.number("partition", INT32_MIN, INT32_MAX);
  if (!partition) return base::fail(partition.error());
  return base::TopicPartition{*flags.value("topic"),
                              static_cast<std::int32_t>(partition->value_or(0))};
}

base::Result<std::optional<base::BrokerId>> broker_of(const Flags& flags) {
  const auto broker = flags.number("broker-id", INT32_MIN, INT32_MAX);
  if (!broker) return base::fail(broker.error());
  if (!*broker) return std::nullopt;
  return base::BrokerId(static_cast<std::int32_t>(**broker));
}

std::string text_or_none(const std::optional<std::int64_t>& number) {
  return number ? fmt::format("{}", *number) : std::string(kNothing);
}

base::Result<> list(const Invocation& invocation, Admin& admin) {
  const auto duration = invocation.flags.number("duration-filter");
  if (!duration) return base::fail(duration.error());
  const auto listings =
      list_transactions(admin, {.duration_ms = duration->value_or(-1),
                                .id_pattern = invocation.flags.value("transactional-id-pattern")});
  if (!listings) return failed("Failed to list transactions", listings.error());
  TransactionTable table{{"TransactionalId", "Coordinator", "ProducerId", "TransactionState"}, {}};
  for (const TransactionListing& listing : *listings) {
    table.rows.push_back(
        {listing.id, listing.coordinator.value(), listing.producer_id, listing.state});
  }
  table.print(invocation);
  return {};
}

base::Result<> describe(const Invocation& invocation, Admin& admin) {
  if (auto ok = need(invocation.flags, "transactional-id"); !ok) return ok;
  const std::string id = *invocation.flags.value("transactional-id");
  const auto found = describe_transaction(admin, id);
  if (!found) {
    return failed(fmt::format("Failed to describe transaction state of transactional-id `{}`", id),
                  found.error());
  }
  std::string partitions;
  for (const auto& partition : found->partitions) {
    partitions += (partitions.empty() ? "" : ",") + partition.to_string();
  }
  std::optional<std::int64_t> duration_ms;
  if (found->start_time_ms) duration_ms = wall_time_ms(admin) - *found->start_time_ms;
  TransactionTable table{
      {"CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch", "TransactionState",
       "TransactionTimeoutMs", "CurrentTransactionStartTimeMs", "TransactionDurationMs",
       "TopicPartitions"},
      {}};
  table.rows.push_back({found->coordinator.value(), id, found->producer_id, found->producer_epoch,
                        found->state, found->timeout_ms, text_or_none(found->start_time_ms),
                        text_or_none(duration_ms), partitions});
  table.print(invocation);
  return {};
}

base::Result<> describe_active(const Invocation& invocation, Admin& admin) {
  const auto partition = partition_of(invocation.flags);
  if (!partition) return base::fail(partition.error());
  const auto broker = broker_of(invocation.flags);
  if (!broker) return base::fail(broker.error());
  const auto producers = describe_producers(admin, *partition, *broker);
  if (!producers) {
    return failed(
        fmt::format("Failed to describe producers for partition {} on {}", partition->to_string(),
                    *broker ? fmt::format("broker {}", (*broker)->value()) : "leader"),
        producers.error());
  }
  TransactionTable table{{"ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch", "LastSequence",
                          "LastTimestamp", "CurrentTransactionStartOffset"},
                         {}};
  for (const ActiveProducer& producer : *producers) {
    table.rows.push_back({producer.producer_id, producer.producer_epoch, producer.coordinator_epoch,
                          producer.last_sequence, producer.last_timestamp_ms,
                          text_or_none(producer.transaction_start_offset)});
  }
  table.print(invocation);
  return {};
}

// By the offset where it begins: the producer that has it open.
base::Result<TransactionToAbort> transaction_at(Admin& admin, const base::TopicPartition& partition,
                                                std::int64_t start_offset) {
  const auto producers = describe_producers(admin, partition, std::nullopt);
  if (!producers) {
    return failed(
        fmt::format("Failed to validate producer state for partition {}", partition.to_string()),
        producers.error());
  }
  const auto found = std::ranges::find(*producers, std::optional(start_offset),
                                       &ActiveProducer::transaction_start_offset);
  if (found == producers->end()) {
    return base::fail(base::ErrorCode::kInvalidTxnState,
                      fmt::format("Could not find any open transactions starting at offset {} on "
                                  "partition {}",
                                  start_offset, partition.to_string()));
  }
  return TransactionToAbort{partition, found->producer_id,
                            static_cast<std::int16_t>(found->producer_epoch),
                            std::max(found->coordinator_epoch, 0)};
}

base::Result<TransactionToAbort> transaction_of(const Flags& flags,
                                                const base::TopicPartition& partition) {
  for (const std::string_view name : {"producer-epoch", "coordinator-epoch"}) {
    if (!flags.has(name)) {
      return base::fail(base::ErrorCode::kInvalidConfig,
                        fmt::format("Missing required argument --{}", name));
    }
  }
  const auto id = flags.number("producer-id");
  if (!id) return base::fail(id.error());
  const auto epoch = flags.number("producer-epoch", INT16_MIN, INT16_MAX);
  if (!epoch) return base::fail(epoch.error());
  const auto coordinator_epoch = flags.number("coordinator-epoch", INT32_MIN, INT32_MAX);
  if (!coordinator_epoch) return base::fail(coordinator_epoch.error());
  return TransactionToAbort{
      partition, id->value_or(-1), static_cast<std::int16_t>(epoch->value_or(-1)),
      static_cast<std::int32_t>(std::max<std::int64_t>(coordinator_epoch->value_or(0), 0))};
}

base::Result<> abort(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  const auto partition = partition_of(flags);
  if (!partition) return base::fail(partition.error());
  const auto start_offset = flags.number("start-offset");
  if (!start_offset) return base::fail(start_offset.error());
  if (!*start_offset && !flags.has("producer-id")) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      "The transaction to abort must be identified either with --start-offset (for "
                      "brokers on 3.0 or above) or with --producer-id, --producer-epoch, and "
                      "--coordinator-epoch (for older brokers)");
  }
  const auto transaction = *start_offset ? transaction_at(admin, *partition, **start_offset)
                                         : transaction_of(flags, *partition);
  if (!transaction) return base::fail(transaction.error());
  const auto aborted = abort_transaction(admin, *transaction);
  if (aborted) return {};
  return failed(fmt::format("Failed to abort transaction AbortTransactionSpec(topicPartition={}, "
                            "producerId={}, producerEpoch={}, coordinatorEpoch={})",
                            partition->to_string(), transaction->producer_id,
                            transaction->producer_epoch, transaction->coordinator_epoch),
                aborted.error());
}

base::Result<> terminate(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  if (!flags.has("transactional-id")) {
    if (auto ok = need(flags, "transactionalId"); !ok) return ok;
  }
  const std::string id = flags.value_or("transactionalId", flags.value_or("transactional-id", ""));
  const auto terminated = force_terminate(admin, id);
  if (terminated) return {};
  return failed(fmt::format("Failed to force terminate transactionalId `{}`", id),
                terminated.error());
}

struct Action {
  std::string_view verb;
  base::Result<> (*run)(const Invocation&, Admin&);
};
constexpr std::array kActions = {
    Action{"list", list},
    Action{"describe", describe},
    Action{"describe-producers", describe_active},
    Action{"abort", abort},
    Action{"find-hanging", find_hanging_transactions},
    Action{"forceTerminateTransaction", terminate},
    // Our own name of it.
    Action{"terminate", terminate},
};

// Under Kafka's name the action is a word, too.
base::Result<const Action*> action_of(const Invocation& invocation) {
  for (const Action& action : kActions) {
    if (invocation.is_native && invocation.flags.has(action.verb)) return &action;
  }
  const auto& words = invocation.flags.arguments();
  if (words.empty()) return misuse("too few arguments");
  const auto found = std::ranges::find(kActions, words[0], &Action::verb);
  if (found != kActions.end() && found->verb != "terminate") return &*found;
  return misuse(
      fmt::format("invalid choice: '{}' (choose from 'list', 'describe', 'describe-producers', "
                  "'abort', 'find-hanging', 'forceTerminateTransaction')",
                  words[0]));
}

int run_transactions(const Invocation& invocation) {
  const auto action = action_of(invocation);
  if (!action) return usage_error(invocation, action.error().message);
  if (!invocation.is_native) {
    if (auto ok = need(invocation.flags, "bootstrap-server"); !ok) {
      return usage_error(invocation, ok.error().message);
    }
  }
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "describeCluster");
  const auto done = admin ? (*action)->run(invocation, **admin) : base::fail(std::move(admin));
  if (done) return 0;
  if (done.error().code == base::ErrorCode::kInvalidRequest) {
    return usage_error(invocation, done.error().message);
  }
  if (invocation.is_native) return failure(invocation, done.error().message);
  fmt::print(stderr, "{}\n", done.error().message);
  return 1;
}

}  // namespace

Command transactions_command() {
  return {.name = "transactions",
          .script_name = "kafka-transactions",
          .summary = "List and describe transactions; find hanging ones and abort them.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_transactions,
          .section = Section::kRecords,
          .prints_data = true,
          .has_subcommands = true};
}

}  // namespace odradek::cli
