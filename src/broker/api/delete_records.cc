// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/delete_records.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/disk_answer.h"
#include "broker/api/topic_lookup.h"
#include "broker/internal_topics.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::DeleteRecordsRequest;
using wire::DeleteRecordsResponse;
using PartitionAnswer = DeleteRecordsResponse::DeleteRecordsPartitionResult;

// Whether records may be deleted by a client at all.
base::Result<> check_allowed(replica::Partition& partition, base::Offset to) {
  if (is_internal_topic(partition.name().topic)) {
    return base::fail(ErrorCode::kInvalidTopicException);
  }
  const log::LogConfig config = partition.log().config();
  if (config.cleanup_compact && !config.cleanup_delete) {
    return base::fail(ErrorCode::kPolicyViolation);
  }
  // -1 is the high watermark.
  if (to < base::kNoOffset) return base::fail(ErrorCode::kOffsetOutOfRange);
  return {};
}

// Waits, at most until the request's time-out, for the followers to have deleted as much.
class FollowersWait : public std::enable_shared_from_this<FollowersWait> {
 public:
  FollowersWait(env::Executor& loop, std::shared_ptr<replica::Partition> partition, base::Offset to,
                PartitionAnswer& answer, std::move_only_function<void()> done)
      : loop_(loop),
        partition_(std::move(partition)),
        to_(to),
        answer_(answer),
        done_(std::move(done)) {}

  void start(std::chrono::milliseconds limit) {
    loop_.post([self = shared_from_this(), limit] {
      self->timer_ = self->loop_.run_after(
          limit, [self] { self->end(base::fail(ErrorCode::kRequestTimedOut)); });
      self->wait_ = self->partition_->when_low_watermark(self->to_, [self](base::Result<> reached) {
        self->loop_.post([self, reached = std::move(reached)] { self->end(reached); });
      });
    });
  }

 private:
  // A follower that is gone is none to wait for, and only looking again shows that it is.
  void end(const base::Result<>& reached) {
    if (!done_) return;
    loop_.cancel(timer_);
    partition_->forget(wait_);
    const bool is_lost = !reached && reached.error().code != ErrorCode::kRequestTimedOut;
    answer_.low_watermark = is_lost ? base::kNoOffset : partition_->low_watermark();
    // One that is back since may be behind again: all of then had deleted as much.
    if (reached) answer_.low_watermark = std::max(answer_.low_watermark, to_);
    if (answer_.low_watermark < to_) answer_.error_code = reached.error().code;
    std::exchange(done_, {})();
  }

  env::Executor& loop_;
  const std::shared_ptr<replica::Partition> partition_;
  const base::Offset to_;
  PartitionAnswer& answer_;
  std::move_only_function<void()> done_;
  env::Executor::TimerId timer_ = 0;
  replica::Partition::WaitId wait_;
};

// What holds for all partitions of a request.
struct Asked {
  Services& services;
  const metadata::ClusterImage& image;
  env::Executor& loop;
  std::chrono::milliseconds limit;
};

using Answers = std::shared_ptr<DiskAnswer<DeleteRecordsResponse>>;

void delete_records(const Answers& answers, env::Executor& loop, std::chrono::milliseconds limit,
                    const std::shared_ptr<replica::Partition>& partition, base::Offset to,
                    PartitionAnswer& answer) {
  const auto start = partition->delete_records(to);
  if (!start) {
    answer.error_code = start.error().code;
    return;
  }
  answer.low_watermark = partition->low_watermark();
  if (answer.low_watermark >= *start) return;
  std::make_shared<FollowersWait>(loop, partition, *start, answer, answers->add_wait())
      ->start(limit);
}

void start(const Asked& asked, const std::string& topic,
           const DeleteRecordsRequest::DeleteRecordsPartition& wanted, const Answers& answers,
           PartitionAnswer& answer) {
  auto partition = find_partition(asked.services, asked.image, topic, wanted.partition_index);
  if (!partition) {
    answer.error_code = partition.error().code;
    return;
  }
  const base::Offset to = wanted.offset;
  if (auto allowed = check_allowed(**partition, to); !allowed) {
    answer.error_code = allowed.error().code;
    return;
  }
  auto work = [answers, &loop = asked.loop, limit = asked.limit, partition = *partition, to,
               &answer] { delete_records(answers, loop, limit, partition, to, answer); };
  // With several replicas what is not committed yet may never be: nobody waits for it.
  if ((*partition)->has_followers()) {
    return answers->add((*partition)->log().directory(), std::move(work));
  }
  // What the client has been told is appended may be deleted, committed yet or not.
  const base::Offset log_end = (*partition)->offsets().log_end_offset;
  answers->add_when_committed(*partition, to < base::Offset(0) ? log_end : std::min(to, log_end),
                              std::move(work));
}

void shape(const DeleteRecordsRequest& request, DeleteRecordsResponse& response) {
  for (const auto& topic : request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.name = topic.name;
    for (const auto& partition : topic.partitions) {
      auto& partition_answer = answer.partitions.emplace_back();
      partition_answer.partition_index = partition.partition_index;
      partition_answer.low_watermark = base::kNoOffset;
    }
  }
}

}  // namespace

void handle_delete_records(Services& services, DeleteRecordsRequest request,
                           Responder<DeleteRecordsResponse> responder) {
  env::Executor& loop = responder.context().connection->executor;
  auto answers = std::make_shared<DiskAnswer<DeleteRecordsResponse>>(std::move(responder));
  shape(request, answers->response());
  const auto image = services.image.load();
  const Asked asked{services, *image, loop,
                    std::chrono::milliseconds(std::max(request.timeout_ms, 0))};
  auto answer = answers->response().topics.begin();
  for (const auto& topic : request.topics) {
    auto partition_answer = (answer++)->partitions.begin();
    for (const auto& partition : topic.partitions) {
      start(asked, topic.name, partition, answers, *partition_answer++);
    }
  }
  answers->finish();
}

}  // namespace odradek::broker::api
