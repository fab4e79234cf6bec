// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/zookeeper_view_writes.h"

#include <string_view>

#include "base/log.h"
#include "quorum/zookeeper/layout.h"

namespace odradek::broker {
namespace {

using Readers = quorum::zookeeper::Operation::Readers;

// What stands around a node in a multi stays far below the rest.
constexpr std::size_t kMaxNodeBytes = quorum::zookeeper::kMaxMultiBytes - 64 * 1024;

Readers readers_of(std::string_view path) {
  // Consumers of old keep their groups below it, and have no credentials.
  if (path == "/consumers") return Readers::kOpen;
  const bool is_sensitive =
      path.starts_with("/config/users") || path.starts_with("/config/brokers");
  return is_sensitive ? Readers::kCreator : Readers::kEveryone;
}

}  // namespace

std::vector<quorum::zookeeper::ViewWrite> view_writes(
    const std::vector<metadata::ViewNode>& nodes) {
  std::vector<quorum::zookeeper::ViewWrite> writes;
  writes.reserve(nodes.size());
  for (const metadata::ViewNode& node : nodes) {
    if (node.data && node.data->size() > kMaxNodeBytes) {
      base::log::warn("controller", "{} is not written: {} bytes are more than ZooKeeper takes",
                      node.path, node.data->size());
      continue;
    }
    quorum::zookeeper::ViewWrite write;
    write.path = node.path;
    write.is_removal = !node.data;
    write.was_there = node.was_there;
    if (node.data) write.bytes = quorum::zookeeper::to_bytes(*node.data);
    write.readers = readers_of(node.path);
    writes.push_back(std::move(write));
  }
  return writes;
}

}  // namespace odradek::broker
