// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/list_offsets.h"

#include <memory>
#include <set>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/disk_answer.h"
#include "broker/api/topic_lookup.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using base::Offset;
using base::Timestamp;
using wire::ListOffsetsRequest;
using wire::ListOffsetsResponse;
using PartitionAnswer = ListOffsetsResponse::ListOffsetsPartitionResponse;
using Wanted = ListOffsetsRequest::ListOffsetsPartition;

// Times that name a place in the log, and the version that each came with (KIP-79, KIP-734,
// KIP-405, KIP-1005, KIP-1023).
constexpr Timestamp kLatest{-1};
constexpr Timestamp kEarliest{-2};
constexpr Timestamp kMaxTimestamp{-3};
constexpr Timestamp kEarliestLocal{-4};
constexpr Timestamp kLatestTiered{-5};
constexpr Timestamp kEarliestPendingUpload{-6};

// A follower is a replica id from 0 on; these two are not.
constexpr base::BrokerId kConsumer{-1};

bool is_known_time(Timestamp time, wire::Version version) {
  if (time.value() >= 0 || time == kLatest || time == kEarliest) return true;
  if (time == kMaxTimestamp) return version >= 7;
  if (time == kEarliestLocal) return version >= 8;
  if (time == kLatestTiered) return version >= 9;
  return time == kEarliestPendingUpload && version >= 11;
}

// What a question is about; shared by all the partitions of one request.
struct Question {
  wire::Version version = 0;
  base::BrokerId replica_id = kConsumer;
  replica::Isolation isolation = replica::Isolation::kReadUncommitted;
};

Offset last_fetchable(const replica::OffsetSnapshot& offsets, const Question& question) {
  if (question.replica_id != kConsumer) return offsets.log_end_offset;
  return question.isolation == replica::Isolation::kReadCommitted ? offsets.last_stable_offset
                                                                  : offsets.high_watermark;
}

// Version 0 knows no exact answers: offsets at which segments begin, the newest first, and the end.
std::vector<std::int64_t> old_style_offsets(const Wanted& wanted, Offset start, Offset end,
                                            Timestamp now) {
  std::vector<std::int64_t> offsets;
  if (wanted.timestamp == kLatest || wanted.timestamp >= now) offsets.push_back(end.value());
  if (offsets.empty() || offsets.front() != start.value()) offsets.push_back(start.value());
  const auto most = static_cast<std::size_t>(std::max(wanted.max_num_offsets, 0));
  if (offsets.size() > most) offsets.resize(most);
  return offsets;
}

// The search through the log's indexes and batches: on the disk's threads.
void search(replica::Partition& partition, Timestamp time, Offset end, bool has_epoch,
            PartitionAnswer& answer) {
  log::Log& log = partition.log();
  auto found =
      time == kMaxTimestamp ? log.offset_of_max_timestamp() : log.offset_for_timestamp(time, end);
  if (!found) {
    answer.error_code = found.error().code;
    return;
  }
  if (!*found || (*found)->offset >= end) return;
  answer.timestamp = (*found)->timestamp;
  answer.offset = (*found)->offset;
  if (has_epoch) answer.leader_epoch = (*found)->leader_epoch;
}

// Whether the answer changes with what is appended.
bool depends_on_end(Timestamp time) {
  return time.value() >= 0 || time == kLatest || time == kMaxTimestamp;
}

void look_up(Services& services, const Question& question, DiskAnswer<ListOffsetsResponse>& answers,
             std::shared_ptr<replica::Partition> partition, const Wanted& wanted,
             PartitionAnswer& answer) {
  if (auto leader = partition->check_leader(wanted.current_leader_epoch); !leader) {
    answer.error_code = leader.error().code;
    return;
  }
  const replica::OffsetSnapshot offsets = partition->offsets();
  const Offset end = last_fetchable(offsets, question);
  if (question.replica_id == kConsumer && depends_on_end(wanted.timestamp) &&
      !partition->is_end_known()) {
    answer.error_code =
        question.version >= 5 ? ErrorCode::kOffsetNotAvailable : ErrorCode::kLeaderNotAvailable;
    return;
  }
  const Timestamp time = wanted.timestamp;
  const bool has_epoch = question.version >= 4;
  if (question.version == 0) {
    answer.old_style_offsets =
        old_style_offsets(wanted, offsets.log_start_offset, end, services.world.clock().wall());
  } else if (time == kLatest) {
    answer.offset = end;
    if (has_epoch) answer.leader_epoch = partition->leader_epoch();
  } else if (time == kEarliest || time == kEarliestLocal) {
    answer.offset = offsets.log_start_offset;
    if (has_epoch) {
      answer.leader_epoch = partition->log().leader_epoch_of(offsets.log_start_offset);
    }
  } else if (time != kLatestTiered && time != kEarliestPendingUpload) {
    // Without tiered storage those two are nowhere: -1 with no error.
    log::directory::LogDirectory& directory = partition->log().directory();
    answers.add(directory, [partition = std::move(partition), time, end, has_epoch, &answer] {
      search(*partition, time, end, has_epoch, answer);
    });
  }
}

class OffsetLister {
 public:
  OffsetLister(Services& services, const ListOffsetsRequest& request, wire::Version version,
               std::shared_ptr<DiskAnswer<ListOffsetsResponse>> answer)
      : services_(services),
        request_(request),
        question_{version, request.replica_id,
                  request.isolation_level == 0 ? replica::Isolation::kReadUncommitted
                                               : replica::Isolation::kReadCommitted},
        image_(services.image.load()),
        answer_(std::move(answer)) {}

  void run() {
    shape();
    auto answer = answer_->response().topics.begin();
    for (const auto& topic : request_.topics) {
      auto partition_answer = (answer++)->partitions.begin();
      for (const Wanted& wanted : topic.partitions) {
        list(topic.name, wanted, *partition_answer++);
      }
    }
    answer_->finish();
  }

 private:
  void shape() {
    auto& topics = answer_->response().topics;
    topics.reserve(request_.topics.size());
    for (const auto& topic : request_.topics) {
      auto& topic_answer = topics.emplace_back();
      topic_answer.name = topic.name;
      topic_answer.partitions.reserve(topic.partitions.size());
      for (const Wanted& wanted : topic.partitions) {
        topic_answer.partitions.emplace_back().partition_index = wanted.partition_index;
        if (!seen_.emplace(topic.name, wanted.partition_index).second) {
          duplicates_.emplace(topic.name, wanted.partition_index);
        }
      }
    }
  }

  void list(const std::string& topic, const Wanted& wanted, PartitionAnswer& answer) {
    if (duplicates_.contains({topic, wanted.partition_index})) {
      answer.error_code = ErrorCode::kInvalidRequest;
      return;
    }
    if (!is_known_time(wanted.timestamp, question_.version)) {
      answer.error_code = ErrorCode::kUnsupportedVersion;
      return;
    }
    auto partition = find_partition(services_, *image_, topic, wanted.partition_index);
    if (!partition) {
      answer.error_code = partition.error().code;
      return;
    }
    const replica::OffsetSnapshot offsets = (*partition)->offsets();
    const Offset log_end = offsets.log_end_offset;
    // With several replicas what is not committed yet may never be: nobody waits for it.
    if (question_.replica_id != kConsumer || !depends_on_end(wanted.timestamp) ||
        (*partition)->has_followers() || offsets.high_watermark >= log_end) {
      look_up(services_, question_, *answer_, std::move(*partition), wanted, answer);
      return;
    }
    answer_->add_when_committed(*partition, log_end,
                                [&services = services_, question = question_, &answers = *answer_,
                                 partition = *partition, wanted, &answer]() mutable {
                                  look_up(services, question, answers, std::move(partition), wanted,
                                          answer);
                                });
  }

  Services& services_;
  const ListOffsetsRequest& request_;
  const Question question_;
  const std::shared_ptr<const metadata::ClusterImage> image_;
  const std::shared_ptr<DiskAnswer<ListOffsetsResponse>> answer_;
  std::set<std::pair<std::string, std::int32_t>> seen_;
  std::set<std::pair<std::string, std::int32_t>> duplicates_;
};

}  // namespace

void handle_list_offsets(Services& services, ListOffsetsRequest request,
                         Responder<ListOffsetsResponse> responder) {
  const wire::Version version = responder.context().version;
  auto answer = std::make_shared<DiskAnswer<ListOffsetsResponse>>(std::move(responder));
  OffsetLister(services, request, version, std::move(answer)).run();
}

}  // namespace odradek::broker::api
