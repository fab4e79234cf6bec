// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "cli/client_config.h"
#include "cli/command.h"
#include "cli/perf/java_date.h"

namespace odradek::cli {

struct ConsumePerfOptions {
  explicit ConsumePerfOptions(JavaDate format) : date(std::move(format)) {}

  std::string topic;           // or
  std::string topics_pattern;  // a regular expression
  std::int64_t records = 0;
  std::int64_t timeout_ms = 10'000;  // the longest wait between two records
  std::int64_t reporting_interval_ms = 5'000;
  bool shows_details = false;
  bool hides_header = false;
  bool prints_metrics = false;
  JavaDate date;
  ClientConfig consumer;  // under Kafka's names
};

// The line of headings.
void print_perf_header(bool shows_details);

// Reads the records as a member of a group and prints what kafka-consumer-perf-test prints, on a
// signal, too. Returns the exit code.
int consume_perf(const Invocation& invocation, const ConsumePerfOptions& options);

}  // namespace odradek::cli
