// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/delete_records.h"

#include <algorithm>
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

void delete_records(replica::Partition& partition, base::Offset to, PartitionAnswer& answer) {
  auto start = partition.delete_records(to);
  if (start) {
    answer.low_watermark = *start;
  } else {
    answer.error_code = start.error().code;
  }
}

void start(Services& services, const metadata::ClusterImage& image, const std::string& topic,
           const DeleteRecordsRequest::DeleteRecordsPartition& wanted,
           DiskAnswer<DeleteRecordsResponse>& answers, PartitionAnswer& answer) {
  auto partition = find_partition(services, image, topic, wanted.partition_index);
  if (!partition) {
    answer.error_code = partition.error().code;
    return;
  }
  const base::Offset to = wanted.offset;
  if (auto allowed = check_allowed(**partition, to); !allowed) {
    answer.error_code = allowed.error().code;
    return;
  }
  // What the client has been told is appended may be deleted, committed yet or not.
  const base::Offset log_end = (*partition)->offsets().log_end_offset;
  answers.add_when_committed(
      *partition, to < base::Offset(0) ? log_end : std::min(to, log_end),
      [partition = *partition, to, &answer] { delete_records(*partition, to, answer); });
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
  auto answers = std::make_shared<DiskAnswer<DeleteRecordsResponse>>(std::move(responder));
  shape(request, answers->response());
  const auto image = services.image.load();
  auto answer = answers->response().topics.begin();
  for (const auto& topic : request.topics) {
    auto partition_answer = (answer++)->partitions.begin();
    for (const auto& partition : topic.partitions) {
      start(services, *image, topic.name, partition, *answers, *partition_answer++);
    }
  }
  answers->finish();
}

}  // namespace odradek::broker::api
