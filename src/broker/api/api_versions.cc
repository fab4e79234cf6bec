// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/api_versions.h"

#include <algorithm>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/handlers.h"
#include "broker/api/peer_handlers.h"
#include "metadata/controller/cluster.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::ApiVersionsRequest;
using wire::ApiVersionsResponse;

// What ApiVersions offers for a handler. Produce is shown from version 0: older librdkafka takes
// its compression support from there (KAFKA-18659).
ApiVersionsResponse::ApiVersion offered(const Handler& handler) {
  ApiVersionsResponse::ApiVersion version;
  version.api_key = static_cast<std::int16_t>(handler.key);
  version.min_version =
      handler.key == wire::ApiKey::kProduce ? wire::Version{0} : handler.versions.low;
  version.max_version = handler.versions.high;
  return version;
}

// KIP-511: what a client says of itself is letters, digits, dots and dashes.
bool is_client_software_text(const std::string& text) {
  const auto is_letter_or_digit = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
  };
  if (text.empty() || !is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) {
    return false;
  }
  return std::ranges::all_of(text, [&](char character) {
    return is_letter_or_digit(character) || character == '-' || character == '.';
  });
}

// Clients of versions below 4 can't read a feature whose least level is 0 (KAFKA-17492).
void add_features(const metadata::ClusterImage& image, wire::Version version,
                  ApiVersionsResponse& response) {
  for (const auto& [name, levels] : metadata::supported_features()) {
    if (levels.first == 0 && version < 4) continue;
    ApiVersionsResponse::SupportedFeatureKey supported;
    supported.name = name;
    supported.min_version = levels.first;
    supported.max_version = levels.second;
    response.supported_features.push_back(std::move(supported));
  }
  response.finalized_features_epoch = image.end_offset.value() - 1;
  for (const auto& [name, level] : image.features) {
    ApiVersionsResponse::FinalizedFeatureKey finalized;
    finalized.name = name;
    finalized.max_version_level = level;
    finalized.min_version_level = level;
    response.finalized_features.push_back(std::move(finalized));
  }
}

}  // namespace

void handle_api_versions(Services& services, ApiVersionsRequest request,
                         Responder<ApiVersionsResponse> responder) {
  ApiVersionsResponse response;
  const bool names_software = responder.context().version >= 3;
  if (names_software && !(is_client_software_text(request.client_software_name) &&
                          is_client_software_text(request.client_software_version))) {
    response.error_code = ErrorCode::kInvalidRequest;
    responder.send(response);
    return;
  }
  if (names_software) {
    *responder.context().software = {std::move(request.client_software_name),
                                     std::move(request.client_software_version)};
  }
  for (const Handler& handler : all_handlers()) response.api_keys.push_back(offered(handler));
  if (is_from_peer(services, *responder.context().connection)) {
    for (const Handler& handler : peer_handlers()) response.api_keys.push_back(offered(handler));
  }
  if (names_software) add_features(*services.image.load(), responder.context().version, response);
  responder.send(response);
}

void refuse_api_versions(const RequestContext& context, net::Reply reply) {
  ApiVersionsResponse response;
  response.error_code = ErrorCode::kUnsupportedVersion;
  response.api_keys.push_back(offered(*find_handler(wire::ApiKey::kApiVersions)));
  RequestContext oldest = context;
  oldest.version = 0;
  reply.send(encode_response(oldest, ApiVersionsResponse::layout(), &response));
}

}  // namespace odradek::broker::api
