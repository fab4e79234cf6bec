// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/list_partition_reassignments.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/partitions.h"

namespace odradek::broker::api {

using wire::ListPartitionReassignmentsRequest;
using wire::ListPartitionReassignmentsResponse;

void handle_list_partition_reassignments(Services& services,
                                         ListPartitionReassignmentsRequest request,
                                         Responder<ListPartitionReassignmentsResponse> responder) {
  const auto image = services.admin.runtime().newest();
  responder.send(metadata::list_partition_reassignments(*image, request));
}

}  // namespace odradek::broker::api
