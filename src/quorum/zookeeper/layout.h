// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "quorum/engine.h"

// The nodes of docs/formats/zookeeper.md: their paths, and the small texts in them.
namespace odradek::quorum::zookeeper {

namespace path {
inline constexpr const char* kRoot = "/odradek";
inline constexpr const char* kOrigin = "/odradek/origin";
inline constexpr const char* kChanges = "/odradek/changes";
inline constexpr const char* kSnapshots = "/odradek/snapshots";
// The newest whole snapshot.
inline constexpr const char* kSnapshotPointer = "/odradek/snapshot";
inline constexpr const char* kIdentities = "/odradek/brokers";
inline constexpr const char* kController = "/controller";
inline constexpr const char* kControllerEpoch = "/controller_epoch";
inline constexpr const char* kBrokers = "/brokers";
inline constexpr const char* kBrokerIds = "/brokers/ids";
inline constexpr const char* kTopics = "/brokers/topics";
inline constexpr const char* kCluster = "/cluster";
inline constexpr const char* kClusterId = "/cluster/id";
}  // namespace path

// The node of the change that begins at this offset; nothing for a name that is no change's.
std::string change_path(base::Offset offset);
std::optional<base::Offset> parse_change_name(std::string_view name);
std::string snapshot_name(const Position& position);
std::string snapshot_path(const Position& position);
std::string chunk_path(const Position& position, int chunk);
std::string broker_path(base::BrokerId broker);
std::string identity_path(base::BrokerId broker);

base::SharedBytes to_bytes(std::string_view text);

struct SnapshotPointer {
  Position position;
  int chunks = 0;
  // Of the newest record that it holds.
  base::Timestamp timestamp{0};
};
base::SharedBytes encode(const SnapshotPointer& pointer);
// Nothing where there is no snapshot yet, or no such text.
std::optional<SnapshotPointer> parse_snapshot_pointer(base::ByteView text);

// /controller as Apache Kafka writes it.
base::SharedBytes controller_text(base::BrokerId broker, base::Timestamp now);
std::optional<base::BrokerId> parse_controller(base::ByteView text);
// /controller_epoch: a number.
std::optional<std::int32_t> parse_epoch(base::ByteView text);
// /odradek/origin: with whose metadata the order begins, that of this broker's directory; or with
// nobody's.
base::SharedBytes origin_text(base::BrokerId broker, std::string_view directory_id);
base::SharedBytes new_origin_text();
// /cluster/id
base::SharedBytes cluster_id_text(std::string_view id);
std::optional<std::string> parse_cluster_id(base::ByteView text);

}  // namespace odradek::quorum::zookeeper
