// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/current_leaders.h"
#include "broker/api/produce_validation.h"
#include "broker/api/topic_lookup.h"
#include "broker/internal_topics.h"
#include "broker/request_line.h"
#include "log/directory/log_directory.h"
#include "replica/partition_set.h"
#include "wire/messages/produce.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::ProduceRequest;
using wire::ProduceResponse;
using PartitionResponse = ProduceResponse::PartitionProduceResponse;

constexpr std::int16_t kAllInSync = -1;

void set_error(PartitionResponse& response, const base::Error& error) {
  response.error_code = error.code;
  response.base_offset = base::kNoOffset;
  if (!error.message.empty()) response.error_message = error.message;
}

// Whether Kafka gives the log's start with the error.
bool tells_log_start(ErrorCode code) {
  return code != ErrorCode::kUnknownTopicOrPartition && code != ErrorCode::kNotLeaderOrFollower &&
         code != ErrorCode::kMessageTooLarge && code != ErrorCode::kRecordListTooLarge &&
         code != ErrorCode::kCorruptMessage && code != ErrorCode::kKafkaStorageError;
}

// A produce request that waits until everything it appended is committed, or its time-out has
// passed. Answers once.
class PendingProduce : public std::enable_shared_from_this<PendingProduce> {
 public:
  PendingProduce(const Services& services, Responder<ProduceResponse> responder,
                 ProduceResponse response)
      : services_(services), responder_(std::move(responder)), response_(std::move(response)) {}

  struct Wait {
    std::shared_ptr<replica::Partition> partition;
    log::AppendEnd end;
    std::size_t topic;
    std::size_t index;
    replica::Partition::WaitId id = {};
  };

  // Waits until everything is committed (acks=all), or just written.
  void start(std::vector<Wait> waits, bool until_committed, std::int32_t timeout_ms) {
    // One more than there are, so that nothing is answered before all of them are parked.
    open_ = waits.size() + 1;
    done_.assign(waits.size(), false);
    waits_ = std::move(waits);
    for (std::size_t i = 0; i < waits_.size(); ++i) {
      auto done = [self = shared_from_this(), i](const base::Result<>& result) {
        self->finished(i, result);
      };
      Wait& wait = waits_[i];
      wait.id = until_committed ? wait.partition->when_committed(wait.end, std::move(done))
                                : wait.partition->when_written(wait.end, std::move(done));
    }
    arm_timeout(timeout_ms);
    finish_one();
  }

 private:
  void finished(std::size_t which, const base::Result<>& result) {
    {
      const std::lock_guard lock(mutex_);
      if (answered_) return;
      done_[which] = true;
      if (!result) set_error(response_of(which), result.error());
    }
    finish_one();
  }

  PartitionResponse& response_of(std::size_t which) {
    return response_.responses[waits_[which].topic].partition_responses[waits_[which].index];
  }

  void finish_one() {
    {
      const std::lock_guard lock(mutex_);
      if (--open_ > 0 || answered_) return;
      answered_ = true;
    }
    answer();
  }

  void arm_timeout(std::int32_t timeout_ms) {
    const std::lock_guard lock(mutex_);
    if (open_ == 1 || answered_) return;
    timer_ = responder_.context().connection->executor.run_after(
        std::chrono::milliseconds(std::max(timeout_ms, 0)), [weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->time_out();
        });
  }

  void time_out() {
    {
      const std::lock_guard lock(mutex_);
      if (answered_) return;
      answered_ = true;
      for (std::size_t i = 0; i < waits_.size(); ++i) {
        if (!done_[i]) set_error(response_of(i), {ErrorCode::kRequestTimedOut, "", 0});
      }
    }
    for (const Wait& wait : waits_) wait.partition->forget(wait.id);
    answer();
  }

  void answer() {
    if (timer_ != 0) responder_.context().connection->executor.cancel(timer_);
    add_current_leaders(services_, responder_.context(), response_);
    responder_.send(response_);
  }

  const Services& services_;
  Responder<ProduceResponse> responder_;
  ProduceResponse response_;
  std::vector<Wait> waits_;

  std::mutex mutex_;
  std::size_t open_ = 0;
  std::vector<bool> done_;
  bool answered_ = false;
  env::Executor::TimerId timer_ = 0;
};

// Appends what one request brings, partition by partition, and gathers the answer.
class ProduceAppender {
 public:
  ProduceAppender(Services& services, const RequestContext& context, const ProduceRequest& request)
      : services_(services), context_(context), request_(request), image_(services.image.load()) {}

  void run() {
    response_.responses.reserve(request_.topic_data.size());
    // What one request brings is flushed together.
    log::directory::FlushHold hold;
    const auto& topics = request_.topic_data;
    if (topics.size() > 1 || (topics.size() == 1 && topics[0].partition_data.size() > 1)) {
      hold_ = &hold;
    }
    for (const auto& topic : request_.topic_data) append_topic(topic);
    hold_ = nullptr;
  }

  ProduceResponse take_response() { return std::move(response_); }
  std::vector<PendingProduce::Wait> take_waits() { return std::move(waits_); }
  bool any_error() const { return any_error_; }

 private:
  void append_topic(const ProduceRequest::TopicProduceData& data) {
    auto& answer = response_.responses.emplace_back();
    answer.name = data.name;
    answer.topic_id = data.topic_id;
    const auto topic = find_topic(*image_, context_.version >= 13, data.name, data.topic_id);
    answer.partition_responses.reserve(data.partition_data.size());
    for (const auto& partition : data.partition_data) {
      auto& partition_answer = answer.partition_responses.emplace_back();
      partition_answer.index = partition.index;
      log_start_ = base::kNoOffset;
      auto appended = topic ? append_partition(**topic, data, partition)
                            : base::Result<log::AppendInfo>(std::unexpected(topic.error()));
      if (appended) {
        fill(partition_answer, *appended);
      } else {
        any_error_ = true;
        note_refused(data, partition, appended.error().code);
        set_error(partition_answer, appended.error());
        if (tells_log_start(appended.error().code)) {
          partition_answer.log_start_offset = log_start_;
        }
        partition_answer.record_errors = std::move(record_errors_);
        record_errors_.clear();
      }
    }
  }

  RefusedBatches& refused() const { return context_.produce_line->refused(); }
  static RefusedBatches::Place place_of(const ProduceRequest::TopicProduceData& topic,
                                        std::int32_t partition) {
    return {topic.name, topic.topic_id, partition};
  }

  void note_refused(const ProduceRequest::TopicProduceData& topic,
                    const ProduceRequest::PartitionProduceData& data, ErrorCode code) const {
    if (!RefusedBatches::is_passing(code) || !data.records) return;
    const auto batch = record::single_batch(data.records->bytes().view(), context_.version);
    if (batch) refused().note(place_of(topic, data.index), *batch, code);
  }

  // Whether the batch comes behind one that was refused on this connection.
  base::Result<> check_in_order(const ProduceRequest::TopicProduceData& topic, std::int32_t index,
                                base::ByteView records, const log::Log& log) const {
    if (refused().empty()) return {};
    const auto batch = record::single_batch(records, context_.version);
    if (!batch) return {};
    std::optional<RefusedBatches::Known> known;
    for (const log::ActiveProducer& producer : log.active_producers()) {
      if (producer.producer_id != batch->producer_id()) continue;
      known = {producer.producer_epoch, producer.last_sequence};
    }
    return refused().check(place_of(topic, index), *batch, known);
  }

  base::Result<log::AppendInfo> append_partition(const metadata::TopicImage& topic,
                                                 const ProduceRequest::TopicProduceData& of_topic,
                                                 const ProduceRequest::PartitionProduceData& data) {
    if (is_internal_topic(topic.name)) {
      return base::fail(
          ErrorCode::kInvalidTopicException,
          fmt::format("topic {} is internal: clients may not write to it", topic.name));
    }
    const auto partition = services_.partitions.find(topic.id, data.index);
    if (partition == nullptr)
      return base::fail(missing_partition_error(services_, topic, data.index));
    if (request_.acks == kAllInSync) {
      if (auto enough = partition->check_in_sync(); !enough) return base::fail(std::move(enough));
    }
    if (!data.records) {
      return base::fail(ErrorCode::kInvalidRecord, "the request has no records for the partition");
    }
    const auto batch = record::single_batch(data.records->bytes().view(), context_.version);
    if (batch || batch.error().code == ErrorCode::kUnknownServerError) {
      log_start_ = partition->log().log_start_offset();
    }
    auto valid = validate_produced(data.records->bytes(), partition->log().config(),
                                   context_.version, services_, record_errors_);
    if (!valid) return base::fail(std::move(valid));
    const log::Log& log = partition->log();
    if (auto done = check_in_order(of_topic, data.index, valid->bytes.view(), log); !done) {
      return base::fail(std::move(done));
    }
    if (hold_ != nullptr) hold_->add(partition->log().directory());
    auto appended = partition->append(std::move(valid->bytes), log::AppendOrigin::kClient);
    // Of a duplicate: the time of the first writing.
    if (appended && !appended->is_duplicate) appended->log_append_time = valid->log_append_time;
    const bool waits = request_.acks == kAllInSync ||
                       (request_.acks == 1 && appended && !partition->is_written(appended->end()));
    if (appended && waits) {
      waits_.push_back({partition, appended->end(), response_.responses.size() - 1,
                        response_.responses.back().partition_responses.size() - 1});
    }
    return appended;
  }

  static void fill(PartitionResponse& answer, const log::AppendInfo& appended) {
    // Clients take it for a success without an offset.
    if (appended.first_offset == base::kNoOffset) {
      answer.error_code = ErrorCode::kDuplicateSequenceNumber;
    }
    answer.base_offset = appended.first_offset;
    answer.log_append_time_ms = appended.log_append_time;
    answer.log_start_offset = appended.log_start_offset;
  }

  Services& services_;
  const RequestContext& context_;
  const ProduceRequest& request_;
  std::shared_ptr<const metadata::ClusterImage> image_;
  ProduceResponse response_;
  std::vector<PendingProduce::Wait> waits_;
  log::directory::FlushHold* hold_ = nullptr;  // where there are several partitions
  std::vector<ProduceResponse::BatchIndexAndErrorMessage> record_errors_;
  // Of the partition that is appended to, once the request has a batch for it.
  base::Offset log_start_ = base::kNoOffset;
  bool any_error_ = false;
};

ProduceResponse refuse_all(const ProduceRequest& request, const base::Error& error) {
  ProduceResponse response;
  for (const auto& topic : request.topic_data) {
    auto& answer = response.responses.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.topic_id;
    for (const auto& partition : topic.partition_data) {
      auto& partition_answer = answer.partition_responses.emplace_back();
      partition_answer.index = partition.index;
      set_error(partition_answer, error);
    }
  }
  return response;
}

bool has_transactional_batch(const ProduceRequest& request, wire::Version version) {
  for (const auto& topic : request.topic_data) {
    for (const auto& partition : topic.partition_data) {
      if (!partition.records) continue;
      const auto batch = record::single_batch(partition.records->bytes().view(), version);
      if (batch && batch->is_transactional()) return true;
    }
  }
  return false;
}

// Why the request as a whole is refused, if it is.
std::optional<base::Error> refusal(const ProduceRequest& request, wire::Version version) {
  if (request.acks < -1 || request.acks > 1) {
    return base::Error{ErrorCode::kInvalidRequiredAcks,
                       fmt::format("acks={}: allowed are 0, 1 and -1", request.acks), 0};
  }
  if (!has_transactional_batch(request, version)) return std::nullopt;
  if (!request.transactional_id) {
    return base::Error{ErrorCode::kTransactionalIdAuthorizationFailed,
                       "a transactional batch without a transactional id", 0};
  }
  return base::Error{ErrorCode::kInvalidTxnState, "this server has no transactions yet", 0};
}

// Whether a part of the request is to be encoded anew and takes long.
bool has_slow_part(const Services& services, const ProduceRequest& request, wire::Version version) {
  const auto image = services.image.load();
  for (const auto& data : request.topic_data) {
    const auto topic = find_topic(*image, version >= 13, data.name, data.topic_id);
    if (!topic) continue;
    for (const auto& part : data.partition_data) {
      const auto partition = services.partitions.find((*topic)->id, part.index);
      if (partition == nullptr || !part.records) continue;
      if (takes_long(part.records->bytes(), partition->log().config(), version)) return true;
    }
  }
  return false;
}

void produce(Services& services, const ProduceRequest& request,
             Responder<ProduceResponse> responder) {
  if (const auto error = refusal(request, responder.context().version)) {
    // With acks=0 the client reads no answer: it would take this one for its next request's.
    if (request.acks == 0) {
      responder.close_connection(error->message);
    } else {
      responder.send(refuse_all(request, *error));
    }
    return;
  }
  ProduceAppender appender(services, responder.context(), request);
  appender.run();
  if (request.acks == 0) {
    // There is nobody to tell; closing makes the client look for the leader again, as Kafka does.
    if (appender.any_error()) {
      responder.close_connection("a produce request with acks=0 failed");
    } else {
      responder.send_nothing();
    }
    return;
  }
  auto waits = appender.take_waits();
  if (waits.empty()) {
    ProduceResponse response = appender.take_response();
    add_current_leaders(services, responder.context(), response);
    responder.send(response);
    return;
  }
  std::make_shared<PendingProduce>(services, std::move(responder), appender.take_response())
      ->start(std::move(waits), request.acks == kAllInSync, request.timeout_ms);
}

}  // namespace

void handle_produce(Services& services, ProduceRequest request,
                    Responder<ProduceResponse> responder) {
  RequestLine& line = *responder.context().produce_line;
  if (line.is_empty() && !has_slow_part(services, request, responder.context().version)) {
    return produce(services, request, std::move(responder));
  }
  // Behind one that waits all wait: a connection's batches are appended in the order they came in.
  line.add(services.encoding,
           [&services, request = std::move(request), responder = std::move(responder)]() mutable {
             produce(services, request, std::move(responder));
           });
}

}  // namespace odradek::broker::api
