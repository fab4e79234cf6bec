// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_partition_reassignments.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/partitions.h"

namespace odradek::broker::api {

using wire::AlterPartitionReassignmentsRequest;
using wire::AlterPartitionReassignmentsResponse;

void handle_alter_partition_reassignments(
    Services& services, AlterPartitionReassignmentsRequest request,
    Responder<AlterPartitionReassignmentsResponse> responder) {
  services.admin.change<AlterPartitionReassignmentsResponse>(
      [request = std::move(request)](const metadata::ClusterImage& image,
                                     const metadata::ControllerInputs& inputs) {
        return metadata::alter_partition_reassignments({image, inputs.settings}, request);
      },
      [responder = std::move(responder)](AlterPartitionReassignmentsResponse response,
                                         const base::Result<>& committed) mutable {
        if (!committed) {
          response.error_code = committed.error().code;
          response.error_message = committed.error().message;
          response.responses.clear();
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
