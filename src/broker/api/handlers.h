// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "broker/request.h"
#include "broker/services.h"
#include "wire/api_key.h"
#include "wire/reader.h"
#include "wire/version.h"

// The handlers, one file an API. What stands in this table is what ApiVersions offers.
namespace odradek::broker::api {

// Who answers a request of a cluster's client.
enum class AnsweredBy : std::uint8_t {
  kAnyBroker,
  // The active controller, to which every other broker sends the request on (KIP-590).
  kController,
  // Parts by the broker that was asked, which sends the rest on: the handler sees to it.
  kBoth,
};

struct Handler {
  wire::ApiKey key;
  // Accepted; ApiVersions shows the stable ones.
  wire::VersionRange versions;
  // Decodes the body and answers it, now or later. A body that is no such request closes the
  // connection, as in Kafka.
  void (*handle)(Services& services, std::shared_ptr<RequestContext> context, wire::Reader& reader,
                 net::Reply reply);
  AnsweredBy answered_by = AnsweredBy::kAnyBroker;
  // How long the client waits for the controller, by the request's TimeoutMs; nothing where it does
  // not say. An error for a body that is no such request.
  base::Result<std::optional<env::Duration>> (*time_limit)(wire::Reader& reader,
                                                           wire::Version version) = nullptr;
};

// In the order of the keys.
std::span<const Handler> all_handlers();
// Null when this server does not have the API.
const Handler* find_handler(wire::ApiKey key);

// Answers an ApiVersions request of a version that is not known: version 0 of the response,
// UNSUPPORTED_VERSION, and what is offered for ApiVersions itself.
void refuse_api_versions(const RequestContext& context, net::Reply reply);
// Answers a request whose API or version this server does not have: with UNSUPPORTED_VERSION, which
// no client tries again, where the version is known and its response has a place for an error; else
// by closing the connection.
void refuse_unsupported(const RequestContext& context, net::Reply reply);
// The same with another error; `reason` is for the log where the connection is closed.
void refuse(const RequestContext& context, base::ErrorCode code, const std::string& reason,
            net::Reply reply);

}  // namespace odradek::broker::api
