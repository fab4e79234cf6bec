// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "metadata/zookeeper_view.h"
#include "quorum/zookeeper/change.h"

namespace odradek::broker {

// The tree that operators read, as the engine is to write it: users' and brokers' configurations
// for the creator's eyes where zookeeper.set.acl asks for it, as Kafka has them. A node that is too
// big for ZooKeeper is left out, and said so.
std::vector<quorum::zookeeper::ViewWrite> view_writes(const std::vector<metadata::ViewNode>& nodes);

}  // namespace odradek::broker
