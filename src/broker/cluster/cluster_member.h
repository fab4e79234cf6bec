// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "broker/cluster/active_controller.h"
#include "broker/cluster/controller_calls.h"
#include "broker/cluster/membership.h"
#include "env/executor.h"
#include "env/world.h"
#include "metadata/cluster_image.h"

namespace odradek::broker {

// This broker's membership at work: says what Membership has to say, by way of the calls, on one
// loop. Threads: any; handlers run on the loop. The references outlive the loop's tasks; so `calls`
// must answer or drop what is out before they go.
class ClusterMember {
 public:
  using Handler = std::move_only_function<void(base::Result<>)>;

  // `registration` is sent as it is, every time.
  ClusterMember(env::World& world, env::Executor& loop, ControllerCalls& calls,
                ActiveController& active, wire::BrokerRegistrationRequest registration,
                const MembershipOptions& options);
  // Nothing is said any more, and no handler called.
  ~ClusterMember();
  ClusterMember(const ClusterMember&) = delete;
  ClusterMember& operator=(const ClusterMember&) = delete;

  // Registers; `accepted` is called once: when a controller has accepted this broker, or with the
  // reason why none will. Once.
  void start(Handler accepted);
  // What this broker has can be served from now on: its logs are there, its listeners open (clients
  // may wait in their backlogs). Until then it asks to stay fenced.
  void set_ready();
  // The change up to `image` is in force here. Where somebody waits for that, the controller is
  // told at once.
  void follow(const std::shared_ptr<const metadata::ClusterImage>& image,
              bool is_waited_for = false);
  // The directories that failed, all that there are; and those that take no new partitions
  // (KIP-1066). Told with the next heartbeat, at once, and with each after it.
  void set_offline_directories(std::vector<base::Uuid> ids);
  void set_cordoned_directories(std::vector<base::Uuid> ids);
  // The broker is no longer known to be there (a session has expired, and another one stands): it
  // registers anew.
  void register_anew();
  // Hands over what this broker leads, as long as that makes sense, and says no more; then calls.
  // Once.
  void stop(env::Task stopped);
  // Ends a stop() at once that cannot succeed, for this reason.
  void give_up(std::string why);

  // -1 before it was accepted.
  std::int64_t broker_epoch() const;
  bool is_fenced() const;

 private:
  struct Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace odradek::broker
