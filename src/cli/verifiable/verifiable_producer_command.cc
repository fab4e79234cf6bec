// SPDX-License-Identifier: Apache-2.0
#include "cli/verifiable/verifiable_producer_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "cli/admin/error_text.h"
#include "cli/argparse.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/kafka/client.h"
#include "cli/kafka/topic.h"
#include "cli/perf/throttle.h"
#include "cli/signals.h"
#include "cli/verifiable/client_files.h"
#include "cli/verifiable/events.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr int kPollMs = 100;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"topic", kRequired, "topic", "The topic to write to.", 't'},
    FlagSpec{"max-messages", kRequired, "number", "Stop after so many records; -1 is never.", 'n'},
    FlagSpec{"throughput", kRequired, "number",
             "At most about so many records a second; -1 is as many as go."},
    FlagSpec{"acks", kRequired, "0|1|-1", "acks (-1, which is all)."},
    FlagSpec{"message-create-time", kRequired, "ms", "The first record's timestamp."},
    FlagSpec{"value-prefix", kRequired, "number", "Put it and a dot before each value."},
    FlagSpec{"repeating-keys", kRequired, "number", "Keys that count from 0 up to here."},
    FlagSpec{"command-config", kRequired, "file", "A properties file with producer settings."},
    FlagSpec{"producer.config", kRequired, "file", ""},
};

constexpr std::string_view kExamples =
    "  odradek verify produce t --max-messages 1000\n"
    "  kafka-verifiable-producer --bootstrap-server 127.0.0.1:9092 --topic t --throughput 100\n";

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  for (const std::string_view flag :
       {"max-messages", "throughput", "acks", "value-prefix", "repeating-keys"}) {
    if (auto number = argparse_number(flags, flag, JavaInteger::kInteger); !number) {
      return base::fail(std::move(number));
    }
  }
  if (auto time = argparse_number(flags, "message-create-time", JavaInteger::kLong); !time) {
    return base::fail(std::move(time));
  }
  const std::string acks = flags.value_or("acks", "-1");
  if (acks != "0" && acks != "1" && acks != "-1") {
    return misuse(
        fmt::format("argument --acks: invalid choice: '{}' (choose from {{0,1,-1}})", acks));
  }
  if (auto ok = argparse_require(flags, {"topic"}); !ok) return ok;
  if (!invocation.is_native && !flags.has("bootstrap-server")) {
    return misuse("one of the arguments --bootstrap-server is required");
  }
  return {};
}

struct Options {
  std::string topic;
  std::int64_t max_records = -1;
  std::int64_t throughput = -1;
  std::optional<std::int64_t> create_time;
  std::optional<std::int64_t> value_prefix;
  std::optional<std::int64_t> repeating_keys;
  ClientConfig producer;
};

base::Result<Options> options_of(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  const auto number = [&](std::string_view name) {
    return flags.number(name).value_or(std::nullopt);
  };
  Options options;
  options.topic = flags.value_or("topic", "");
  options.max_records = number("max-messages").value_or(-1);
  options.throughput = number("throughput").value_or(-1);
  options.create_time = number("message-create-time");
  if (options.create_time == -1) options.create_time.reset();
  options.value_prefix = number("value-prefix");
  options.repeating_keys = number("repeating-keys");
  options.producer["acks"] = flags.value_or("acks", "-1");
  options.producer["retries"] = std::string("0");  // g++ 12 sees an overlap in assigning a literal
  options.producer["bootstrap.servers"] = flags.value_or("bootstrap-server", "127.0.0.1:9092");
  if (auto ok = add_client_files(invocation, "producer.config", options.producer); !ok) {
    return base::fail(std::move(ok));
  }
  return options;
}

// A record on its way.
struct Sent {
  std::optional<std::string> key;
  std::string value;
};

class VerifiableProducer {
 public:
  explicit VerifiableProducer(Options options)
      : options_(std::move(options)),
        world_({.loop_count = 1, .worker_threads = 1}),
        events_(world_.clock()) {}

  base::Result<> run() {
    begun_ = world_.clock().monotonic();
    client_events_.delivered = [](const rd_kafka_message_t& message, void* self) {
      static_cast<VerifiableProducer*>(self)->delivered(message);
    };
    client_events_.context = this;
    auto client =
        make_client(RD_KAFKA_PRODUCER, options_.producer, client_events_, UnknownKeys::kSaid);
    if (!client) return base::fail(std::move(client));
    client_ = *std::move(client);
    events_.print("startup_complete");
    auto topic = wait_for_topic(client_.get(), options_.topic, max_block_ms(options_.producer),
                                client_events_);
    if (topic) {
      topic_ = *std::move(topic);
      send_all();
    } else {
      say_unsent(topic.error());
    }
    while (rdkafka().outq_len(client_.get()) > 0) rdkafka().flush(client_.get(), kPollMs);
    events_.print("shutdown_complete");
    print_summary();
    return {};
  }

 private:
  void send_all() {
    const auto start = world_.clock().monotonic();
    const Throttle throttle(static_cast<double>(options_.throughput), start);
    for (std::int64_t i = 0; i != options_.max_records && ending_signal() == 0; ++i) {
      send(i);
      rdkafka().poll(client_.get(), 0);
      while (ending_signal() == 0) {
        const auto pause = throttle.wait(i + 1, world_.clock().monotonic());
        if (pause && *pause <= env::Duration::zero()) break;
        rdkafka().poll(client_.get(), pause && *pause < std::chrono::milliseconds(kPollMs)
                                          ? static_cast<int>(*pause / std::chrono::milliseconds(1))
                                          : kPollMs);
      }
    }
  }

  void send(std::int64_t number) {
    auto sent = std::make_unique<Sent>();
    if (options_.repeating_keys) {
      sent->key = fmt::format("{}", next_key_++);
      if (next_key_ == *options_.repeating_keys) next_key_ = 0;
    }
    sent->value = options_.value_prefix ? fmt::format("{}.{}", *options_.value_prefix, number)
                                        : fmt::format("{}", number);
    ++sent_;
    while (true) {
      const auto error = enqueue(*sent);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || ending_signal() != 0) {
        print_failure(*sent, error, rdkafka().err2str(error));
        return;
      }
      rdkafka().poll(client_.get(), kPollMs);
    }
    (void)sent.release();  // delivered() takes it
  }

  rd_kafka_resp_err_t enqueue(Sent& sent) {
    const char* key = sent.key ? sent.key->data() : nullptr;
    const std::size_t key_size = sent.key ? sent.key->size() : 0;
    std::int64_t timestamp = 0;  // now
    if (options_.create_time) {
      timestamp = *options_.create_time;
      *options_.create_time += elapsed_ms();
    }
    return rdkafka().producev(
        client_.get(), RD_KAFKA_V_RKT(topic_.handle.get()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_size),
        RD_KAFKA_V_VALUE(sent.value.data(), sent.value.size()), RD_KAFKA_V_TIMESTAMP(timestamp),
        RD_KAFKA_V_OPAQUE(&sent), RD_KAFKA_V_END);
  }

  void delivered(const rd_kafka_message_t& message) {
    const std::unique_ptr<Sent> sent(static_cast<Sent*>(message._private));
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      print_failure(*sent, message.err, rdkafka().err2str(message.err));
      return;
    }
    ++acked_;
    events_.print("producer_send_success", {{"key", sent->key},
                                            {"value", sent->value},
                                            {"offset", message.offset},
                                            {"topic", options_.topic},
                                            {"partition", message.partition}});
  }

  void print_failure(const Sent& sent, rd_kafka_resp_err_t error, const std::string& message) {
    // Positive numbers are Kafka's own codes.
    const std::string exception =
        error > 0 ? java_exception(static_cast<base::ErrorCode>(error))
        : error == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || error == RD_KAFKA_RESP_ERR__TIMED_OUT
            ? "org.apache.kafka.common.errors.TimeoutException"
            : "org.apache.kafka.common.KafkaException";
    print_failure(sent, exception, message);
  }

  void print_failure(const Sent& sent, const std::string& exception, const std::string& message) {
    events_.print("producer_send_error", {{"topic", options_.topic},
                                          {"key", sent.key},
                                          {"value", sent.value},
                                          {"exception", fmt::format("class {}", exception)},
                                          {"message", message}});
  }

  // Without the topic each record fails, as with the Java producer; where no end is set, one does.
  void say_unsent(const base::Error& error) {
    const std::string exception = error.code == base::ErrorCode::kRequestTimedOut
                                      ? "org.apache.kafka.common.errors.TimeoutException"
                                      : "org.apache.kafka.common.errors.InvalidTopicException";
    ++sent_;
    print_failure(Sent{std::nullopt, "0"}, exception, error.message);
  }

  std::int64_t elapsed_ms() {
    return (world_.clock().monotonic() - begun_) / std::chrono::milliseconds(1);
  }

  void print_summary() {
    const double throughput = 1000.0 * static_cast<double>(acked_) /
                              static_cast<double>(std::max<std::int64_t>(1, elapsed_ms()));
    events_.print("tool_data", {{"sent", sent_},
                                {"acked", acked_},
                                {"target_throughput", options_.throughput},
                                {"avg_throughput", throughput}});
  }

  Options options_;
  env::LinuxWorld world_;
  Events events_;
  ClientEvents client_events_;
  RdKafkaHandle client_;
  KnownTopic topic_;
  env::MonotonicTime begun_;
  std::int64_t next_key_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t acked_ = 0;
};

int run_verifiable_producer(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  auto options = options_of(invocation);
  if (!options) return usage_error(invocation, options.error().message);
  if (auto there = check_reachable(options->producer, std::chrono::seconds(10)); !there) {
    return failure(invocation, there.error().message);
  }
  catch_ending_signals();
  if (auto done = VerifiableProducer(*std::move(options)).run(); !done) {
    return failure(invocation, done.error().message);
  }
  return exit_code_after_signal(0);
}

}  // namespace

Command verifiable_producer_command() {
  return {
      .name = "verify produce",
      .script_name = "kafka-verifiable-producer",
      .summary = "Send counting numbers, and tell of each what became of it, for test harnesses.",
      .verbs = {},
      .subject = "topic",
      .flags = kFlags,
      .examples = kExamples,
      .run = run_verifiable_producer,
      .section = Section::kLoad,
      .argparse_name = "verifiable-producer"};
}

}  // namespace odradek::cli
