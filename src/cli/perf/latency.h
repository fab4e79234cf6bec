// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/client_config.h"
#include "cli/command.h"

namespace odradek::cli {

struct LatencyOptions {
  std::string topic;
  std::int64_t records = 0;
  std::size_t value_bytes = 0;
  std::size_t key_bytes = 0;
  std::int64_t headers = 0;
  std::size_t header_key_bytes = 0;
  std::optional<std::size_t> header_value_bytes = 0;  // nothing: null
  ClientConfig client;  // of producer and consumer, under Kafka's names
  std::string acks;
};

// Sends one record after the other, each once the one before was read, and prints the times that it
// took, on a signal, too. The topic is made, with one partition, where it is missing.
[[nodiscard]] base::Result<> measure_latency(const Invocation& invocation,
                                             const LatencyOptions& options);

}  // namespace odradek::cli
