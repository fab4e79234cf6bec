// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/create_partitions.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"

namespace odradek::broker::api {

using wire::CreatePartitionsRequest;
using wire::CreatePartitionsResponse;

void handle_create_partitions(Services& services, CreatePartitionsRequest request,
                              Responder<CreatePartitionsResponse> responder) {
  services.admin.change<CreatePartitionsResponse>(
      [request = std::move(request)](const metadata::ClusterImage& image,
                                     const metadata::ControllerInputs& inputs) {
        return metadata::create_partitions(image, inputs, request);
      },
      [responder = std::move(responder)](CreatePartitionsResponse response,
                                         const base::Result<>& committed) mutable {
        for (auto& topic : response.results) {
          if (committed || topic.error_code != base::ErrorCode::kNone) continue;
          topic.error_code = committed.error().code;
          topic.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
