// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/error_code.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "cli/command.h"

// What the commands that have leaders elected share.
namespace odradek::cli {

class Admin;

using ElectionPartitions = std::set<base::TopicPartition>;

struct ElectionOutcome {
  base::ErrorCode code = base::ErrorCode::kNone;
  std::string message;
};
using ElectionOutcomes = std::map<base::TopicPartition, ElectionOutcome>;

// An election that was not needed has not failed.
bool has_failed(const ElectionOutcome& outcome);

// Those of the JSON file that --path-to-json-file names; nothing where the flag is missing: every
// partition. INVALID_REQUEST where the file does not hold partitions, each once.
[[nodiscard]] base::Result<std::optional<ElectionPartitions>> listed_partitions(
    const Invocation& invocation);

// `type` as in ElectLeaders: 0 is preferred, 1 unclean. Of every partition the server answers for
// those that needed it.
[[nodiscard]] base::Result<ElectionOutcomes> elect(
    Admin& admin, std::int8_t type, const std::optional<ElectionPartitions>& partitions);

// As a table or JSON, under our own names. Returns the exit code.
int print_outcomes(const Invocation& invocation, const ElectionOutcomes& outcomes);

}  // namespace odradek::cli
