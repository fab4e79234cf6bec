// SPDX-License-Identifier: Apache-2.0
#include "cli/producer/produce_lines.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "cli/kafka/client.h"
#include "cli/kafka/topic.h"
#include "cli/producer/line_reader.h"
#include "cli/signals.h"

namespace odradek::cli {
namespace {

constexpr int kPollMs = 100;

// What became of the records handed to the producer.
struct Deliveries : ProducedLines {
  std::string first_failure;
};

void note_delivery(const rd_kafka_message_t& message, void* context) {
  auto& deliveries = *static_cast<Deliveries*>(context);
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++deliveries.delivered;
  } else if (deliveries.failed++ == 0) {
    deliveries.first_failure = rdkafka().err2str(message.err);
  }
}

// A line without its end; \r\n ends one, too.
class Input {
 public:
  ~Input() { std::free(line_); }
  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  bool next(std::string_view& line) {
    const ssize_t size = ::getline(&line_, &capacity_, stdin);
    if (size < 0 || ending_signal() != 0) return false;
    line = {line_, static_cast<std::size_t>(size)};
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }

 private:
  char* line_ = nullptr;
  std::size_t capacity_ = 0;
};

rd_kafka_headers_t* make_headers(const LineRecord& record) {
  rd_kafka_headers_t* headers = rdkafka().headers_new(record.headers.size());
  for (const auto& [key, value] : record.headers) {
    rdkafka().header_add(headers, key.data(), static_cast<ssize_t>(key.size()),
                         value ? value->data() : nullptr,
                         value ? static_cast<ssize_t>(value->size()) : 0);
  }
  return headers;
}

class LineProducer {
 public:
  LineProducer(const ProduceOptions& options, LineReader reader)
      : options_(options), reader_(std::move(reader)) {}

  base::Result<ProducedLines> run() {
    events_.delivered = note_delivery;
    events_.context = &deliveries_;
    auto client = make_client(RD_KAFKA_PRODUCER, options_.producer, events_);
    if (!client) return base::fail(std::move(client));
    client_ = *std::move(client);
    auto topic =
        wait_for_topic(client_.get(), options_.topic, max_block_ms(options_.producer), events_);
    if (!topic) return base::fail(std::move(topic));
    auto sent = send_all();
    while (rdkafka().outq_len(client_.get()) > 0) rdkafka().flush(client_.get(), kPollMs);
    return summary(std::move(sent));
  }

 private:
  base::Result<> send_all() {
    Input input;
    std::string_view line;
    std::uint64_t number = 0;
    while (true) {
      if (options_.prompts) {
        fmt::print(">");
        std::fflush(stdout);
      }
      if (!input.next(line)) return {};
      auto record = reader_.parse(line, ++number);
      if (!record) return base::fail(std::move(record));
      if (auto sent = send(*record, number); !sent) return sent;
    }
  }

  base::Result<> send(const LineRecord& record, std::uint64_t line) {
    while (true) {
      const auto error = enqueue(record);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return base::fail(
            base::ErrorCode::kInvalidRecord,
            fmt::format("the record of line {} is refused: {}", line, rdkafka().err2str(error)));
      }
      rdkafka().poll(client_.get(), kPollMs);
    }
    rdkafka().poll(client_.get(), 0);
    if (options_.is_synchronous) {
      while (rdkafka().outq_len(client_.get()) > 0) rdkafka().flush(client_.get(), kPollMs);
    }
    return {};
  }

  rd_kafka_resp_err_t enqueue(const LineRecord& record) {
    const auto* key = record.key ? record.key->data() : nullptr;
    const auto key_size = record.key ? record.key->size() : 0;
    auto* value = record.value ? const_cast<char*>(record.value->data()) : nullptr;
    const auto value_size = record.value ? record.value->size() : 0;
    if (record.headers.empty()) {
      return rdkafka().producev(client_.get(), RD_KAFKA_V_TOPIC(options_.topic.c_str()),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_VALUE(value, value_size),
                                RD_KAFKA_V_END);
    }
    rd_kafka_headers_t* headers = make_headers(record);
    const auto error = rdkafka().producev(
        client_.get(), RD_KAFKA_V_TOPIC(options_.topic.c_str()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_size),
        RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rdkafka().headers_destroy(headers);
    return error;
  }

  base::Result<ProducedLines> summary(base::Result<> sent) const {
    const std::string counts = fmt::format("{} records were acknowledged, {} were not",
                                           deliveries_.delivered, deliveries_.failed);
    if (!sent) {
      return base::fail(sent.error().code, fmt::format("{} ({})", sent.error().message, counts));
    }
    if (deliveries_.failed == 0) return deliveries_;
    return base::fail(
        base::ErrorCode::kUnknownServerError,
        fmt::format("topic {}: {} ({})", options_.topic, deliveries_.first_failure, counts));
  }

  const ProduceOptions& options_;
  const LineReader reader_;
  Deliveries deliveries_;
  ClientEvents events_;
  RdKafkaHandle client_;
};

}  // namespace

base::Result<ProducedLines> produce_lines(const ProduceOptions& options) {
  auto reader = LineReader::make(options.reader);
  if (!reader) return base::fail(std::move(reader));
  if (auto there = check_reachable(options.producer, std::chrono::seconds(10)); !there) {
    return base::fail(std::move(there));
  }
  // They end the input, waiting for a line included; what was read is still sent.
  catch_ending_signals(WaitingCalls::kEnd);
  return LineProducer(options, *std::move(reader)).run();
}

}  // namespace odradek::cli
