// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/join_group.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_caller.h"
#include "broker/runtime/group/group_service.h"

namespace odradek::broker::api {
namespace {

using wire::JoinGroupRequest;
using wire::JoinGroupResponse;

JoinGroupResponse refusal(const JoinGroupRequest& request, base::ErrorCode code) {
  JoinGroupResponse response;
  response.error_code = code;
  response.member_id = request.member_id;
  // A null name came with version 7.
  response.protocol_name.reset();
  return response;
}

void send(Responder<JoinGroupResponse>& responder, JoinGroupResponse response) {
  constexpr wire::Version kNullProtocolName = 7;
  if (responder.context().version < kNullProtocolName && !response.protocol_name) {
    response.protocol_name = "";
  }
  responder.send(response);
}

}  // namespace

void handle_join_group(Services& services, JoinGroupRequest request,
                       Responder<JoinGroupResponse> responder) {
  auto shard = services.groups.shard_of(request.group_id);
  if (!shard) {
    send(responder, refusal(request, request.group_id.empty() ? base::ErrorCode::kInvalidGroupId
                                                              : shard.error().code));
    return;
  }
  const auto context = responder.shared_context();
  auto shared = std::make_shared<JoinGroupRequest>(std::move(request));
  (*shard)->park(
      [shared, context](group::GroupMachine& machine, group::ReplyToken token,
                        const group::Now& now) {
        return machine.join(*shared, group_caller(*context, token), now);
      },
      [shared, responder = std::move(responder)](base::Result<group::Response> response) mutable {
        send(responder, response ? std::get<JoinGroupResponse>(std::move(*response))
                                 : refusal(*shared, response.error().code));
      });
}

}  // namespace odradek::broker::api
