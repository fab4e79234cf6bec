// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/elect_leaders.h"

#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/partitions.h"

namespace odradek::broker::api {

using wire::ElectLeadersRequest;
using wire::ElectLeadersResponse;

void handle_elect_leaders(Services& services, ElectLeadersRequest request,
                          Responder<ElectLeadersResponse> responder) {
  services.admin.change<ElectLeadersResponse>(
      [request = std::move(request)](const metadata::ClusterImage& image,
                                     const metadata::ControllerInputs& inputs) {
        return metadata::elect_leaders({image, inputs.settings}, request);
      },
      [responder = std::move(responder)](ElectLeadersResponse response,
                                         const base::Result<>& committed) mutable {
        if (!committed) {
          response.error_code = committed.error().code;
          response.replica_election_results.clear();
        }
        // Version 0 has no code for the whole request.
        if (responder.context().version == 0) response.error_code = base::ErrorCode::kNone;
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
