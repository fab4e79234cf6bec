// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// The nodes that everything else stands on, and the cluster's id, which the first broker decides:
// those that start at the same moment agree. On the session's loop.
class Foundation {
 public:
  // The cluster's id.
  using Handler = std::move_only_function<void(base::Result<std::string>)>;
  explicit Foundation(Session& session) : session_(session) {}

  // Call once. INVALID_CONFIG: the chroot belongs to something else.
  void lay(std::string proposed_cluster_id, Handler handler);
  // The session is connected.
  void resume();
  // Nothing is called any more unless it was already.
  void give_up(base::Error error);

 private:
  void look();
  void look_for_kafka();
  void make_nodes();
  void read_cluster_id();
  void make_cluster_id();
  bool goes_on(const Failure& failure);
  void finish(base::Result<std::string> result);

  Session& session_;
  std::string proposed_;
  Handler handler_;
  // Counts connections: what an older one answers is ignored.
  std::uint64_t attempt_ = 0;
};

}  // namespace odradek::quorum::zookeeper
