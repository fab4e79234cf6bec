// SPDX-License-Identifier: Apache-2.0
#include "cli/transactions/find_hanging.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cli/admin/admin.h"
#include "cli/admin/cluster_topics.h"
#include "cli/command.h"
#include "cli/transactions/transaction_client.h"

namespace odradek::cli {
namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kTimeoutMinutes = 15;

struct OpenTransaction {
  base::TopicPartition partition;
  ActiveProducer producer;
};

struct Search {
  std::optional<std::string> topic;
  std::optional<std::int32_t> partition;
  std::optional<base::BrokerId> broker;
  std::int64_t longer_than_ms = kTimeoutMinutes * kMsPerMinute;
};

std::unexpected<base::Error> failed(std::string_view what, const base::Error& reason) {
  return base::fail(reason.code, fmt::format("{}: {}. Enable debug logging for additional detail.",
                                             what, reason.message));
}

base::Result<Search> search_of(const Flags& flags) {
  Search search;
  search.topic = flags.value("topic");
  const auto partition = flags.number("partition", INT32_MIN, INT32_MAX);
  if (!partition) return base::fail(partition.error());
  const auto broker = flags.number("broker-id", INT32_MIN, INT32_MAX);
  if (!broker) return base::fail(broker.error());
  const auto minutes = flags.number("max-transaction-timeout", INT32_MIN, INT32_MAX);
  if (!minutes) return base::fail(minutes.error());
  if (!search.topic && !*broker) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      "The `find-hanging` command requires either --topic or --broker-id to limit "
                      "the scope of the search");
  }
  if (*partition && !search.topic) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      "The --partition argument requires --topic to be provided");
  }
  if (*partition) search.partition = static_cast<std::int32_t>(**partition);
  if (*broker) search.broker = base::BrokerId(static_cast<std::int32_t>(**broker));
  search.longer_than_ms = minutes->value_or(kTimeoutMinutes) * kMsPerMinute;
  return search;
}

base::Result<std::vector<base::TopicPartition>> partitions_of(Admin& admin, const Search& search) {
  if (search.partition)
    return std::vector<base::TopicPartition>{{*search.topic, *search.partition}};
  const auto topics = search.topic ? load_topics(admin, std::vector<std::string>{*search.topic})
                                   : load_topics(admin);
  if (!topics) return failed("Failed to list topics", topics.error());
  if (search.topic && topics->empty()) {
    return failed("Failed to describe 1 topics",
                  {base::ErrorCode::kUnknownTopicOrPartition,
                   "This server does not host this topic-partition."});
  }
  std::vector<base::TopicPartition> partitions;
  for (const auto& [name, topic] : *topics) {
    for (const auto& [index, partition] : topic.partitions) {
      const bool is_there =
          !search.broker || std::ranges::count(partition.replicas, *search.broker) > 0;
      if (is_there) partitions.push_back({name, index});
    }
  }
  return partitions;
}

base::Result<std::vector<OpenTransaction>> open_transactions(
    Admin& admin, const Search& search, const std::vector<base::TopicPartition>& partitions) {
  const std::int64_t now_ms = wall_time_ms(admin);
  std::vector<OpenTransaction> open;
  for (const base::TopicPartition& partition : partitions) {
    const auto producers = describe_producers(admin, partition, search.broker);
    if (!producers) {
      return failed(fmt::format("Failed to describe producers for {} partitions on broker {}",
                                partitions.size(),
                                search.broker ? fmt::format("Optional[{}]", search.broker->value())
                                              : "Optional.empty"),
                    producers.error());
    }
    for (const ActiveProducer& producer : *producers) {
      const bool is_long = now_ms - producer.last_timestamp_ms > search.longer_than_ms;
      if (producer.transaction_start_offset && is_long) open.push_back({partition, producer});
    }
  }
  return open;
}

// Of each producer the partitions that its coordinator will still end a transaction in.
base::Result<std::map<std::int64_t, std::set<base::TopicPartition>>> expected_partitions(
    Admin& admin, const std::vector<OpenTransaction>& open) {
  std::set<std::int64_t> ids;
  for (const OpenTransaction& transaction : open) ids.insert(transaction.producer.producer_id);
  const auto listings =
      list_transactions(admin, {.producer_ids = std::vector<std::int64_t>(ids.begin(), ids.end())});
  if (!listings) {
    return failed(fmt::format("Failed to list transactions for {} producers", ids.size()),
                  listings.error());
  }
  std::map<std::int64_t, std::set<base::TopicPartition>> expected;
  for (const TransactionListing& listing : *listings) {
    const auto described = describe_transaction(admin, listing.id);
    if (!described) {
      if (described.error().code == base::ErrorCode::kTransactionalIdNotFound) continue;
      return failed(fmt::format("Failed to describe {} transactions", listings->size()),
                    described.error());
    }
    expected[listing.producer_id].insert(described->partitions.begin(),
                                         described->partitions.end());
  }
  return expected;
}

}  // namespace

void TransactionTable::print(const Invocation& invocation) const {
  if (invocation.is_native) {
    Table table{.columns = {}, .rows = rows, .when_empty = "There is none."};
    // Kafka's TransactionalId is transactional_id here.
    static std::map<std::string_view, std::string> names;
    for (const std::string_view heading : headings) {
      std::string& name = names[heading];
      if (name.empty()) {
        for (const char c : heading) {
          const bool is_capital = c >= 'A' && c <= 'Z';
          if (is_capital && !name.empty()) name += '_';
          if (c == '(') break;
          name += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
        }
      }
      table.columns.push_back({name});
    }
    Output(invocation.output).print(table);
    return;
  }
  std::vector<std::size_t> widths;
  for (const std::string_view heading : headings) widths.push_back(heading.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], one_line(row[i].value).size());
    }
  }
  for (std::size_t i = 0; i < headings.size(); ++i) fmt::print("{:<{}}\t", headings[i], widths[i]);
  fmt::print("\n");
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      fmt::print("{:<{}}\t", one_line(row[i].value), widths[i]);
    }
    fmt::print("\n");
  }
}

std::int64_t wall_time_ms(Admin& admin) { return admin.world().clock().wall().value(); }

base::Result<> find_hanging_transactions(const Invocation& invocation, Admin& admin) {
  const auto search = search_of(invocation.flags);
  if (!search) return base::fail(search.error());
  const auto partitions = partitions_of(admin, *search);
  if (!partitions) return base::fail(partitions.error());
  const auto open = open_transactions(admin, *search, *partitions);
  if (!open) return base::fail(open.error());
  TransactionTable table{{"Topic", "Partition", "ProducerId", "ProducerEpoch", "CoordinatorEpoch",
                          "StartOffset", "LastTimestamp", "Duration(min)"},
                         {}};
  if (!open->empty()) {
    const auto expected = expected_partitions(admin, *open);
    if (!expected) return base::fail(expected.error());
    const std::int64_t now_ms = wall_time_ms(admin);
    for (const auto& [partition, producer] : *open) {
      const auto known = expected->find(producer.producer_id);
      if (known != expected->end() && known->second.contains(partition)) continue;
      table.rows.push_back({partition.topic, partition.partition, producer.producer_id,
                            producer.producer_epoch, producer.coordinator_epoch,
                            producer.transaction_start_offset, producer.last_timestamp_ms,
                            (now_ms - producer.last_timestamp_ms) / kMsPerMinute});
    }
  }
  table.print(invocation);
  return {};
}

}  // namespace odradek::cli
