// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_groups.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/authorized_operations.h"
#include "broker/api/group_call.h"
#include "broker/api/group_gather.h"

namespace odradek::broker::api {

using wire::DescribeGroupsRequest;
using wire::DescribeGroupsResponse;
using Described = DescribeGroupsResponse::DescribedGroup;

void handle_describe_groups(Services& services, DescribeGroupsRequest request,
                            Responder<DescribeGroupsResponse> responder) {
  if (request.groups.empty()) {
    responder.send({});
    return;
  }
  const wire::Version version = responder.context().version;
  auto gather = make_gather<Described>(
      request.groups.size(),
      [with_operations = request.include_authorized_operations,
       responder = std::move(responder)](std::vector<Described> groups) mutable {
        DescribeGroupsResponse response;
        response.groups = std::move(groups);
        for (Described& group : response.groups) {
          if (with_operations) group.authorized_operations = kAllGroupOperations;
        }
        responder.send(response);
      });
  for (std::size_t i = 0; i < request.groups.size(); ++i) {
    const std::string& id = request.groups[i];
    call_group<Described>(
        services, id,
        [id, version](group::GroupMachine& machine, const group::Now&) {
          return group::Answer<Described>{{}, machine.describe(id, version)};
        },
        [id, i, gather](base::Result<Described> reply) {
          Described refused;
          refused.group_id = id;
          if (!reply) refused.error_code = reply.error().code;
          gather->answer(i, reply ? std::move(*reply) : std::move(refused));
        });
  }
}

}  // namespace odradek::broker::api
