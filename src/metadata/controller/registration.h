// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "metadata/controller/broker_change.h"
#include "metadata/controller/broker_sessions.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"

// A broker's life as the controller sees it: it registers, is fenced until it has caught up,
// serves, hands over what it leads and stops (KIP-631, 841, 966). Pure: the image, the sessions and
// the time come in, records with their causes and the reply go out.
namespace odradek::metadata {

struct RegistrationInputs {
  std::string cluster_id;
  std::int64_t now_ms = 0;
  // Somebody tried the address under which the broker was registered, and nobody answered. Then a
  // process with the same directories is the same broker, restarted, and takes its registration
  // over before the old session is over.
  bool is_old_address_dead = false;
};

using RegistrationDecision = CausedDecision<base::Result<wire::BrokerRegistrationResponse>>;

// Registers the broker, fenced, in an epoch of its own: the offset that the registration will have
// in the log. The same incarnation once more keeps epoch and fencing. Another one leaves what the
// one before it was in sync with; see broker_came_back. The registration is the last record. Once
// it is committed the sessions hear of the broker in its new epoch, or two could take turns.
//
// INCONSISTENT_CLUSTER_ID; DUPLICATE_BROKER_REGISTRATION while another process with the id is
// alive, naming its address; INVALID_REGISTRATION for directories that are none, reserved, double
// or another broker's; UNSUPPORTED_VERSION for a broker that does not know a finalized feature.
RegistrationDecision register_broker(const ControllerView& view, const BrokerSessions& sessions,
                                     const RegistrationInputs& inputs,
                                     const wire::BrokerRegistrationRequest& request);

using HeartbeatDecision = CausedDecision<base::Result<wire::BrokerHeartbeatResponse>>;

// The broker is alive, says how far it has replayed the metadata and what it wants: to be unfenced
// once it has replayed its registration, to be fenced, or to stop. Stopping takes several
// heartbeats: `kShutdownBatch` partitions are handed over with each, and it may stop when it leads
// nothing and every other broker knows; a fenced broker may at once. STALE_BROKER_EPOCH for a
// broker that is not registered in this epoch.
HeartbeatDecision heartbeat(const ControllerView& view, BrokerSessions& sessions,
                            const wire::BrokerHeartbeatRequest& request, std::int64_t now_ms);

// Fences one broker whose session is over; call again until nothing comes, with what was decided
// replayed in between.
Changes fence_silent_broker(const ControllerView& view, BrokerSessions& sessions,
                            std::int64_t now_ms);
// The broker's session with ZooKeeper, of `silent_ms`, is over: where it has not reported to this
// controller either, it is not waited for. Nothing when it has registered anew since.
Changes fence_expired_broker(const ControllerView& view, BrokerSessions& sessions,
                             base::BrokerId broker, std::int64_t broker_epoch,
                             std::int64_t silent_ms);
// The broker's connections are closed, and its listener refuses others: it is fenced without
// waiting for its session to end. Nothing when it has registered anew since.
Changes fence_dead_broker(const ControllerView& view, BrokerSessions& sessions,
                          base::BrokerId broker, std::int64_t broker_epoch);

// STALE_BROKER_EPOCH unless the broker is registered in this epoch.
[[nodiscard]] base::Result<> check_broker_epoch(const ClusterImage& image, base::BrokerId broker,
                                                std::int64_t broker_epoch);

}  // namespace odradek::metadata
