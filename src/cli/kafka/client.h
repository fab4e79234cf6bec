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
  // Partitions come to a consumer or go from it, as rd_kafka_conf_set_rebalance_cb() says. Without
  // it they are taken as they come.
  void (*rebalanced)(rd_kafka_t* handle, rd_kafka_resp_err_t what,
                     rd_kafka_topic_partition_list_t* partitions, void* context) = nullptr;
  void* context = nullptr;
  // The last that went wrong with a connection, for a time-out's reason.
  std::string last_error;
};

// What becomes of a key of the configuration that no client knows: Kafka's tools log a warning and
// go on.
enum class UnknownKeys : std::uint8_t { kRefused, kSaid };

// Makes a producer or consumer from a configuration under the names of Kafka's Java clients. What
// librdkafka calls otherwise is translated, what only the Java clients need (serializers, buffer
// sizes of the JVM) is left out; what asks for something that is not there is an INVALID_CONFIG,
// and a key that neither knows is one, too, or a warning on stderr. `events` outlives the client.
[[nodiscard]] base::Result<RdKafkaHandle> make_client(rd_kafka_type_t type,
                                                      const ClientConfig& config,
                                                      ClientEvents& events,
                                                      UnknownKeys unknown = UnknownKeys::kRefused);

// The configuration as librdkafka names it.
[[nodiscard]] ClientConfig translated(rd_kafka_type_t type, const ClientConfig& config);

// Whether a server of the list answers, asked in Kafka's protocol: at once a sentence where none is
// there. A connection with TLS or SASL is taken for granted.
[[nodiscard]] base::Result<> check_reachable(const ClientConfig& config, env::Duration timeout);

// Whether the server takes transactions of the `transactional.id` in the configuration, if there is
// one: its own error where it does not. A connection with TLS or SASL is taken for granted.
[[nodiscard]] base::Result<> check_transactions(const ClientConfig& config, env::Duration timeout);

}  // namespace odradek::cli
