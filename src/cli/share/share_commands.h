// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

// The tools of share groups (KIP-932), which take Kafka's flags and end in the error of a server
// that does not offer these groups.
namespace odradek::cli {

Command share_consume_command();              // kafka-console-share-consumer
Command share_consume_perf_command();         // kafka-share-consumer-perf-test
Command verifiable_share_consumer_command();  // kafka-verifiable-share-consumer

}  // namespace odradek::cli
