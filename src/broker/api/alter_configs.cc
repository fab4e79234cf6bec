// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_configs.h"

#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/config_answer.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/configs.h"

namespace odradek::broker::api {

using wire::AlterConfigsRequest;
using wire::AlterConfigsResponse;

void handle_alter_configs(Services& services, AlterConfigsRequest request,
                          Responder<AlterConfigsResponse> responder) {
  const auto asked = std::make_shared<const AlterConfigsRequest>(std::move(request));
  services.admin.change<AlterConfigsResponse>(
      [asked, &services](const metadata::ClusterImage& image, const metadata::ControllerInputs&) {
        const auto settings = services.settings.layers();
        return metadata::alter_configs(image, {*settings, services.node_id}, *asked);
      },
      [asked, responder = std::move(responder)](AlterConfigsResponse response,
                                                const base::Result<>& committed) mutable {
        answer_uncommitted(*asked, response, committed);
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
