// SPDX-License-Identifier: Apache-2.0
#include "cli/verifiable/verifiable_consumer_command.h"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cli/argparse.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/kafka/assignment.h"
#include "cli/kafka/client.h"
#include "cli/signals.h"
#include "cli/verifiable/client_files.h"
#include "cli/verifiable/events.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr int kPollMs = 100;
// A Java consumer's max.poll.records.
constexpr std::size_t kMaxPollRecords = 500;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"topic", kRequired, "topic", "The topic to read.", 't'},
    FlagSpec{"group-id", kRequired, "group", "The group to read as a member of.", 'g'},
    FlagSpec{"group-instance-id", kRequired, "id", "A static member of the group."},
    FlagSpec{"group-protocol", kRequired, "classic|consumer", "group.protocol (classic)."},
    FlagSpec{"group-remote-assignor", kRequired, "name", "group.remote.assignor."},
    FlagSpec{"max-messages", kRequired, "number", "Stop after so many records; -1 is never.", 'n'},
    FlagSpec{"session-timeout", kRequired, "ms", "session.timeout.ms."},
    FlagSpec{"verbose", kNone, "", "Tell of each record."},
    FlagSpec{"enable-autocommit", kNone, "", "Let the client commit, which is not told."},
    FlagSpec{"reset-policy", kRequired, "earliest|latest|none", "auto.offset.reset (earliest)."},
    FlagSpec{"assignment-strategy", kRequired, "class",
             "partition.assignment.strategy (org.apache.kafka.clients.consumer.RangeAssignor)."},
    FlagSpec{"command-config", kRequired, "file", "A properties file with consumer settings."},
    FlagSpec{"consumer.config", kRequired, "file", ""},
};

constexpr std::string_view kExamples =
    "  odradek verify consume t --group-id g --max-messages 1000\n"
    "  kafka-verifiable-consumer --bootstrap-server 127.0.0.1:9092 --topic t --group-id g "
    "--verbose\n";

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  for (const std::string_view flag : {"max-messages", "session-timeout"}) {
    if (auto number = argparse_number(flags, flag, JavaInteger::kInteger); !number) {
      return base::fail(std::move(number));
    }
  }
  if (auto ok = argparse_require(flags, {"topic", "group-id"}); !ok) return ok;
  if (!invocation.is_native && !flags.has("bootstrap-server")) {
    return misuse("argument --bootstrap-server is required");
  }
  const std::string protocol = flags.value_or("group-protocol", "classic");
  if (::strcasecmp(protocol.c_str(), "classic") == 0) return {};
  return misuse(fmt::format("--group-protocol {}: only classic is there", protocol));
}

struct Options {
  std::string topic;
  std::int64_t max_records = -1;
  bool is_verbose = false;
  bool commits_itself = true;
  ClientConfig consumer;
};

base::Result<Options> options_of(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  Options options;
  options.topic = flags.value_or("topic", "");
  options.max_records = flags.number("max-messages").value_or(std::nullopt).value_or(-1);
  options.is_verbose = flags.has("verbose");
  options.commits_itself = !flags.has("enable-autocommit");
  ClientConfig& config = options.consumer;
  if (auto ok = add_client_files(invocation, "consumer.config", config); !ok) {
    return base::fail(std::move(ok));
  }
  config["partition.assignment.strategy"] =
      flags.value_or("assignment-strategy", "org.apache.kafka.clients.consumer.RangeAssignor");
  if (const auto timeout = flags.value("session-timeout")) config["session.timeout.ms"] = *timeout;
  config["group.id"] = flags.value_or("group-id", "");
  if (const auto id = flags.value("group-instance-id")) config["group.instance.id"] = *id;
  config["bootstrap.servers"] = flags.value_or("bootstrap-server", "127.0.0.1:9092");
  config["enable.auto.commit"] = options.commits_itself ? "false" : "true";
  config["auto.offset.reset"] = flags.value_or("reset-policy", "earliest");
  return options;
}

Object place(std::string_view topic, std::int32_t partition) {
  return {{"topic", topic}, {"partition", partition}};
}

std::optional<std::string> text_or_null(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data), size);
}

// Records of one partition, in their order.
struct Taken {
  std::int64_t count = 0;
  std::int64_t first_offset = -1;
  std::int64_t last_offset = -1;
};

class VerifiableConsumer {
 public:
  explicit VerifiableConsumer(const Options& options)
      : options_(options),
        world_({.loop_count = 1, .worker_threads = 1}),
        events_(world_.clock()) {}

  base::Result<> run() {
    client_events_.rebalanced = [](rd_kafka_t* client, rd_kafka_resp_err_t what,
                                   rd_kafka_topic_partition_list_t* partitions, void* self) {
      static_cast<VerifiableConsumer*>(self)->rebalanced(client, what, partitions);
    };
    client_events_.context = this;
    auto client =
        make_client(RD_KAFKA_CONSUMER, options_.consumer, client_events_, UnknownKeys::kSaid);
    if (!client) return base::fail(std::move(client));
    client_ = *std::move(client);
    rdkafka().poll_set_consumer(client_.get());
    events_.print("startup_complete");
    const PartitionList topics = make_partition_list();
    rdkafka().topic_partition_list_add(topics.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
    rdkafka().subscribe(client_.get(), topics.get());
    auto done = read_all();
    const bool was_asked = ending_signal() != 0;
    if (was_asked) events_.print("shutdown_requested");
    rdkafka().consumer_close(client_.get());
    events_.print("shutdown_complete");
    // A Java consumer is asked to shut down when its process ends by itself, too.
    if (!was_asked) events_.print("shutdown_requested");
    return done;
  }

 private:
  bool is_finished() const {
    return options_.max_records >= 0 && consumed_ >= options_.max_records;
  }

  void rebalanced(rd_kafka_t* client, rd_kafka_resp_err_t what,
                  rd_kafka_topic_partition_list_t* partitions) {
    const bool came = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    List list;
    for (int i = 0; i < partitions->cnt; ++i) {
      list.emplace_back(place(partitions->elems[i].topic, partitions->elems[i].partition));
    }
    // They are given back only once that is told.
    events_.print(came ? "partitions_assigned" : "partitions_revoked",
                  {{"partitions", std::move(list)}});
    follow_rebalance(client, what, partitions);
  }

  base::Result<> read_all() {
    while (!is_finished() && ending_signal() == 0) {
      RdMessage message(rdkafka().consumer_poll(client_.get(), kPollMs));
      std::map<std::int32_t, Taken> taken;
      std::int64_t polled = 0;
      while (message != nullptr) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          ++polled;
          take(*message, taken[message->partition]);
        } else if (auto ok = check(*message); !ok) {
          return ok;
        }
        if (static_cast<std::size_t>(polled) == kMaxPollRecords || is_finished()) break;
        message.reset(rdkafka().consumer_poll(client_.get(), 0));
      }
      if (polled > 0) report(taken, polled);
    }
    return {};
  }

  void take(const rd_kafka_message_t& message, Taken& taken) {
    ++consumed_;
    if (taken.count++ == 0) taken.first_offset = message.offset;
    taken.last_offset = message.offset;
    if (!options_.is_verbose) return;
    events_.print("record_data", {{"key", text_or_null(message.key, message.key_len)},
                                  {"value", text_or_null(message.payload, message.len)},
                                  {"topic", options_.topic},
                                  {"partition", message.partition},
                                  {"offset", message.offset}});
  }

  base::Result<> check(const rd_kafka_message_t& message) const {
    switch (message.err) {
      case RD_KAFKA_RESP_ERR__FATAL:
      case RD_KAFKA_RESP_ERR__NO_OFFSET:
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return base::fail(base::ErrorCode::kUnknownServerError, rdkafka().message_errstr(&message));
      default:
        return {};  // the client goes on by itself
    }
  }

  void report(const std::map<std::int32_t, Taken>& taken, std::int64_t polled) {
    List summaries;
    for (const auto& [partition, records] : taken) {
      Object summary = place(options_.topic, partition);
      summary.emplace_back("count", records.count);
      summary.emplace_back("minOffset", records.first_offset);
      summary.emplace_back("maxOffset", records.last_offset);
      summaries.emplace_back(std::move(summary));
    }
    events_.print("records_consumed", {{"count", polled}, {"partitions", std::move(summaries)}});
    if (options_.commits_itself) commit(taken);
  }

  void commit(const std::map<std::int32_t, Taken>& taken) {
    const PartitionList offsets = make_partition_list();
    List list;
    for (const auto& [partition, records] : taken) {
      const std::int64_t next = records.last_offset + 1;
      rdkafka().topic_partition_list_add(offsets.get(), options_.topic.c_str(), partition)->offset =
          next;
      Object offset = place(options_.topic, partition);
      offset.emplace_back("offset", next);
      list.emplace_back(std::move(offset));
    }
    const auto error = rdkafka().commit(client_.get(), offsets.get(), 0);
    Object event = {{"offsets", std::move(list)}};
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) event.emplace_back("error", rdkafka().err2str(error));
    event.emplace_back("success", error == RD_KAFKA_RESP_ERR_NO_ERROR);
    events_.print("offsets_committed", std::move(event));
  }

  const Options& options_;
  env::LinuxWorld world_;
  Events events_;
  ClientEvents client_events_;
  RdKafkaHandle client_;
  std::int64_t consumed_ = 0;
};

int run_verifiable_consumer(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  const auto options = options_of(invocation);
  if (!options) return usage_error(invocation, options.error().message);
  if (auto there = check_reachable(options->consumer, std::chrono::seconds(10)); !there) {
    return failure(invocation, there.error().message);
  }
  catch_ending_signals();
  if (auto done = VerifiableConsumer(*options).run(); !done) {
    return failure(invocation, done.error().message);
  }
  return exit_code_after_signal(0);
}

}  // namespace

Command verifiable_consumer_command() {
  return {
      .name = "verify consume",
      .script_name = "kafka-verifiable-consumer",
      .summary =
          "Read as a member of a group, and tell what is read and committed, for test harnesses.",
      .verbs = {},
      .subject = "topic",
      .flags = kFlags,
      .examples = kExamples,
      .run = run_verifiable_consumer,
      .section = Section::kLoad,
      .argparse_name = "verifiable-consumer"};
}

}  // namespace odradek::cli
