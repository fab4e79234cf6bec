// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/list_groups.h"

#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_gather.h"
#include "broker/runtime/group/group_service.h"

namespace odradek::broker::api {
namespace {

using wire::ListGroupsRequest;
using wire::ListGroupsResponse;

struct Listed {
  std::vector<ListGroupsResponse::ListedGroup> groups;
  base::ErrorCode error = base::ErrorCode::kNone;
};

ListGroupsResponse merge(std::vector<Listed> parts) {
  ListGroupsResponse response;
  for (Listed& part : parts) {
    if (part.error != base::ErrorCode::kNone) response.error_code = part.error;
    for (auto& group : part.groups) response.groups.push_back(std::move(group));
  }
  return response;
}

}  // namespace

void handle_list_groups(Services& services, ListGroupsRequest request,
                        Responder<ListGroupsResponse> responder) {
  const auto shards = services.groups.shards();
  if (shards.empty()) {
    responder.send({});
    return;
  }
  auto gather = make_gather<Listed>(
      shards.size(), [responder = std::move(responder)](std::vector<Listed> parts) mutable {
        responder.send(merge(std::move(parts)));
      });
  const auto filters = std::make_shared<const ListGroupsRequest>(std::move(request));
  for (std::size_t i = 0; i < shards.size(); ++i) {
    auto listed = std::make_shared<Listed>();
    shards[i]->run(
        [listed, filters](group::GroupMachine& machine, const group::Now&) {
          listed->groups = machine.list(filters->states_filter, filters->types_filter);
          return group::Outcome{};
        },
        [listed, gather, i](const base::Result<>& committed) {
          if (!committed) *listed = {{}, committed.error().code};
          gather->answer(i, std::move(*listed));
        });
  }
}

}  // namespace odradek::broker::api
