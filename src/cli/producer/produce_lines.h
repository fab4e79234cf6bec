// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/client_config.h"

namespace odradek::cli {

struct ProduceOptions {
  std::string topic;
  ClientConfig producer;  // under Kafka's names
  ClientConfig reader;    // see LineReader
  bool is_synchronous = false;
  bool prompts = false;  // a '>' before each line
};

// How many records were acknowledged, and how many not.
struct ProducedLines {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
};

// Sends each line of standard input as a record and waits until all are acknowledged. The error
// says what was not sent, of how many; what went before stays sent.
[[nodiscard]] base::Result<ProducedLines> produce_lines(const ProduceOptions& options);

}  // namespace odradek::cli
