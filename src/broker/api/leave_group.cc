// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/leave_group.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_call.h"

namespace odradek::broker::api {

using wire::LeaveGroupRequest;
using wire::LeaveGroupResponse;

void handle_leave_group(Services& services, LeaveGroupRequest request,
                        Responder<LeaveGroupResponse> responder) {
  const std::string group_id = request.group_id;
  const wire::Version version = responder.context().version;
  call_group<LeaveGroupResponse>(
      services, group_id,
      [request = std::move(request), version](group::GroupMachine& machine, const group::Now& now) {
        return machine.leave(request, version, now);
      },
      [responder = std::move(responder)](base::Result<LeaveGroupResponse> reply) mutable {
        LeaveGroupResponse refused;
        if (!reply) refused.error_code = reply.error().code;
        responder.send(reply ? *reply : refused);
      });
}

}  // namespace odradek::broker::api
