// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/sync_group.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_caller.h"
#include "broker/runtime/group/group_service.h"

namespace odradek::broker::api {

using wire::SyncGroupRequest;
using wire::SyncGroupResponse;

void handle_sync_group(Services& services, SyncGroupRequest request,
                       Responder<SyncGroupResponse> responder) {
  SyncGroupResponse refused;
  auto shard = services.groups.shard_of(request.group_id);
  if (!shard) {
    refused.error_code = shard.error().code;
    responder.send(refused);
    return;
  }
  const auto context = responder.shared_context();
  (*shard)->park(
      [request = std::move(request), context](group::GroupMachine& machine, group::ReplyToken token,
                                              const group::Now& now) {
        return machine.sync(request, group_caller(*context, token), now);
      },
      [responder = std::move(responder)](base::Result<group::Response> response) mutable {
        if (response) {
          responder.send(std::get<SyncGroupResponse>(*response));
          return;
        }
        SyncGroupResponse failed;
        failed.error_code = response.error().code;
        responder.send(failed);
      });
}

}  // namespace odradek::broker::api
