// SPDX-License-Identifier: Apache-2.0
#include "broker/api/forward.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/api/declare.h"
#include "broker/cluster/forwarder.h"
#include "wire/frame.h"
#include "wire/messages/envelope.h"
#include "wire/messages/header.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;

// A client that does not wait at all gets an answer, too.
constexpr env::Duration kLeastTimeLimit = std::chrono::seconds(1);

base::Result<env::Duration> time_limit_of(const Services& services, const Handler& handler,
                                          const RequestContext& context, wire::Reader reader) {
  auto asked = handler.time_limit(reader, context.version);
  if (!asked) return base::fail(std::move(asked));
  const auto otherwise = std::chrono::milliseconds(services.settings.number("request.timeout.ms"));
  return std::max<env::Duration>(asked->value_or(otherwise), kLeastTimeLimit);
}

// As it goes to the client.
base::OutputChain with_length(base::SharedBytes frame) {
  auto length = base::SharedBytes::allocate(wire::kFrameSizeBytes);
  base::store_big_endian(length.mutable_view().data(), static_cast<std::int32_t>(frame.size()));
  base::OutputChain chain;
  chain.append(std::move(length));
  chain.append(std::move(frame));
  return chain;
}

// A request on its way.
struct Forwarded {
  Services& services;
  const Handler& handler;
  std::shared_ptr<RequestContext> context;
  wire::Reader reader;
  net::Reply reply;

  void answer(base::Result<base::SharedBytes> outcome) {
    if (outcome) return reply.send(with_length(std::move(*outcome)));
    switch (outcome.error().code) {
      case ErrorCode::kNotController:
        return handler.handle(services, std::move(context), reader, std::move(reply));
      case ErrorCode::kRequestTimedOut:
        return handler.handle(*services.peers->without_controller, std::move(context), reader,
                              std::move(reply));
      default:
        reply.close_connection(fmt::format("{} was not taken by the controller: {} ({})",
                                           context->api->name, outcome.error().message,
                                           base::error_name(outcome.error().code)));
    }
  }
};

// The client of a forwarded request, as its handler sees it.
std::shared_ptr<const net::ConnectionInfo> connection_of_client(
    const net::ConnectionInfo& connection, std::string host) {
  auto client = std::make_shared<net::ConnectionInfo>(connection);
  client->peer = {std::move(host), 0};
  return client;
}

struct Opened {
  const Handler* handler = nullptr;
  std::shared_ptr<RequestContext> context;
  wire::Reader reader;
};

base::Result<Opened> open_envelope(const RequestContext& outer, wire::EnvelopeRequest envelope) {
  auto principal = decode_principal(envelope.request_principal.value_or(base::SharedBytes()));
  if (!principal) return base::fail(std::move(principal));
  auto host = decode_host(envelope.client_host_address);
  if (!host) return base::fail(std::move(host));
  wire::Reader reader(std::move(envelope.request_data));
  auto header = wire::decode_request_header(reader);
  if (!header) return base::fail(ErrorCode::kUnsupportedVersion, header.error().message);
  const wire::ApiDescription* api = wire::find_api(header->request_api_key);
  const Handler* handler = find_handler(api->key);
  if (handler == nullptr || handler->answered_by == AnsweredBy::kAnyBroker) {
    return base::fail(ErrorCode::kInvalidRequest, fmt::format("{} is not sent on", api->name));
  }
  if (!handler->versions.contains(header->request_api_version)) {
    return base::fail(ErrorCode::kUnsupportedVersion,
                      fmt::format("{} version {}", api->name, header->request_api_version));
  }
  auto context = std::make_shared<RequestContext>(outer);
  context->envelope = EnvelopeOrigin{std::move(*principal), outer.version, outer.correlation_id};
  context->api = api;
  context->version = header->request_api_version;
  context->correlation_id = header->correlation_id;
  context->client_id = std::move(header->client_id);
  context->connection = connection_of_client(*outer.connection, std::move(*host));
  return Opened{handler, std::move(context), std::move(reader)};
}

}  // namespace

bool is_to_be_forwarded(const Services& services, const Handler& handler) {
  return handler.answered_by == AnsweredBy::kController && services.peers != nullptr &&
         !services.peers->forwarder.is_controller_here();
}

void forward(Services& services, const Handler& handler, std::shared_ptr<RequestContext> context,
             const wire::Reader& reader, base::SharedBytes frame, net::Reply reply) {
  const auto time_limit = time_limit_of(services, handler, *context, reader);
  if (!time_limit) return close_malformed(*context, time_limit.error(), std::move(reply));
  const auto principal = principal_of(*context);
  const auto host = context->connection->peer.host;
  services.peers->forwarder.forward(
      std::move(frame), principal, host, *time_limit,
      [on_its_way = Forwarded{services, handler, std::move(context), reader, std::move(reply)}](
          base::Result<base::SharedBytes> outcome) mutable {
        on_its_way.answer(std::move(outcome));
      });
}

void handle_envelope(Services& services, std::shared_ptr<RequestContext> context,
                     wire::Reader& reader, net::Reply reply) {
  auto envelope = wire::EnvelopeRequest::decode(reader, context->version);
  if (!envelope) return close_malformed(*context, envelope.error(), std::move(reply));
  auto opened = open_envelope(*context, std::move(*envelope));
  if (!opened) {
    base::log::warn("controller", "an envelope from {} is refused: {}",
                    context->connection->peer.to_string(), opened.error().message);
    return reply.send(encode_envelope_error({{}, context->version, context->correlation_id},
                                            opened.error().code));
  }
  if (!services.peers->forwarder.is_controller_here()) {
    return reply.send(encode_envelope_error(*opened->context->envelope, ErrorCode::kNotController));
  }
  opened->handler->handle(services, std::move(opened->context), opened->reader, std::move(reply));
}

}  // namespace odradek::broker::api
