// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "broker/cluster/forwarder.h"
#include "broker/request.h"
#include "broker/services.h"
#include "metadata/cluster_image.h"
#include "wire/frame.h"
#include "wire/join_pieces.h"
#include "wire/reader.h"

// Changes of configurations in a cluster: the broker that was asked changes its own loggers and
// refuses what is another broker's; the controller changes the rest.
namespace odradek::broker::api {

inline bool is_changed_in_parts(const Services& services, const RequestContext& context) {
  return services.peers != nullptr && !context.envelope &&
         !services.peers->forwarder.is_controller_here();
}

// Of the broker that was asked, for what its clients ask of it; see metadata::ConfigInputs.
inline std::optional<base::BrokerId> asked_broker(const Services& services,
                                                  const RequestContext& context) {
  if (context.envelope) return std::nullopt;
  return services.node_id;
}

// A request with what goes to the controller, and where its answers belong.
template <typename Request, typename Response>
struct ConfigParts {
  Request elsewhere;
  std::vector<std::size_t> places;
  Response answer;

  // `checked`: what this broker says of each resource. Of topics and the like it may not know the
  // newest.
  ConfigParts(const Request& asked, Response checked) : answer(std::move(checked)) {
    using metadata::ConfigResourceType;
    elsewhere.validate_only = asked.validate_only;
    for (std::size_t i = 0; i < asked.resources.size(); ++i) {
      const auto type = static_cast<ConfigResourceType>(asked.resources[i].resource_type);
      const bool is_refused = answer.responses[i].error_code != base::ErrorCode::kNone;
      if (type == ConfigResourceType::kBrokerLogger) continue;
      if (type == ConfigResourceType::kBroker && is_refused) continue;
      elsewhere.resources.push_back(asked.resources[i]);
      places.push_back(i);
    }
  }

  void merge(base::Result<base::SharedBytes> frame, wire::Version version) {
    auto response = decode(std::move(frame), version);
    for (std::size_t i = 0; i < places.size(); ++i) {
      auto& place = answer.responses[places[i]];
      if (response && i < response->responses.size()) {
        place = std::move(response->responses[i]);
      } else {
        place.error_code = response ? base::ErrorCode::kUnknownServerError : response.error().code;
        if (!response) place.error_message = response.error().message;
      }
    }
  }

 private:
  static base::Result<Response> decode(base::Result<base::SharedBytes> frame,
                                       wire::Version version) {
    if (!frame) return base::fail(std::move(frame));
    wire::Reader reader(std::move(*frame));
    auto header = wire::decode_response_header(reader, Request::kApiKey, version);
    if (!header) return base::fail(std::move(header));
    return Response::decode(reader, version);
  }
};

// Has the controller change what is its part, then calls with the whole answer; with nothing where
// this broker has become the controller meanwhile.
template <typename Request, typename Response>
void change_in_parts(Services& services, const Request& asked, Response checked,
                     const RequestContext& context,
                     std::move_only_function<void(std::optional<Response>)> done) {
  auto parts = std::make_shared<ConfigParts<Request, Response>>(asked, std::move(checked));
  if (parts->places.empty()) return done(std::move(parts->answer));
  auto frame = wire::frame_request(parts->elsewhere, context.version, context.correlation_id,
                                   context.client_id);
  ODRADEK_ASSERT(frame.has_value());
  frame->remove_prefix(wire::kFrameSizeBytes);
  const auto limit = std::chrono::milliseconds(services.settings.number("request.timeout.ms"));
  services.peers->forwarder.forward(
      wire::join_pieces(*frame), principal_of(context), context.connection->peer.host, limit,
      [parts, version = context.version,
       done = std::move(done)](base::Result<base::SharedBytes> answer) mutable {
        if (!answer && answer.error().code == base::ErrorCode::kNotController) {
          return done(std::nullopt);
        }
        parts->merge(std::move(answer), version);
        done(std::move(parts->answer));
      });
}

}  // namespace odradek::broker::api
