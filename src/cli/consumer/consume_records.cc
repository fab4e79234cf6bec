// SPDX-License-Identifier: Apache-2.0
#include "cli/consumer/consume_records.h"

#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "cli/consumer/zookeeper_group.h"
#include "cli/kafka/assignment.h"
#include "cli/kafka/client.h"
#include "cli/name_pattern.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

constexpr int kPollMs = 100;
constexpr int kMetadataTimeoutMs = 10'000;
// How often new partitions and topics are looked for where no group does it.
constexpr env::Duration kRefreshInterval = std::chrono::seconds(5);
constexpr env::Duration kSearchInterval = std::chrono::milliseconds(200);
// How often members that came or went are looked for in ZooKeeper.
constexpr env::Duration kBalanceInterval = std::chrono::seconds(1);
constexpr std::size_t kFlushBytes = std::size_t{64} << 10;

using Partition = std::pair<std::string, std::int32_t>;

std::optional<std::string_view> bytes_or_null(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

ConsumedRecord record_of(const rd_kafka_message_t& message) {
  ConsumedRecord record;
  record.topic = rdkafka().topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  record.key = bytes_or_null(message.key, message.key_len);
  record.value = bytes_or_null(message.payload, message.len);
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp = rdkafka().message_timestamp(&message, &type);
  if (type == RD_KAFKA_TIMESTAMP_CREATE_TIME) {
    record.timestamp_type = ConsumedRecord::TimestampType::kCreateTime;
  } else if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
    record.timestamp_type = ConsumedRecord::TimestampType::kLogAppendTime;
  }
  rd_kafka_headers_t* headers = nullptr;
  if (rdkafka().message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rdkafka().header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers.emplace_back(name, bytes_or_null(value, size));
  }
  return record;
}

bool is_fatal(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
      return false;
    default:
      return true;
  }
}

class RecordConsumer {
 public:
  RecordConsumer(const ConsumeOptions& options, std::uint64_t& count)
      : options_(options), count_(count), world_({.loop_count = 1, .worker_threads = 1}) {}

  base::Result<> run() {
    auto client = make_client(RD_KAFKA_CONSUMER, options_.consumer, events_);
    if (!client) return base::fail(std::move(client));
    client_ = *std::move(client);
    rdkafka().poll_set_consumer(client_.get());
    if (auto begun = begin(); !begun) return begun;
    auto done = read_all();
    // Gives back what the group assigned, with the offsets reached.
    flush_output();
    rdkafka().consumer_close(client_.get());
    if (group_ != nullptr) {
      auto left = group_->leave();
      if (done && !left) return left;
    }
    return done;
  }

 private:
  base::Result<> begin() {
    if (!options_.topics_pattern.empty()) {
      auto pattern = NamePattern::parse(options_.topics_pattern);
      if (!pattern) return base::fail(std::move(pattern));
      pattern_ = std::make_unique<NamePattern>(*std::move(pattern));
    }
    if (options_.partition) {
      return assign({{options_.topic, *options_.partition}}, options_.offset);
    }
    if (!options_.zookeeper.empty()) {
      if (auto joined = join_in_zookeeper(); !joined) return joined;
    } else if (options_.has_group) {
      return subscribe();
    }
    return refresh(options_.consumer.at("auto.offset.reset") == "earliest"
                       ? RD_KAFKA_OFFSET_BEGINNING
                       : RD_KAFKA_OFFSET_END);
  }

  base::Result<> join_in_zookeeper() {
    // A group of this consumer alone is named as Kafka's tool did it.
    const std::string group =
        options_.has_group ? options_.consumer.at("group.id")
                           : fmt::format("console-consumer-{}", world_.random().next() % 100'000);
    auto joined =
        ZookeeperGroup::join({.servers = options_.zookeeper,
                              .group = options_.consumer.at("group.id"),
                              .is_passing = !options_.has_group,
                              .topic = options_.topic,
                              .topics_pattern = pattern_ == nullptr ? "" : pattern_->expression(),
                              .random = world_.random().next(),
                              .now_ms = world_.clock().wall().value()});
    if (!joined) return base::fail(std::move(joined));
    group_ = *std::move(joined);
    committed_at_ = world_.clock().monotonic();
    return {};
  }

  base::Result<> subscribe() {
    const auto list = make_partition_list();
    const std::string name =
        pattern_ == nullptr ? options_.topic : fmt::format("^({})$", pattern_->expression());
    rdkafka().topic_partition_list_add(list.get(), name.c_str(), RD_KAFKA_PARTITION_UA);
    return check(rdkafka().subscribe(client_.get(), list.get()));
  }

  // Reads the partitions that are not read yet, from `offset` on.
  base::Result<> refresh(std::int64_t offset) {
    refreshed_at_ = world_.clock().monotonic();
    rd_kafka_topic_t* topic =
        pattern_ == nullptr ? rdkafka().topic_new(client_.get(), options_.topic.c_str(), nullptr)
                            : nullptr;
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = rdkafka().metadata(client_.get(), pattern_ == nullptr ? 0 : 1, topic,
                                          &metadata, kMetadataTimeoutMs);
    if (topic != nullptr) rdkafka().topic_destroy(topic);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return assigned_.empty() ? check(error) : base::Result<>();
    }
    std::vector<Partition> fresh;
    base::Result<> valid;
    for (int i = 0; i < metadata->topic_cnt && valid; ++i) {
      valid = add_topic(metadata->topics[i], fresh);
    }
    rdkafka().metadata_destroy(metadata);
    if (valid && group_ != nullptr) return balance();
    return valid && !fresh.empty() ? assign(fresh, offset) : valid;
  }

  // What the other members leave to this one.
  base::Result<> balance() {
    balanced_at_ = world_.clock().monotonic();
    auto changes = group_->balance(assigned_);
    if (!changes) return base::fail(std::move(changes));
    if (!changes->lost.empty()) {
      const auto list = make_partition_list();
      for (const auto& [topic, index] : changes->lost) {
        rdkafka().topic_partition_list_add(list.get(), topic.c_str(), index);
      }
      auto taken = check(rdkafka().incremental_unassign(client_.get(), list.get()));
      if (!taken) return taken;
    }
    const std::int64_t otherwise = options_.consumer.at("auto.offset.reset") == "earliest"
                                       ? RD_KAFKA_OFFSET_BEGINNING
                                       : RD_KAFKA_OFFSET_END;
    for (const auto& [partition, offset] : changes->gained) {
      auto assigned = assign({partition}, offset.value_or(otherwise));
      if (!assigned) return assigned;
    }
    return {};
  }

  base::Result<> keep_group() {
    const auto now = world_.clock().monotonic();
    const bool balances = now - balanced_at_ > kBalanceInterval;
    const bool commits =
        now - committed_at_ > std::chrono::milliseconds(options_.commit_interval_ms);
    // No offset is kept before its record is written out.
    if ((balances || commits) && !flush_output()) return {};
    if (balances) {
      if (auto balanced = balance(); !balanced) return balanced;
    }
    if (!commits) return {};
    committed_at_ = now;
    return group_->commit();
  }

  base::Result<> add_topic(const rd_kafka_metadata_topic& topic, std::vector<Partition>& fresh) {
    if (pattern_ != nullptr &&
        (is_internal_topic(topic.topic) || !pattern_->matches(topic.topic))) {
      return {};
    }
    if (is_fatal(topic.err)) return check(topic.err);
    for (int i = 0; i < topic.partition_cnt; ++i) {
      const Partition partition(topic.topic, topic.partitions[i].id);
      if (assigned_.insert(partition).second) fresh.push_back(partition);
    }
    return {};
  }

  base::Result<> assign(const std::vector<Partition>& partitions, std::int64_t offset) {
    const auto list = make_partition_list();
    for (const auto& [topic, index] : partitions) {
      rdkafka().topic_partition_list_add(list.get(), topic.c_str(), index)->offset = offset;
    }
    if (options_.partition) return check(rdkafka().assign(client_.get(), list.get()));
    return check(rdkafka().incremental_assign(client_.get(), list.get()));
  }

  static base::Result<> check(rd_kafka_error_t* error) {
    if (error == nullptr) return {};
    const std::string reason = rdkafka().error_string(error);
    rdkafka().error_destroy(error);
    return base::fail(base::ErrorCode::kUnknownServerError, reason);
  }

  base::Result<> read_all() {
    auto last_record = world_.clock().monotonic();
    while (ending_signal() == 0 &&
           (!options_.max_records || std::cmp_less(count_, *options_.max_records))) {
      if (group_ != nullptr) {
        if (auto kept = keep_group(); !kept) return kept;
      }
      const RdMessage message(rdkafka().consumer_poll(client_.get(), wait_ms()));
      const auto now = world_.clock().monotonic();
      if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        last_record = now;
        if (auto printed = print(*message); !printed) return printed;
        if (group_ != nullptr) {
          group_->reached({rdkafka().topic_name(message->rkt), message->partition},
                          message->offset + 1);
        }
        if (!output_.empty() && output_.size() < kFlushBytes) continue;
        if (!flush_output()) return {};
        continue;
      }
      if (!flush_output()) return {};
      if (message != nullptr && is_fatal(message->err)) {
        return base::fail(base::ErrorCode::kUnknownServerError,
                          rdkafka().message_errstr(message.get()));
      }
      if (options_.timeout_ms &&
          now - last_record > std::chrono::milliseconds(*options_.timeout_ms)) {
        return {};
      }
      if (!options_.partition && (!options_.has_group || group_ != nullptr) &&
          now - refreshed_at_ > (assigned_.empty() ? kSearchInterval : kRefreshInterval)) {
        // What appears later is new, so it is read from its beginning.
        if (auto found = refresh(RD_KAFKA_OFFSET_BEGINNING); !found) return found;
      }
    }
    return {};
  }

  // Records that were printed but not yet written out wait for no further one.
  int wait_ms() const { return output_.empty() ? kPollMs : 0; }

  base::Result<> print(const rd_kafka_message_t& message) {
    ++count_;
    const std::size_t before = output_.size();
    auto printed = options_.format(record_of(message), output_);
    if (printed) return printed;
    output_.resize(before);
    const std::string reason =
        fmt::format("topic {}, partition {}, offset {}: {}", rdkafka().topic_name(message.rkt),
                    message.partition, message.offset, printed.error().message);
    if (!options_.skips_errors) return base::fail(printed.error().code, reason);
    fmt::print(stderr, "skipped: {}\n", reason);
    return {};
  }

  // Whether somebody still reads.
  bool flush_output() {
    if (output_.empty()) return true;
    const bool written = std::fwrite(output_.data(), 1, output_.size(), stdout) == output_.size() &&
                         std::fflush(stdout) == 0;
    output_.clear();
    if (!written) fmt::print(stderr, "Unable to write to standard out, closing consumer.\n");
    return written;
  }

  base::Result<> check(rd_kafka_resp_err_t error) const {
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return base::fail(base::ErrorCode::kUnknownServerError,
                      fmt::format("topic {}: {}",
                                  options_.topic.empty() ? options_.topics_pattern : options_.topic,
                                  rdkafka().err2str(error)));
  }

  const ConsumeOptions& options_;
  std::uint64_t& count_;
  env::LinuxWorld world_;  // its clock, and SIGPIPE is ignored
  ClientEvents events_;
  RdKafkaHandle client_;
  std::unique_ptr<NamePattern> pattern_;
  std::set<Partition> assigned_;  // what is read without a group, or shared out in ZooKeeper
  std::unique_ptr<ZookeeperGroup> group_;
  env::MonotonicTime balanced_at_{};
  env::MonotonicTime committed_at_{};
  env::MonotonicTime refreshed_at_{};
  std::string output_;
};

}  // namespace

base::Result<> consume_records(const ConsumeOptions& options, std::uint64_t& count) {
  if (auto there = check_reachable(options.consumer, std::chrono::seconds(10)); !there) {
    return there;
  }
  catch_ending_signals();
  return RecordConsumer(options, count).run();
}

}  // namespace odradek::cli
