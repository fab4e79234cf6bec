// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "metadata/cluster_image.h"
#include "metadata/controller/broker_change.h"
#include "metadata/controller/events.h"
#include "metadata/record.h"
#include "wire/messages/unregister_broker.h"

// The controller's decisions on brokers, features and producer ids. Pure.
namespace odradek::metadata {

// The feature levels that Apache Kafka 4.3.1 formats a directory with, so that it can open ours.
std::vector<MetadataRecord> format_records();

// The features that this server knows, each with the least and the greatest level.
std::map<std::string, std::pair<std::int16_t, std::int16_t>> supported_features();

// Registers the broker (or again, under a new epoch) and unfences it. Its epoch is `epoch`, the
// offset that the records will have in the log.
std::vector<MetadataRecord> register_broker(const BrokerImage& broker, std::int64_t epoch);

// The broker stops cleanly: fenced, another server that opens the directory need not wait for its
// session to run out. Nothing where it is fenced already.
std::vector<MetadataRecord> fence_on_stop(const ClusterImage& image, base::BrokerId broker);

// Only these log directories of the broker take no new partitions (KIP-1066). Nothing where that is
// so already.
std::vector<MetadataRecord> cordon(const ClusterImage& image, base::BrokerId broker,
                                   std::vector<base::Uuid> log_directories);

// What is to be mended when the only broker comes up: partitions without a leader whose replica it
// is get it.
std::vector<MetadataRecord> lead_on_start(const ClusterImage& image, base::BrokerId broker);

// Forgets the broker `id`: nobody counts on its replicas any more. BROKER_ID_NOT_REGISTERED.
// `self`, the broker that runs here, is registered again in the same breath, under a new epoch: it
// serves on.
using UnregisterDecision = CausedDecision<wire::UnregisterBrokerResponse>;
UnregisterDecision unregister_broker(const ControllerView& view, base::BrokerId id,
                                     base::BrokerId self);

// The next block of producer ids for a broker (KIP-730): `kProducerIdBlockSize` of them from the
// image's next one.
inline constexpr std::int64_t kProducerIdBlockSize = 1000;
MetadataRecord allocate_producer_ids(const ClusterImage& image, const BrokerImage& broker);

}  // namespace odradek::metadata
