// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/incremental_alter_configs.h"

#include <memory>
#include <utility>

#include "base/loggers.h"
#include "broker/api/apis.h"
#include "broker/api/config_answer.h"
#include "broker/api/config_parts.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/configs.h"

namespace odradek::broker::api {

using wire::IncrementalAlterConfigsRequest;
using wire::IncrementalAlterConfigsResponse;

namespace {

// No record holds the levels of loggers: they last as long as the process, as in Kafka.
void change_loggers(const IncrementalAlterConfigsRequest& request,
                    const IncrementalAlterConfigsResponse& decided) {
  if (request.validate_only) return;
  constexpr auto kLoggers = static_cast<std::int8_t>(metadata::ConfigResourceType::kBrokerLogger);
  constexpr std::int8_t kDelete = 1;
  for (std::size_t i = 0; i < decided.responses.size(); ++i) {
    const auto& resource = request.resources[i];
    const bool is_allowed = decided.responses[i].error_code == base::ErrorCode::kNone;
    if (resource.resource_type != kLoggers || !is_allowed) continue;
    for (const auto& entry : resource.configs) {
      if (entry.config_operation == kDelete) {
        base::log::unset_logger_level(entry.name);
      } else {
        base::log::set_logger_level(entry.name, *entry.value);
      }
    }
  }
}

void change_here(Services& services,
                 const std::shared_ptr<const IncrementalAlterConfigsRequest>& asked,
                 Responder<IncrementalAlterConfigsResponse> responder) {
  const auto broker = asked_broker(services, responder.context());
  services.admin.change<IncrementalAlterConfigsResponse>(
      [asked, &services, broker](const metadata::ClusterImage& image,
                                 const metadata::ControllerInputs&) {
        const auto settings = services.settings.layers();
        return metadata::incremental_alter_configs(image, {*settings, broker}, *asked);
      },
      [asked, responder = std::move(responder)](IncrementalAlterConfigsResponse response,
                                                const base::Result<>& committed) mutable {
        if (committed && !responder.context().envelope) change_loggers(*asked, response);
        answer_uncommitted(*asked, response, committed);
        responder.send(response);
      });
}

}  // namespace

void handle_incremental_alter_configs(Services& services, IncrementalAlterConfigsRequest request,
                                      Responder<IncrementalAlterConfigsResponse> responder) {
  const auto asked = std::make_shared<const IncrementalAlterConfigsRequest>(std::move(request));
  if (!is_changed_in_parts(services, responder.context())) {
    return change_here(services, asked, std::move(responder));
  }
  const auto settings = services.settings.layers();
  auto checked = metadata::incremental_alter_configs(*services.image.load(),
                                                     {*settings, services.node_id}, *asked);
  const auto context = responder.shared_context();
  change_in_parts<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
      services, *asked, std::move(checked.reply), *context,
      [&services, asked, responder = std::move(responder)](
          std::optional<IncrementalAlterConfigsResponse> answer) mutable {
        if (!answer) return change_here(services, asked, std::move(responder));
        change_loggers(*asked, *answer);
        responder.send(*answer);
      });
}

}  // namespace odradek::broker::api
