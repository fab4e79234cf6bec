// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "cli/client_config.h"
#include "cli/kafka/library.h"

namespace odradek::cli {

struct RdKafkaDelete {
  void operator()(rd_kafka_t* handle) const { rdkafka().destroy(handle); }
};
using RdKafkaHandle = std::unique_ptr<rd_kafka_t, RdKafkaDelete>;

// What happens to a client, while it is polled.
struct ClientEvents {
  // A produced message was delivered or given up.
  void (*delivered)(const rd_kafka_message_t& message, void* context) = nullptr;
  void* context = nullptr;
  // The last that went wrong with a connection, for a time-out's reason.
  std::string last_error;
};

// Makes a producer or consumer from a configuration under the names of Kafka's Java clients. What
// librdkafka calls otherwise is translated, what only the Java clients need (serializers, buffer
// sizes of the JVM) is left out; a key that neither knows is an INVALID_CONFIG. `events` outlives
// the client.
[[nodiscard]] base::Result<RdKafkaHandle> make_client(rd_kafka_type_t type,
                                                      const ClientConfig& config,
                                                      ClientEvents& events);

// The configuration as librdkafka names it.
[[nodiscard]] ClientConfig translated(rd_kafka_type_t type, const ClientConfig& config);

// Whether a server of the list answers, asked in Kafka's protocol: at once a sentence where none is
// there. A connection with TLS or SASL is taken for granted.
[[nodiscard]] base::Result<> check_reachable(const ClientConfig& config, env::Duration timeout);

}  // namespace odradek::cli
