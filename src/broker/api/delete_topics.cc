// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/delete_topics.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"

namespace odradek::broker::api {

using wire::DeleteTopicsRequest;
using wire::DeleteTopicsResponse;

void handle_delete_topics(Services& services, DeleteTopicsRequest request,
                          Responder<DeleteTopicsResponse> responder) {
  const wire::Version version = responder.context().version;
  services.admin.change<DeleteTopicsResponse>(
      [request = std::move(request), version](const metadata::ClusterImage& image,
                                              const metadata::ControllerInputs& inputs) {
        return metadata::delete_topics(image, inputs, request, version);
      },
      [responder = std::move(responder)](DeleteTopicsResponse response,
                                         const base::Result<>& committed) mutable {
        for (auto& topic : response.responses) {
          if (committed || topic.error_code != base::ErrorCode::kNone) continue;
          topic.error_code = committed.error().code;
          topic.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
