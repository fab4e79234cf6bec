// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/client_config.h"
#include "cli/consumer/formatter.h"

namespace odradek::cli {

struct ConsumeOptions {
  std::string topic;           // or
  std::string topics_pattern;  // a regular expression that whole names match
  std::optional<std::int32_t> partition;
  // A place in that partition, or -2 (its beginning) or -1 (its end), as ListOffsets has them.
  std::int64_t offset = -1;
  std::optional<std::int64_t> max_records;
  std::optional<std::int64_t> timeout_ms;
  bool skips_errors = false;
  bool has_group = false;  // else every partition is read, and no group is joined
  // host:port,…[/chroot]: the group, `consumer`'s group.id, is kept in ZooKeeper; empty: it is not.
  // Without has_group it is one that goes with this consumer.
  std::string zookeeper;
  std::int64_t commit_interval_ms = 60'000;  // there
  ClientConfig consumer;                     // under Kafka's names
  Formatter format;
};

// Prints records until as many as wanted are there, none has come for the time-out, a signal asks
// for the end, or nobody reads standard output any more. `count` tells how many it was, also on an
// error.
[[nodiscard]] base::Result<> consume_records(const ConsumeOptions& options, std::uint64_t& count);

}  // namespace odradek::cli
