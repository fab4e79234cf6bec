// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "broker/api/handlers.h"

namespace odradek::broker::api {

// Closes the connection of a request whose body could not be read.
void close_malformed(const RequestContext& context, const base::Error& error, net::Reply reply);

template <typename Request>
base::Result<std::optional<env::Duration>> time_limit_of(wire::Reader& reader,
                                                         wire::Version version) {
  auto request = Request::decode(reader, version);
  if (!request) return base::fail(std::move(request));
  if constexpr (requires { request->timeout_ms; }) {
    return std::chrono::milliseconds(request->timeout_ms);
  } else {
    return std::nullopt;
  }
}

// The table's entry for `function(Services&, Request, Responder<Response>)`.
template <typename Request, typename Response,
          void (*function)(Services&, Request, Responder<Response>)>
constexpr Handler declare(AnsweredBy answered_by = AnsweredBy::kAnyBroker) {
  return {Request::kApiKey,
          {Request::kMinVersion, Request::kLatestStableVersion},
          [](Services& services, std::shared_ptr<RequestContext> context, wire::Reader& reader,
             net::Reply reply) {
            auto request = Request::decode(reader, context->version);
            if (!request) {
              close_malformed(*context, request.error(), std::move(reply));
              return;
            }
            function(services, std::move(*request),
                     Responder<Response>(std::move(context), std::move(reply)));
          },
          answered_by,
          time_limit_of<Request>};
}

}  // namespace odradek::broker::api
