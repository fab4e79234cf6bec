// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/unregister_broker.h"

#include <utility>

#include "base/log.h"
#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/cluster.h"

namespace odradek::broker::api {

using wire::UnregisterBrokerRequest;
using wire::UnregisterBrokerResponse;

void handle_unregister_broker(Services& services, UnregisterBrokerRequest request,
                              Responder<UnregisterBrokerResponse> responder) {
  // On a node of its own. In a cluster who runs registers anew by itself, wherever it is.
  const base::BrokerId self = services.peers == nullptr ? services.node_id : base::kNoBroker;
  if (request.broker_id == self) {
    base::log::warn("controller", "broker {} is unregistered while it runs: it registers again",
                    request.broker_id.value());
  }
  services.admin.change<UnregisterBrokerResponse>(
      [id = request.broker_id, self](const metadata::ClusterImage& image,
                                     const metadata::ControllerInputs& inputs) {
        return metadata::unregister_broker({image, inputs.settings}, id, self);
      },
      [responder = std::move(responder)](UnregisterBrokerResponse response,
                                         const base::Result<>& committed) mutable {
        if (!committed) {
          response.error_code = committed.error().code;
          response.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
