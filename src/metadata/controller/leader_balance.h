// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "metadata/controller/broker_change.h"

// Elections that nobody asks for: the controller makes them from time to time. Pure.
namespace odradek::metadata {

inline constexpr std::size_t kElectionBatch = 1000;

// Hands leadership back to the preferred replicas of brokers that lead too little: of the
// partitions whose preferred (first) replica is on the broker, more than `allowed_percent` are led
// by somebody else (leader.imbalance.per.broker.percentage). Partitions on their way elsewhere, and
// those whose preferred replica may not lead, are left alone. At most `max_elections`; with so many
// there may be more to do.
Changes balance_leaders(const ControllerView& view, std::int64_t allowed_percent,
                        std::size_t max_elections = kElectionBatch);

// Where unclean.leader.election.enable is true, partitions without a leader get one: any replica
// that serves, when nobody is in sync or eligible. To be decided when the setting changes, and
// every unclean.leader.election.interval.ms.
Changes elect_unclean_leaders(const ControllerView& view,
                              std::size_t max_elections = kElectionBatch);

}  // namespace odradek::metadata
