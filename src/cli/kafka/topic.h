// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "cli/kafka/client.h"

namespace odradek::cli {

struct RdTopicDelete {
  void operator()(rd_kafka_topic_t* topic) const { rdkafka().topic_destroy(topic); }
};
using RdTopic = std::unique_ptr<rd_kafka_topic_t, RdTopicDelete>;

// A topic of a client, of which the server knows so many partitions.
struct KnownTopic {
  RdTopic handle;
  std::int32_t partitions = 0;
};

// Asks until the topic is there, which the server may make because it is asked, as the first send
// of a Java producer does. A REQUEST_TIMED_OUT says why not within the time-out; any error of the
// topic that waiting does not cure comes at once. A signal (signals.h) ends the wait.
[[nodiscard]] base::Result<KnownTopic> wait_for_topic(rd_kafka_t* client, const std::string& name,
                                                      int timeout_ms, const ClientEvents& events);

// `max.block.ms` of a producer's configuration; 60 s where it is missing.
int max_block_ms(const ClientConfig& config);

}  // namespace odradek::cli
