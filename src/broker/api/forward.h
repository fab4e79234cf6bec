// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/bytes.h"
#include "broker/api/handlers.h"

// Requests that the active controller answers, whichever broker they came to (KIP-590).
namespace odradek::broker::api {

// Whether the request is to be sent on: the controller is another broker, or nobody for now.
bool is_to_be_forwarded(const Services& services, const Handler& handler);

// Sends the request on and answers with what comes back, byte by byte. Where no controller answers
// in the client's time (the request's TimeoutMs, else request.timeout.ms), the answer says
// REQUEST_TIMED_OUT as the API has it. `frame`: all of the request, whose body `reader` is at.
// Threads: any; what goes to the client goes by its reply.
void forward(Services& services, const Handler& handler, std::shared_ptr<RequestContext> context,
             const wire::Reader& reader, base::SharedBytes frame, net::Reply reply);

// The part of it that brokers ask each other: an Envelope, which the active controller opens.
// INVALID_REQUEST for what is never sent on, an Envelope among it; UNSUPPORTED_VERSION for what is
// no request; NOT_CONTROLLER where this is not the active controller.
void handle_envelope(Services& services, std::shared_ptr<RequestContext> context,
                     wire::Reader& reader, net::Reply reply);

}  // namespace odradek::broker::api
