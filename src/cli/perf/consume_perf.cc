// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/consume_perf.h"

#include <fmt/core.h>

#include <cstdio>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "cli/help.h"
#include "cli/kafka/assignment.h"
#include "cli/kafka/client.h"
#include "cli/name_pattern.h"
#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/perf/java_number.h"
#include "cli/perf/metrics_text.h"
#include "cli/signals.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

constexpr int kPollMs = 100;
constexpr std::size_t kRecordsPerPoll = 2'000;
constexpr double kMebibyte = 1024.0 * 1024.0;

struct QueueDelete {
  void operator()(rd_kafka_queue_t* queue) const { rdkafka().queue_destroy(queue); }
};

// Bytes and records read, so far or in a round.
struct Read {
  std::int64_t bytes = 0;
  std::int64_t records = 0;

  double mebibytes() const { return static_cast<double>(bytes) / kMebibyte; }
};

double rate(double amount, std::int64_t elapsed_ms) {
  return 1000.0 * amount / static_cast<double>(elapsed_ms);
}

std::string fixed(double number) { return java_fixed(number, 4); }

class PerfConsumer {
 public:
  PerfConsumer(const Invocation& invocation, const ConsumePerfOptions& options)
      : invocation_(invocation),
        options_(options),
        world_({.loop_count = 1, .worker_threads = 1}),
        progress_(invocation, world_.clock(), "consuming",
                  static_cast<std::uint64_t>(options.records)) {}

  base::Result<> run() {
    events_.rebalanced = [](rd_kafka_t* client, rd_kafka_resp_err_t what,
                            rd_kafka_topic_partition_list_t* partitions, void* self) {
      static_cast<PerfConsumer*>(self)->rebalanced(client, what, *partitions);
    };
    events_.context = this;
    auto client = make_client(RD_KAFKA_CONSUMER, options_.consumer, events_,
                              invocation_.is_native ? UnknownKeys::kRefused : UnknownKeys::kSaid);
    if (!client) return base::fail(std::move(client));
    client_ = *std::move(client);
    rdkafka().poll_set_consumer(client_.get());
    if (!options_.hides_header && has_lines()) {
      print_perf_header(options_.shows_details);
    }
    start_ms_ = round_start_ms_ = join_start_ms_ = now_ms();
    if (auto subscribed = subscribe(); !subscribed) return subscribed;
    auto done = read_all();
    const std::int64_t end_ms = now_ms();
    if (done) print_summary(end_ms);
    rdkafka().consumer_close(client_.get());
    return done;
  }

 private:
  std::int64_t now_ms() { return world_.clock().wall().value(); }
  bool has_lines() const {
    return !invocation_.is_native || invocation_.output.form != OutputForm::kJson;
  }

  base::Result<> subscribe() {
    std::string name = options_.topic;
    if (name.empty()) {
      auto pattern = NamePattern::parse(options_.topics_pattern);
      if (!pattern) return base::fail(std::move(pattern));
      name = fmt::format("^({})$", pattern->expression());
    }
    const PartitionList list = make_partition_list();
    rdkafka().topic_partition_list_add(list.get(), name.c_str(), RD_KAFKA_PARTITION_UA);
    const auto error = rdkafka().subscribe(client_.get(), list.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return base::fail(base::ErrorCode::kInvalidRequest, rdkafka().err2str(error));
  }

  // The time without any partition counts as the time of joining.
  void rebalanced(rd_kafka_t* client, rd_kafka_resp_err_t what,
                  rd_kafka_topic_partition_list_t& partitions) {
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      if (assigned_ == 0) {
        const std::int64_t elapsed_ms = now_ms() - join_start_ms_;
        join_ms_ += elapsed_ms;
        round_join_ms_ += elapsed_ms;
      }
      assigned_ += partitions.cnt;
    } else {
      assigned_ = is_cooperative(client) ? assigned_ - partitions.cnt : 0;
      if (assigned_ == 0) join_start_ms_ = now_ms();
    }
    follow_rebalance(client, what, &partitions);
  }

  base::Result<> read_all() {
    const std::unique_ptr<rd_kafka_queue_t, QueueDelete> queue(
        rdkafka().queue_get_consumer(client_.get()));
    std::vector<rd_kafka_message_t*> messages(kRecordsPerPoll);
    std::int64_t last_record_ms = now_ms();
    while (read_.records < options_.records && ending_signal() == 0) {
      const auto count =
          rdkafka().consume_batch_queue(queue.get(), kPollMs, messages.data(), messages.size());
      const std::int64_t now = now_ms();
      base::Result<> taken;
      const std::int64_t before = read_.records;
      for (ssize_t i = 0; i < count; ++i) {
        if (auto ok = take(*messages[static_cast<std::size_t>(i)]); !ok) taken = std::move(ok);
        rdkafka().message_destroy(messages[static_cast<std::size_t>(i)]);
      }
      if (!taken) return taken;
      if (read_.records > before) last_record_ms = now;
      progress_.advance(static_cast<std::uint64_t>(read_.records - before));
      if (read_.records > before && now - round_start_ms_ >= options_.reporting_interval_ms) {
        end_round(now);
      }
      if (now - last_record_ms > options_.timeout_ms) break;
    }
    if (read_.records >= options_.records || ending_signal() != 0 || !has_lines()) return {};
    progress_.hide();
    fmt::print(
        "WARNING: Exiting before consuming the expected number of records: timeout ({} ms) "
        "exceeded. You can use the --timeout option to increase the timeout.\n",
        options_.timeout_ms);
    return {};
  }

  base::Result<> take(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++read_.records;
      read_.bytes += static_cast<std::int64_t>(message.len + message.key_len);
      return {};
    }
    switch (message.err) {
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR__FATAL:
      case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
      case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        return base::fail(base::ErrorCode::kUnknownServerError, rdkafka().message_errstr(&message));
      default:
        return {};  // retried by the client
    }
  }

  void end_round(std::int64_t now) {
    if (options_.shows_details && has_lines()) print_round(now);
    round_join_ms_ = 0;
    round_start_ms_ = now;
    last_ = read_;
  }

  void print_round(std::int64_t now) {
    progress_.hide();
    const Read round{read_.bytes - last_.bytes, read_.records - last_.records};
    const std::int64_t elapsed_ms = now - round_start_ms_;
    const std::int64_t fetch_ms = elapsed_ms - round_join_ms_;
    const auto records = static_cast<double>(round.records);
    fmt::print("{}, 0, {}, {}, {}, {}, {}, {}, {}, {}\n",
               options_.date.format(base::Timestamp(now)), fixed(read_.mebibytes()),
               fixed(rate(round.mebibytes(), elapsed_ms)), read_.records,
               fixed(rate(records, elapsed_ms)), round_join_ms_, fetch_ms,
               fixed(fetch_ms <= 0 ? 0.0 : rate(round.mebibytes(), fetch_ms)),
               fixed(fetch_ms <= 0 ? 0.0 : rate(records, fetch_ms)));
    std::fflush(stdout);
  }

  void print_summary(std::int64_t end_ms) {
    progress_.hide();
    const std::int64_t elapsed_ms = end_ms - start_ms_;
    const std::int64_t fetch_ms = elapsed_ms - join_ms_;
    const auto records = static_cast<double>(read_.records);
    if (invocation_.is_native && invocation_.output.form == OutputForm::kJson) {
      print_json(elapsed_ms);
      return;
    }
    if (!options_.shows_details) {
      fmt::print("{}, {}, {}, {}, {}, {}, {}, {}, {}, {}\n",
                 options_.date.format(base::Timestamp(start_ms_)),
                 options_.date.format(base::Timestamp(end_ms)), fixed(read_.mebibytes()),
                 fixed(rate(read_.mebibytes(), elapsed_ms)), read_.records,
                 fixed(rate(records, elapsed_ms)), join_ms_, fetch_ms,
                 fixed(rate(read_.mebibytes(), fetch_ms)), fixed(rate(records, fetch_ms)));
    }
    if (!options_.prints_metrics) return;
    const auto id = options_.consumer.find("client.id");
    print_java_metrics(metrics(elapsed_ms), id == options_.consumer.end() ? "" : id->second);
  }

  void print_json(std::int64_t elapsed_ms) const {
    Object members = {{"records", read_.records},
                      {"megabytes", read_.mebibytes()},
                      {"elapsed_ms", elapsed_ms},
                      {"rebalance_ms", join_ms_},
                      {"records_per_second", rate(static_cast<double>(read_.records), elapsed_ms)},
                      {"megabytes_per_second", rate(read_.mebibytes(), elapsed_ms)}};
    if (options_.prints_metrics) {
      members.emplace_back("metrics", metrics_object(metrics(elapsed_ms)));
    }
    Output(invocation_.output)
        .print(Message{fmt::format("{} records in {} ms", read_.records, elapsed_ms), members});
  }

  // What this consumer counts, under the Java consumer's names.
  std::map<std::string, double> metrics(std::int64_t elapsed_ms) const {
    const auto bytes = static_cast<double>(read_.bytes);
    const auto records = static_cast<double>(read_.records);
    return {
        {"consumer-coordinator-metrics:assigned-partitions", static_cast<double>(assigned_)},
        {"consumer-fetch-manager-metrics:bytes-consumed-rate", rate(bytes, elapsed_ms)},
        {"consumer-fetch-manager-metrics:bytes-consumed-total", bytes},
        {"consumer-fetch-manager-metrics:records-consumed-rate", rate(records, elapsed_ms)},
        {"consumer-fetch-manager-metrics:records-consumed-total", records},
    };
  }

  const Invocation& invocation_;
  const ConsumePerfOptions& options_;
  env::LinuxWorld world_;
  Progress progress_;
  ClientEvents events_;
  RdKafkaHandle client_;
  Read read_;
  Read last_;  // what was read when the round began
  std::int64_t start_ms_ = 0;
  std::int64_t round_start_ms_ = 0;
  std::int64_t join_start_ms_ = 0;
  std::int64_t join_ms_ = 0;
  std::int64_t round_join_ms_ = 0;
  int assigned_ = 0;
};

}  // namespace

void print_perf_header(bool shows_details) {
  fmt::print(
      "{}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, "
      "fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n",
      shows_details ? "time, threadId" : "start.time, end.time");
  std::fflush(stdout);
}

int consume_perf(const Invocation& invocation, const ConsumePerfOptions& options) {
  if (auto there = check_reachable(options.consumer, std::chrono::seconds(10)); !there) {
    return failure(invocation, there.error().message);
  }
  catch_ending_signals();
  const auto done = PerfConsumer(invocation, options).run();
  if (!done) return failure(invocation, done.error().message);
  return exit_code_after_signal(0);
}

}  // namespace odradek::cli
