// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/latency.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "base/java_double.h"
#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/kafka/assignment.h"
#include "cli/kafka/client.h"
#include "cli/kafka/topic.h"
#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/perf/java_number.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"
#include "wire/messages/create_topics.h"

namespace odradek::cli {
namespace {

constexpr int kPollMs = 100;
constexpr int kWatermarksTimeoutMs = 10'000;
constexpr std::int64_t kLongestWaitMs = 60'000;
constexpr std::int64_t kRecordsPerLine = 1'000;

base::Result<> failed(std::string message) {
  return base::fail(base::ErrorCode::kUnknownServerError, std::move(message));
}

// One record and what was made of it.
struct OnTheWay {
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool is_delivered = false;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

class LatencyTest {
 public:
  LatencyTest(const Invocation& invocation, const LatencyOptions& options)
      : invocation_(invocation),
        options_(options),
        world_({.loop_count = 1, .worker_threads = 1}),
        progress_(invocation, world_.clock(), "measuring",
                  static_cast<std::uint64_t>(options.records)) {}

  base::Result<> run() {
    if (auto ok = make_clients(); !ok) return ok;
    if (auto ok = make_topic(); !ok) return ok;
    auto topic = wait_for_topic(producer_.get(), options_.topic, 60'000, events_);
    if (!topic) return base::fail(std::move(topic));
    topic_ = *std::move(topic);
    if (auto ok = go_to_end(); !ok) return ok;
    base::Result<> done;
    for (std::int64_t i = 0; i < options_.records && ending_signal() == 0 && done; ++i) {
      done = measure(i);
    }
    if (done) print_summary();
    rdkafka().consumer_close(consumer_.get());
    return done;
  }

 private:
  base::Result<> make_clients() {
    events_.delivered = [](const rd_kafka_message_t& message, void*) {
      auto* record = static_cast<OnTheWay*>(message._private);
      record->is_delivered = true;
      record->error = message.err;
    };
    ClientConfig producing = options_.client;
    producing["linger.ms"] = "0";
    producing["acks"] = options_.acks;
    producing["socket.nagle.disable"] = "true";
    ClientConfig consuming = options_.client;
    consuming["group.id"] = fmt::format("test-group-{}", world_.clock().wall().value());
    consuming["enable.auto.commit"] = "false";
    consuming["auto.offset.reset"] = "latest";
    consuming["socket.nagle.disable"] = "true";
    // Records are answered as they come; what waits is an answer without one.
    consuming["fetch.min.bytes"] = "1";
    auto producer = make_client(RD_KAFKA_PRODUCER, producing, events_, UnknownKeys::kSaid);
    if (!producer) return base::fail(std::move(producer));
    producer_ = *std::move(producer);
    auto consumer = make_client(RD_KAFKA_CONSUMER, consuming, consumer_events_, UnknownKeys::kSaid);
    if (!consumer) return base::fail(std::move(consumer));
    consumer_ = *std::move(consumer);
    rdkafka().poll_set_consumer(consumer_.get());
    return {};
  }

  // Whether the topic is among those that are there: asking for it alone might make it.
  base::Result<bool> has_topic() {
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error =
        rdkafka().metadata(producer_.get(), 1, nullptr, &metadata, kWatermarksTimeoutMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return base::fail(base::ErrorCode::kRequestTimedOut, rdkafka().err2str(error));
    }
    bool found = false;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      found = found || options_.topic == metadata->topics[i].topic;
    }
    rdkafka().metadata_destroy(metadata);
    return found;
  }

  base::Result<> make_topic() {
    const auto there = has_topic();
    if (!there) return base::fail(there.error());
    if (*there) return {};
    if (!is_json()) {
      fmt::print(
          "Topic \"{}\" does not exist. Will create topic with 1 partition(s) and replication "
          "factor = 1\n",
          options_.topic);
    }
    const auto list = options_.client.find("bootstrap.servers");
    auto servers = parse_servers(list == options_.client.end() ? "" : list->second);
    if (!servers) return base::fail(std::move(servers));
    auto admin = Admin::connect(*servers, options_.client, std::chrono::seconds(30));
    if (!admin) return base::fail(std::move(admin));
    wire::CreateTopicsRequest request;
    request.topics.push_back({options_.topic, 1, 1, {}, {}});
    auto answer = (*admin)->ask_controller<wire::CreateTopicsResponse>(std::move(request));
    if (!answer) return base::fail(std::move(answer));
    for (const auto& topic : answer->topics) {
      if (topic.error_code == base::ErrorCode::kNone ||
          topic.error_code == base::ErrorCode::kTopicAlreadyExists) {
        continue;
      }
      if (!is_json()) fmt::print("Creation of topic {} failed\n", options_.topic);
      return failed(error_text(topic.error_code, topic.error_message));
    }
    return {};
  }

  // Reads what comes from now on.
  base::Result<> go_to_end() {
    const PartitionList ends = make_partition_list();
    for (std::int32_t partition = 0; partition < topic_.partitions; ++partition) {
      std::int64_t low = 0;
      std::int64_t high = 0;
      const auto error = rdkafka().query_watermark_offsets(
          consumer_.get(), options_.topic.c_str(), partition, &low, &high, kWatermarksTimeoutMs);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(rdkafka().err2str(error));
      rdkafka().topic_partition_list_add(ends.get(), options_.topic.c_str(), partition)->offset =
          high;
    }
    const auto error = rdkafka().assign(consumer_.get(), ends.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return failed(rdkafka().err2str(error));
  }

  std::string letters(std::size_t size) {
    return std::string(size, static_cast<char>('A' + world_.random().next() % 26));
  }

  base::Result<> measure(std::int64_t number) {
    OnTheWay record{letters(options_.key_bytes), letters(options_.value_bytes), {}};
    for (std::int64_t i = 0; i < options_.headers; ++i) {
      record.headers.emplace_back(letters(options_.header_key_bytes), std::nullopt);
      if (options_.header_value_bytes) {
        record.headers.back().second = letters(*options_.header_value_bytes);
      }
    }
    const auto begun = world_.clock().monotonic();
    if (auto sent = send(record); !sent) return sent;
    if (auto read = receive(record); !read) return read;
    if (ending_signal() != 0) return {};
    const auto elapsed_ns = (world_.clock().monotonic() - begun).count();
    if (number % kRecordsPerLine == 0 && !is_json()) {
      progress_.hide();
      const double elapsed_ms = static_cast<double>(elapsed_ns) / 1000.0 / 1000.0;
      fmt::print("{}\t{}\n", number, base::java_double(elapsed_ms));
      std::fflush(stdout);
    }
    total_ns_ += static_cast<double>(elapsed_ns);
    latencies_ms_.push_back(elapsed_ns / 1'000'000);
    progress_.advance();
    return {};
  }

  base::Result<> send(OnTheWay& record) {
    rd_kafka_headers_t* headers = rdkafka().headers_new(record.headers.size());
    for (const auto& [key, value] : record.headers) {
      rdkafka().header_add(headers, key.data(), static_cast<ssize_t>(key.size()),
                           value ? value->data() : nullptr,
                           value ? static_cast<ssize_t>(value->size()) : 0);
    }
    const auto error =
        rdkafka().producev(producer_.get(), RD_KAFKA_V_RKT(topic_.handle.get()),
                           RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
                           RD_KAFKA_V_VALUE(record.value.data(), record.value.size()),
                           RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&record), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      rdkafka().headers_destroy(headers);
      return failed(rdkafka().err2str(error));
    }
    while (!record.is_delivered) rdkafka().poll(producer_.get(), kPollMs);
    return record.error == RD_KAFKA_RESP_ERR_NO_ERROR ? base::Result<>()
                                                      : failed(rdkafka().err2str(record.error));
  }

  base::Result<> receive(const OnTheWay& record) {
    const auto deadline = world_.clock().monotonic() + std::chrono::milliseconds(kLongestWaitMs);
    while (ending_signal() == 0) {
      const RdMessage message(rdkafka().consumer_poll(consumer_.get(), kPollMs));
      if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return compare(record, *message);
      }
      if (world_.clock().monotonic() > deadline) {
        return failed(fmt::format("poll() timed out before finding a result (timeout:[{}ms])",
                                  kLongestWaitMs));
      }
    }
    return {};
  }

  static base::Result<> compare(const OnTheWay& record, const rd_kafka_message_t& message) {
    const std::string_view value(static_cast<const char*>(message.payload), message.len);
    const std::string_view key(static_cast<const char*>(message.key), message.key_len);
    if (value != record.value) {
      return failed(
          fmt::format("The message value read [{}] did not match the message value sent [{}]",
                      value, record.value));
    }
    if (key != record.key) {
      return failed(fmt::format("The message key read [{}] did not match the message key sent [{}]",
                                key, record.key));
    }
    return {};
  }

  bool is_json() const {
    return invocation_.is_native && invocation_.output.form == OutputForm::kJson;
  }

  void print_summary() {
    progress_.hide();
    if (latencies_ms_.empty()) return;
    std::ranges::sort(latencies_ms_);
    const auto count = static_cast<double>(latencies_ms_.size());
    const double average_ms = total_ns_ / count / 1000.0 / 1000.0;
    const auto percentile = [&](double part) {
      return latencies_ms_[static_cast<std::size_t>(count * part)];
    };
    const std::string text = fmt::format(
        "Avg latency: {} ms\nPercentiles: 50th = {}, 99th = {}, 99.9th = {}\n",
        java_fixed(average_ms, 4), percentile(0.5), percentile(0.99), percentile(0.999));
    if (!is_json()) {
      fmt::print("{}", text);
      return;
    }
    Output(invocation_.output)
        .print(Message{fmt::format("Avg latency: {} ms", java_fixed(average_ms, 4)),
                       {{"records", latencies_ms_.size()},
                        {"average_latency_ms", average_ms},
                        {"latency_50th_ms", percentile(0.5)},
                        {"latency_99th_ms", percentile(0.99)},
                        {"latency_99_9th_ms", percentile(0.999)}}});
  }

  const Invocation& invocation_;
  const LatencyOptions& options_;
  env::LinuxWorld world_;
  Progress progress_;
  ClientEvents events_;
  ClientEvents consumer_events_;
  RdKafkaHandle producer_;
  RdKafkaHandle consumer_;
  KnownTopic topic_;
  std::vector<std::int64_t> latencies_ms_;
  double total_ns_ = 0;
};

}  // namespace

base::Result<> measure_latency(const Invocation& invocation, const LatencyOptions& options) {
  if (auto there = check_reachable(options.client, std::chrono::seconds(10)); !there) return there;
  catch_ending_signals();
  return LatencyTest(invocation, options).run();
}

}  // namespace odradek::cli
