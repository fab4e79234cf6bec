// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/delete_topics.h"

#include <memory>
#include <string>
#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"

namespace odradek::broker::api {

using wire::DeleteTopicsRequest;
using wire::DeleteTopicsResponse;

namespace {

// For a request that was refused before anything was decided.
void name_all(const DeleteTopicsRequest& request, DeleteTopicsResponse& response) {
  for (const std::string& name : request.topic_names) response.responses.emplace_back().name = name;
  for (const auto& topic : request.topics) {
    auto& result = response.responses.emplace_back();
    result.name = topic.name;
    result.topic_id = topic.topic_id;
  }
}

}  // namespace

void handle_delete_topics(Services& services, DeleteTopicsRequest request,
                          Responder<DeleteTopicsResponse> responder) {
  const wire::Version version = responder.context().version;
  const auto asked = std::make_shared<const DeleteTopicsRequest>(std::move(request));
  services.admin.change<DeleteTopicsResponse>(
      [asked, version](const metadata::ClusterImage& image,
                       const metadata::ControllerInputs& inputs) {
        return metadata::delete_topics(image, inputs, *asked, version);
      },
      [asked, responder = std::move(responder)](DeleteTopicsResponse response,
                                                const base::Result<>& committed) mutable {
        if (!committed && response.responses.empty()) name_all(*asked, response);
        for (auto& topic : response.responses) {
          if (committed || topic.error_code != base::ErrorCode::kNone) continue;
          topic.error_code = committed.error().code;
          topic.error_message = committed.error().message;
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
