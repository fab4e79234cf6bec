// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/create_topics.h"

#include <chrono>
#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"

namespace odradek::broker::api {

using wire::CreateTopicsRequest;
using wire::CreateTopicsResponse;

void handle_create_topics(Services& services, CreateTopicsRequest request,
                          Responder<CreateTopicsResponse> responder) {
  const auto asked = std::make_shared<const CreateTopicsRequest>(std::move(request));
  services.admin.change_everywhere<CreateTopicsResponse>(
      std::chrono::milliseconds(asked->timeout_ms),
      [asked](const metadata::ClusterImage& image, const metadata::ControllerInputs& inputs) {
        return metadata::create_topics(image, inputs, *asked);
      },
      [asked, responder = std::move(responder)](CreateTopicsResponse response,
                                                const base::Result<>& committed) mutable {
        // Refused before anything was decided.
        if (!committed && response.topics.empty()) {
          for (const auto& topic : asked->topics) response.topics.emplace_back().name = topic.name;
        }
        for (auto& topic : response.topics) {
          if (committed || topic.error_code != base::ErrorCode::kNone) continue;
          topic.error_code = committed.error().code;
          topic.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
