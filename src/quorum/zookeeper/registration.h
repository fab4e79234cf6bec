// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

struct BrokerIdentity {
  base::BrokerId broker{0};
  std::string cluster_id;
  std::vector<std::string> directory_ids;
};

// /brokers/ids/<id>, for as long as the session lasts, and again in the next one, or where somebody
// removed it. On the session's loop.
class Registration {
 public:
  // Asks whether a broker answers at what this registration's node says, and calls with the answer.
  using Probe = std::function<void(const base::SharedBytes& node,
                                   std::move_only_function<void(bool answers)> done)>;
  struct Handlers {
    // Registered; `zxid` is that of the node, another one at each registration.
    std::function<void(std::int64_t zxid)> on_registered;
    // DUPLICATE_BROKER_REGISTRATION names the other one; not tried again.
    std::function<void(base::Error)> on_refused;
  };
  Registration(Session& session, Probe probe, Handlers handlers)
      : session_(session), probe_(std::move(probe)), handlers_(std::move(handlers)) {}

  // `node`: what /brokers/ids/<id> is to hold. From now on, until the engine is closed.
  void begin(BrokerIdentity identity, base::SharedBytes node);
  // The session is connected.
  void resume();

 private:
  void create();
  // Somebody removed what it stands in.
  void make_parents();
  // After what was refused or undone: not at once.
  void create_later();
  void look();
  // Hears of it when the node is no longer there.
  void watch();
  void on_vanished();
  void consider(const Node& other, const Outcome<Node>& identity);
  void take_over(std::int32_t identity_version);
  void refuse(const Node& other, const std::string& why);
  std::vector<Operation> own_nodes(std::int32_t identity_version) const;

  Session& session_;
  const Probe probe_;
  const Handlers handlers_;
  BrokerIdentity identity_;
  base::SharedBytes node_;
  base::SharedBytes identity_text_;
  bool is_wanted_ = false;
  // Of the session that it stands in.
  SessionId registered_in_ = 0;
  SessionId watched_in_ = 0;
  // The last session of this process: what it left is its own.
  SessionId before_ = 0;
  std::uint64_t attempt_ = 0;
  // In a row.
  int failures_ = 0;
};

// The brokers that are alive, by their nodes in /brokers/ids. On the session's loop.
class LiveBrokers {
 public:
  struct Broker {
    base::BrokerId id{0};
    base::SharedBytes node;
    std::int64_t zxid = 0;

    friend bool operator==(const Broker&, const Broker&) = default;
  };
  // Called with all of them, by id, when they are others than before.
  using Handler = std::function<void(const std::vector<Broker>&)>;
  LiveBrokers(Session& session, Handler handler)
      : session_(session), handler_(std::move(handler)) {}

  void resume(bool is_new);

 private:
  struct Round;
  void read();
  void read_nodes(const std::vector<std::string>& names);

  Session& session_;
  const Handler handler_;
  bool is_watched_ = false;
  bool is_reading_ = false;
  bool again_ = false;
  bool is_known_ = false;
  std::vector<Broker> brokers_;
};

}  // namespace odradek::quorum::zookeeper
