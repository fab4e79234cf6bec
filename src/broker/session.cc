// SPDX-License-Identifier: Apache-2.0
#include "broker/session.h"

#include <fmt/core.h>

#include <utility>

#include "base/assert.h"
#include "broker/api/forward.h"
#include "broker/api/handlers.h"
#include "broker/api/peer_handlers.h"
#include "broker/request.h"
#include "broker/request_line.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/reader.h"

namespace odradek::broker {
namespace {

class BrokerSession : public net::Session {
 public:
  BrokerSession(Services& services, std::shared_ptr<const net::ConnectionInfo> connection)
      : services_(services),
        connection_(std::move(connection)),
        produce_line_(std::make_shared<RequestLine>(connection_->executor)) {}

  void handle(base::SharedBytes frame, net::Reply reply) override {
    base::SharedBytes whole = is_sent_on(frame) ? frame : base::SharedBytes();
    wire::Reader reader(std::move(frame));
    auto header = wire::decode_request_header(reader);
    if (!header) {
      reply.close_connection(header.error().message);
      return;
    }
    auto context = std::make_shared<RequestContext>();
    context->api = wire::find_api(header->request_api_key);
    context->version = header->request_api_version;
    context->correlation_id = header->correlation_id;
    context->client_id = std::move(header->client_id);
    context->connection = connection_;
    context->software = software_;
    context->produce_line = produce_line_;
    context->received = services_.world.clock().monotonic();
    dispatch(std::move(context), reader, std::move(whole), std::move(reply));
  }

  void closed() override { produce_line_->drop(); }

 private:
  // Looked at before the frame is given away: only then is all of it needed.
  bool is_sent_on(base::ByteView frame) const {
    if (services_.peers == nullptr || frame.size() < sizeof(std::int16_t)) return false;
    const wire::ApiDescription* const described =
        wire::find_api(base::load_big_endian<std::int16_t>(frame.data()));
    const api::Handler* const handler =
        described == nullptr ? nullptr : api::find_handler(described->key);
    return handler != nullptr && api::is_to_be_forwarded(services_, *handler);
  }

  // `whole`: the frame, where it is to be sent on.
  void dispatch(std::shared_ptr<RequestContext> context, wire::Reader& reader,
                base::SharedBytes whole, net::Reply reply) {
    const api::Handler* handler = api::find_handler(context->api->key);
    if (handler != nullptr && handler->versions.contains(context->version)) {
      if (!whole.empty()) {
        api::forward(services_, *handler, std::move(context), reader, std::move(whole),
                     std::move(reply));
        return;
      }
      handler->handle(services_, std::move(context), reader, std::move(reply));
      return;
    }
    if (context->api->key == wire::ApiKey::kApiVersions) {
      api::refuse_api_versions(*context, std::move(reply));
      return;
    }
    if (services_.peers != nullptr) {
      dispatch_of_peer(std::move(context), reader, std::move(reply));
      return;
    }
    api::refuse_unsupported(*context, std::move(reply));
  }

  void dispatch_of_peer(std::shared_ptr<RequestContext> context, wire::Reader& reader,
                        net::Reply reply) {
    const api::Handler* handler = api::find_peer_handler(context->api->key);
    if (handler == nullptr || !handler->versions.contains(context->version)) {
      api::refuse_unsupported(*context, std::move(reply));
    } else if (!api::is_from_peer(services_, *connection_)) {
      api::refuse(*context, base::ErrorCode::kClusterAuthorizationFailed,
                  "only brokers may ask this, on the inter-broker listener", std::move(reply));
    } else {
      handler->handle(services_, std::move(context), reader, std::move(reply));
    }
  }

  Services& services_;
  std::shared_ptr<const net::ConnectionInfo> connection_;
  const std::shared_ptr<RequestLine> produce_line_;
  const std::shared_ptr<ClientSoftware> software_ = std::make_shared<ClientSoftware>();
};

}  // namespace

std::unique_ptr<net::Session> SessionFactory::open(
    std::shared_ptr<const net::ConnectionInfo> connection) {
  ODRADEK_ASSERT(services_ != nullptr);
  return std::make_unique<BrokerSession>(*services_, std::move(connection));
}

}  // namespace odradek::broker
