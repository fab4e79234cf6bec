// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/produce_perf.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <utility>

#include "cli/help.h"
#include "cli/kafka/client.h"
#include "cli/kafka/sticky_partition.h"
#include "cli/kafka/topic.h"
#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/perf/metrics_text.h"
#include "cli/perf/producer_stats.h"
#include "cli/perf/throttle.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

constexpr int kPollMs = 100;
constexpr int kTransactionTimeoutMs = 60'000;
// Acknowledgements are taken after so many records, so that the clock is read once for them all.
constexpr std::int64_t kRecordsPerPoll = 64;
// The clock of the latencies is read that often.
constexpr std::int64_t kRecordsPerClock = 16;

std::size_t batch_bytes(const ClientConfig& config) {
  std::size_t bytes = 16'384;
  if (const auto found = config.find("batch.size"); found != config.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), bytes);
  }
  return bytes;
}

class PerfProducer {
 public:
  PerfProducer(const Invocation& invocation, ProducePerfOptions options)
      : invocation_(invocation),
        options_(std::move(options)),
        world_({.loop_count = 1, .worker_threads = 1}),
        progress_(invocation, world_.clock(), "producing",
                  static_cast<std::uint64_t>(options_.records)) {}

  base::Result<> run() {
    events_.delivered = [](const rd_kafka_message_t& message, void* self) {
      static_cast<PerfProducer*>(self)->delivered(message);
    };
    events_.context = this;
    auto client = make_client(RD_KAFKA_PRODUCER, options_.producer, events_,
                              invocation_.is_native ? UnknownKeys::kRefused : UnknownKeys::kSaid);
    if (!client) return base::fail(std::move(client));
    client_ = *std::move(client);
    if (is_transactional()) {
      if (auto ok = check(rdkafka().init_transactions(client_.get(), kTransactionTimeoutMs)); !ok) {
        return ok;
      }
    }
    auto topic =
        wait_for_topic(client_.get(), options_.topic, max_block_ms(options_.producer), events_);
    if (!topic) return base::fail(std::move(topic));
    topic_ = *std::move(topic);
    if (options_.warmup_records > 0 && has_lines()) {
      fmt::print(
          "Warmup first {} records. Steady state results will print after the complete "
          "test summary.\n",
          options_.warmup_records);
    }
    auto sent = send_all();
    if (!sent) rdkafka().purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    wait_for_all();
    print_summary();
    return sent;
  }

  // Whether every record that was sent was acknowledged; says what went wrong.
  bool report_failures() const {
    for (const auto& [reason, count] : failures_) {
      fmt::print(stderr, "{}: {} records were not acknowledged: {}\n", invocation_.called_as, count,
                 reason);
    }
    return failures_.empty();
  }

 private:
  std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               world_.clock().monotonic().time_since_epoch())
        .count();
  }
  bool has_lines() const {
    return !invocation_.is_native || invocation_.output.form != OutputForm::kJson;
  }
  bool is_transactional() const { return options_.transaction_duration_ms.has_value(); }

  base::Result<> send_all() {
    stats_.emplace(options_.records, options_.reporting_interval_ms, now_ms());
    const Throttle throttle(options_.throughput, world_.clock().monotonic());
    StickyPartition sticky(topic_.partitions, batch_bytes(options_.producer),
                           world_.random().next());
    sent_at_ms_ = now_ms();
    for (std::int64_t i = 0; i < options_.records && ending_signal() == 0; ++i) {
      if (i % kRecordsPerClock == 0) sent_at_ms_ = now_ms();
      if (options_.warmup_records > 0 && i == options_.warmup_records) begin_steady_state();
      if (auto ok = keep_transaction(); !ok) return ok;
      const std::string_view payload = options_.payloads.next(i);
      if (auto ok = send(payload, sticky.next(payload.size())); !ok) return ok;
      if (i % kRecordsPerPoll == 0) poll(0);
      if (options_.throughput >= 0) wait(throttle, i + 1);
    }
    return commit();
  }

  void begin_steady_state() {
    steady_.emplace(options_.records - options_.warmup_records, options_.reporting_interval_ms,
                    now_ms(), true);
    stats_->be_silent();
  }

  // A transaction is open, and none is longer than it may be.
  base::Result<> keep_transaction() {
    if (!is_transactional()) return {};
    if (transaction_began_ms_ &&
        sent_at_ms_ - *transaction_began_ms_ >= *options_.transaction_duration_ms) {
      if (auto ok = commit(); !ok) return ok;
    }
    if (transaction_began_ms_) return {};
    transaction_began_ms_ = now_ms();
    return check(rdkafka().begin_transaction(client_.get()));
  }

  base::Result<> commit() {
    if (!transaction_began_ms_) return {};
    transaction_began_ms_.reset();
    return check(rdkafka().commit_transaction(client_.get(), kTransactionTimeoutMs));
  }

  base::Result<> check(rd_kafka_error_t* error) const {
    if (error == nullptr) return {};
    const std::string reason = rdkafka().error_string(error);
    rdkafka().error_destroy(error);
    return base::fail(base::ErrorCode::kUnknownServerError, reason);
  }

  base::Result<> send(std::string_view payload, std::int32_t partition) {
    while (rdkafka().produce(topic_.handle.get(), partition, RD_KAFKA_MSG_F_COPY,
                             const_cast<char*>(payload.data()), payload.size(), nullptr, 0,
                             reinterpret_cast<void*>(sent_at_ms_)) != 0) {
      const auto error = rdkafka().last_error();
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return base::fail(base::ErrorCode::kInvalidRecord,
                          fmt::format("topic {}: {}", options_.topic, rdkafka().err2str(error)));
      }
      if (ending_signal() != 0) return {};
      poll(kPollMs);
    }
    return {};
  }

  void wait(const Throttle& throttle, std::int64_t sent) {
    while (ending_signal() == 0) {
      const auto pause = throttle.wait(sent, world_.clock().monotonic());
      if (pause && *pause <= env::Duration::zero()) return;
      const auto pause_ms =
          pause ? std::chrono::duration_cast<std::chrono::milliseconds>(*pause).count() : kPollMs;
      poll(static_cast<int>(std::min<std::int64_t>(pause_ms, kPollMs)));
      sent_at_ms_ = now_ms();
    }
  }

  void poll(int timeout_ms) {
    if (timeout_ms > 0) polled_at_ms_.reset();
    rdkafka().poll(client_.get(), timeout_ms);
    polled_at_ms_.reset();
  }

  void delivered(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++failures_[rdkafka().err2str(message.err)];
      return;
    }
    // One reading of the clock for all that one poll brings.
    if (!polled_at_ms_ || ++since_clock_ % kRecordsPerPoll == 0) polled_at_ms_ = now_ms();
    const auto sent_ms = reinterpret_cast<std::int64_t>(message._private);
    const auto latency_ms = std::max<std::int64_t>(0, *polled_at_ms_ - sent_ms);
    const auto size = static_cast<std::int64_t>(message.len);
    print_window(stats_->add(latency_ms, size, *polled_at_ms_));
    if (steady_) print_window(steady_->add(latency_ms, size, *polled_at_ms_));
    progress_.advance();
  }

  void print_window(const std::optional<std::string>& line) {
    if (!line || !has_lines()) return;
    progress_.hide();
    fmt::print("{}", *line);
    std::fflush(stdout);
  }

  void wait_for_all() {
    while (rdkafka().outq_len(client_.get()) > 0) {
      polled_at_ms_.reset();
      rdkafka().flush(client_.get(), kPollMs);
    }
  }

  void print_summary() {
    progress_.hide();
    const auto total = stats_->total(now_ms());
    std::string lines = stats_->total_line(total);
    if (steady_) lines += steady_->total_line(steady_->total(now_ms()));
    if (invocation_.is_native && invocation_.output.form == OutputForm::kJson) {
      Object members = facts(total);
      if (options_.prints_metrics) members.emplace_back("metrics", metrics_object(metrics(total)));
      Output(invocation_.output).print(Message{lines.substr(0, lines.find('\n')), members});
      return;
    }
    fmt::print("{}", lines);
    if (!options_.prints_metrics) return;
    const auto id = options_.producer.find("client.id");
    print_java_metrics(metrics(total), id == options_.producer.end() ? "" : id->second);
  }

  static Object facts(const ProducerStats::Total& total) {
    return {{"records", total.records},
            {"records_per_second", total.records_per_second},
            {"megabytes_per_second", total.megabytes_per_second},
            {"average_latency_ms", total.average_latency_ms},
            {"max_latency_ms", total.max_latency_ms},
            {"latency_50th_ms", total.percentiles_ms[0]},
            {"latency_95th_ms", total.percentiles_ms[1]},
            {"latency_99th_ms", total.percentiles_ms[2]},
            {"latency_99_9th_ms", total.percentiles_ms[3]}};
  }

  // What this producer counts, under the Java producer's names.
  std::map<std::string, double> metrics(const ProducerStats::Total& total) const {
    double failed = 0;
    for (const auto& [reason, count] : failures_) failed += static_cast<double>(count);
    const auto bytes = static_cast<double>(stats_->bytes());
    const auto records = static_cast<double>(total.records);
    return {
        {"producer-metrics:batch-size-limit", static_cast<double>(batch_bytes(options_.producer))},
        {"producer-metrics:record-error-total", failed},
        {"producer-metrics:record-queue-and-request-latency-avg", total.average_latency_ms},
        {"producer-metrics:record-send-rate", total.records_per_second},
        {"producer-metrics:record-send-total", records},
        {"producer-metrics:record-size-avg", records == 0 ? 0 : bytes / records},
        {"producer-topic-metrics:byte-total", bytes},
    };
  }

  const Invocation& invocation_;
  ProducePerfOptions options_;
  env::LinuxWorld world_;
  Progress progress_;
  ClientEvents events_;
  RdKafkaHandle client_;
  KnownTopic topic_;
  std::optional<ProducerStats> stats_;
  std::optional<ProducerStats> steady_;
  std::optional<std::int64_t> transaction_began_ms_;
  std::int64_t sent_at_ms_ = 0;
  std::optional<std::int64_t> polled_at_ms_;
  std::int64_t since_clock_ = 0;
  std::map<std::string, std::int64_t> failures_;
};

}  // namespace

int produce_perf(const Invocation& invocation, ProducePerfOptions options) {
  if (auto there = check_reachable(options.producer, std::chrono::seconds(10)); !there) {
    return failure(invocation, there.error().message);
  }
  if (auto taken = check_transactions(options.producer, std::chrono::seconds(10)); !taken) {
    return failure(invocation, taken.error().message);
  }
  catch_ending_signals();
  PerfProducer producer(invocation, std::move(options));
  const auto done = producer.run();
  const bool all_acknowledged = producer.report_failures();
  if (!done) return failure(invocation, done.error().message);
  return exit_code_after_signal(all_acknowledged ? 0 : 1);
}

}  // namespace odradek::cli
