// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/offset_delete.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_call.h"

namespace odradek::broker::api {

using wire::OffsetDeleteRequest;
using wire::OffsetDeleteResponse;

void handle_offset_delete(Services& services, OffsetDeleteRequest request,
                          Responder<OffsetDeleteResponse> responder) {
  const std::string group_id = request.group_id;
  const auto image = services.image.load();
  OffsetDeleteResponse unknown;
  for (auto& topic : request.topics) {
    const auto& known = image->find_topic(topic.name);
    OffsetDeleteResponse::OffsetDeleteResponseTopic missing;
    missing.name = topic.name;
    std::erase_if(topic.partitions, [&](const auto& partition) {
      if (known != nullptr && known->has_partition(partition.partition_index)) return false;
      missing.partitions.push_back(
          {partition.partition_index, base::ErrorCode::kUnknownTopicOrPartition});
      return true;
    });
    if (!missing.partitions.empty()) unknown.topics.push_back(std::move(missing));
  }
  std::erase_if(request.topics, [](const auto& topic) { return topic.partitions.empty(); });
  call_group<OffsetDeleteResponse>(
      services, group_id,
      [request = std::move(request)](group::GroupMachine& machine, const group::Now&) {
        return machine.delete_offsets(request);
      },
      [unknown = std::move(unknown),
       responder = std::move(responder)](base::Result<OffsetDeleteResponse> reply) mutable {
        OffsetDeleteResponse response;
        if (reply) {
          response = std::move(*reply);
          if (response.error_code == base::ErrorCode::kNone) {
            for (auto& topic : unknown.topics) response.topics.push_back(std::move(topic));
          }
        } else {
          response.error_code = reply.error().code;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
