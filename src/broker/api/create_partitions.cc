// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/create_partitions.h"

#include <chrono>
#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"

namespace odradek::broker::api {

using wire::CreatePartitionsRequest;
using wire::CreatePartitionsResponse;

void handle_create_partitions(Services& services, CreatePartitionsRequest request,
                              Responder<CreatePartitionsResponse> responder) {
  const auto asked = std::make_shared<const CreatePartitionsRequest>(std::move(request));
  services.admin.change_everywhere<CreatePartitionsResponse>(
      std::chrono::milliseconds(asked->timeout_ms),
      [asked](const metadata::ClusterImage& image, const metadata::ControllerInputs& inputs) {
        return metadata::create_partitions(image, inputs, *asked);
      },
      [asked, responder = std::move(responder)](CreatePartitionsResponse response,
                                                const base::Result<>& committed) mutable {
        // Refused before anything was decided.
        if (!committed && response.results.empty()) {
          for (const auto& topic : asked->topics) response.results.emplace_back().name = topic.name;
        }
        for (auto& topic : response.results) {
          if (committed || topic.error_code != base::ErrorCode::kNone) continue;
          topic.error_code = committed.error().code;
          topic.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
