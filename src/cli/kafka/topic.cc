// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/topic.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "cli/signals.h"

namespace odradek::cli {
namespace {

constexpr int kRetryMs = 100;

struct Asked {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int32_t partitions = 0;
};

Asked ask(rd_kafka_t* client, rd_kafka_topic_t* topic, int timeout_ms) {
  const rd_kafka_metadata_t* metadata = nullptr;
  Asked asked;
  asked.error = rdkafka().metadata(client, 0, topic, &metadata, timeout_ms);
  if (metadata == nullptr) return asked;
  if (metadata->topic_cnt == 1) {
    asked.error = metadata->topics[0].err;
    asked.partitions = metadata->topics[0].partition_cnt;
  }
  rdkafka().metadata_destroy(metadata);
  return asked;
}

bool waiting_helps(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

}  // namespace

base::Result<KnownTopic> wait_for_topic(rd_kafka_t* client, const std::string& name, int timeout_ms,
                                        const ClientEvents& events) {
  RdTopic topic(rdkafka().topic_new(client, name.c_str(), nullptr));
  if (topic == nullptr) {
    return base::fail(base::ErrorCode::kInvalidTopicException,
                      fmt::format("topic {}: {}", name, rdkafka().err2str(rdkafka().last_error())));
  }
  for (int left_ms = timeout_ms;; left_ms -= kRetryMs) {
    const Asked asked = ask(client, topic.get(), left_ms);
    if (asked.error == RD_KAFKA_RESP_ERR_NO_ERROR && asked.partitions > 0) {
      return KnownTopic{std::move(topic), asked.partitions};
    }
    const std::string reason = rdkafka().err2str(asked.error);
    if (ending_signal() != 0) {
      return base::fail(base::ErrorCode::kRequestTimedOut,
                        fmt::format("topic {}: stopped while waiting for it", name));
    }
    if (asked.error == RD_KAFKA_RESP_ERR__TRANSPORT ||
        asked.error == RD_KAFKA_RESP_ERR__TIMED_OUT || left_ms <= kRetryMs) {
      return base::fail(base::ErrorCode::kRequestTimedOut,
                        fmt::format("topic {} is not known within {} ms (max.block.ms): {} {}",
                                    name, timeout_ms, reason, events.last_error));
    }
    if (asked.error != RD_KAFKA_RESP_ERR_NO_ERROR && !waiting_helps(asked.error)) {
      return base::fail(base::ErrorCode::kUnknownServerError,
                        fmt::format("topic {}: {}", name, reason));
    }
    rdkafka().poll(client, kRetryMs);
  }
}

int max_block_ms(const ClientConfig& config) {
  int timeout_ms = 60'000;
  if (const auto found = config.find("max.block.ms"); found != config.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), timeout_ms);
  }
  return timeout_ms;
}

}  // namespace odradek::cli
