// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// What a broker would found a cluster with.
struct Proposal {
  // Empty: there must be one.
  std::string cluster_id;
  // Whether its directories are of that cluster already, and of no other.
  bool is_of_cluster = false;
  // The text of /odradek/origin; empty: it has none to propose.
  base::SharedBytes origin;
};
// What stands there, whoever proposed it.
struct Founded {
  std::string cluster_id;
  // Empty: nobody has proposed any.
  base::SharedBytes origin;
};

// The nodes that everything else stands on, and the cluster's id and origin, which the first broker
// decides: those that start at the same moment agree. On the session's loop.
class Foundation {
 public:
  using Handler = std::move_only_function<void(base::Result<Founded>)>;
  // `connect`: zookeeper.connect as it was given, for errors.
  Foundation(Session& session, std::string connect)
      : session_(session), connect_(std::move(connect)) {}

  // Call once. INVALID_CONFIG: the chroot belongs to something else; nothing was written there.
  void lay(Proposal proposal, Handler handler);
  // The session is connected.
  void resume();
  // Nothing is called any more unless it was already.
  void give_up(base::Error error);

 private:
  void look();
  struct Signs;
  void look_for_kafka();
  void look_at_signs(const Signs& signs, const Outcome<Node>& root);
  void make_nodes();
  void read_cluster_id();
  void make_cluster_id();
  void read_origin();
  void make_origin();
  bool goes_on(const Failure& failure);
  void finish(base::Result<Founded> result);

  Session& session_;
  const std::string connect_;
  Proposal proposed_;
  std::string cluster_id_;
  Handler handler_;
  // Counts connections: what an older one answers is ignored.
  std::uint64_t attempt_ = 0;
};

}  // namespace odradek::quorum::zookeeper
