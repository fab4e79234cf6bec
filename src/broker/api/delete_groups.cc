// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/delete_groups.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_call.h"
#include "broker/api/group_gather.h"

namespace odradek::broker::api {

using wire::DeleteGroupsRequest;
using wire::DeleteGroupsResponse;
using Deleted = DeleteGroupsResponse::DeletableGroupResult;

void handle_delete_groups(Services& services, DeleteGroupsRequest request,
                          Responder<DeleteGroupsResponse> responder) {
  if (request.groups_names.empty()) {
    responder.send({});
    return;
  }
  auto gather = make_gather<Deleted>(
      request.groups_names.size(),
      [responder = std::move(responder)](std::vector<Deleted> results) mutable {
        DeleteGroupsResponse response;
        response.results = std::move(results);
        responder.send(response);
      });
  for (std::size_t i = 0; i < request.groups_names.size(); ++i) {
    const std::string& id = request.groups_names[i];
    call_group<base::ErrorCode>(
        services, id,
        [id](group::GroupMachine& machine, const group::Now&) { return machine.delete_group(id); },
        [id, i, gather](base::Result<base::ErrorCode> reply) {
          Deleted result;
          result.group_id = id;
          result.error_code = reply ? *reply : reply.error().code;
          gather->answer(i, std::move(result));
        });
  }
}

}  // namespace odradek::broker::api
