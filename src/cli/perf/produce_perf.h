// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/client_config.h"
#include "cli/command.h"
#include "cli/perf/payloads.h"

namespace odradek::cli {

struct ProducePerfOptions {
  std::string topic;
  std::int64_t records = 0;
  std::int64_t warmup_records = 0;
  double throughput = -1;  // records a second, see Throttle
  std::int64_t reporting_interval_ms = 5'000;
  std::optional<std::int64_t> transaction_duration_ms;
  bool prints_metrics = false;
  Payloads payloads = Payloads::counting();
  ClientConfig producer;  // under Kafka's names
};

// Sends the records as fast as it may and prints a line each interval and a summary at the end, on
// a signal, too. Returns the exit code: 1 also where a record was not acknowledged, of which stderr
// tells the reasons.
int produce_perf(const Invocation& invocation, ProducePerfOptions options);

}  // namespace odradek::cli
