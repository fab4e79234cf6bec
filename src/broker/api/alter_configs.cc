// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_configs.h"

#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/config_answer.h"
#include "broker/api/config_parts.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/configs.h"

namespace odradek::broker::api {

using wire::AlterConfigsRequest;
using wire::AlterConfigsResponse;

namespace {

void change_here(Services& services, const std::shared_ptr<const AlterConfigsRequest>& asked,
                 Responder<AlterConfigsResponse> responder) {
  const auto broker = asked_broker(services, responder.context());
  services.admin.change<AlterConfigsResponse>(
      [asked, &services, broker](const metadata::ClusterImage& image,
                                 const metadata::ControllerInputs&) {
        const auto settings = services.settings.layers();
        return metadata::alter_configs(image, {*settings, broker}, *asked);
      },
      [asked, responder = std::move(responder)](AlterConfigsResponse response,
                                                const base::Result<>& committed) mutable {
        answer_uncommitted(*asked, response, committed);
        responder.send(response);
      });
}

}  // namespace

void handle_alter_configs(Services& services, AlterConfigsRequest request,
                          Responder<AlterConfigsResponse> responder) {
  const auto asked = std::make_shared<const AlterConfigsRequest>(std::move(request));
  if (!is_changed_in_parts(services, responder.context())) {
    return change_here(services, asked, std::move(responder));
  }
  const auto settings = services.settings.layers();
  auto checked =
      metadata::alter_configs(*services.image.load(), {*settings, services.node_id}, *asked);
  const auto context = responder.shared_context();
  change_in_parts<AlterConfigsRequest, AlterConfigsResponse>(
      services, *asked, std::move(checked.reply), *context,
      [&services, asked,
       responder = std::move(responder)](std::optional<AlterConfigsResponse> answer) mutable {
        if (!answer) return change_here(services, asked, std::move(responder));
        responder.send(*answer);
      });
}

}  // namespace odradek::broker::api
