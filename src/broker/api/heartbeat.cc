// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/heartbeat.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_call.h"

namespace odradek::broker::api {

using wire::HeartbeatRequest;
using wire::HeartbeatResponse;

void handle_heartbeat(Services& services, HeartbeatRequest request,
                      Responder<HeartbeatResponse> responder) {
  const std::string group_id = request.group_id;
  call_group<HeartbeatResponse>(
      services, group_id,
      [request = std::move(request)](group::GroupMachine& machine, const group::Now& now) {
        return machine.heartbeat(request, now);
      },
      [responder = std::move(responder)](base::Result<HeartbeatResponse> reply) mutable {
        HeartbeatResponse refused;
        if (!reply) {
          refused.error_code = reply.error().code;
          // A client takes a coordinator that loads for one that still knows it.
          if (refused.error_code == base::ErrorCode::kCoordinatorLoadInProgress) {
            refused.error_code = base::ErrorCode::kNone;
          }
        }
        responder.send(reply ? *reply : refused);
      });
}

}  // namespace odradek::broker::api
