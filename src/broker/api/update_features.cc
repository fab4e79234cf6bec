// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/update_features.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/features.h"

namespace odradek::broker::api {

using wire::UpdateFeaturesRequest;
using wire::UpdateFeaturesResponse;

void handle_update_features(Services& services, UpdateFeaturesRequest request,
                            Responder<UpdateFeaturesResponse> responder) {
  services.admin.change<UpdateFeaturesResponse>(
      [request = std::move(request), self = services.node_id](
          const metadata::ClusterImage& image, const metadata::ControllerInputs& /*inputs*/) {
        return metadata::update_features(image, self, request);
      },
      [responder = std::move(responder)](UpdateFeaturesResponse response,
                                         const base::Result<>& committed) mutable {
        if (!committed) {
          response.results.clear();
          response.error_code = committed.error().code;
          response.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
