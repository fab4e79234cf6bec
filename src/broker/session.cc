// SPDX-License-Identifier: Apache-2.0
#include "broker/session.h"

#include <fmt/core.h>

#include <deque>
#include <functional>
#include <utility>

#include "base/assert.h"
#include "broker/api/forward.h"
#include "broker/api/handlers.h"
#include "broker/api/peer_handlers.h"
#include "broker/request.h"
#include "broker/request_line.h"
#include "net/peer_client.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"
#include "wire/reader.h"

namespace odradek::broker {
namespace {

// Nobody has more to say before the first answer.
constexpr std::size_t kMaxEarlyBytes = 4096;

}  // namespace

// What clients asked by one connection before this broker serves them. On the connection's loop.
class EarlyRequests : public std::enable_shared_from_this<EarlyRequests> {
 public:
  EarlyRequests(env::Executor& loop, std::function<void()> serve)
      : loop_(loop), serve_(std::move(serve)) {}

  void keep(base::SharedBytes frame, net::Reply reply) {
    bytes_ += frame.size();
    if (bytes_ > kMaxEarlyBytes) {
      reply.close_connection(
          fmt::format("more than {} bytes before this broker serves", kMaxEarlyBytes));
      return;
    }
    kept_.emplace_back(std::move(frame), std::move(reply));
  }
  std::deque<std::pair<base::SharedBytes, net::Reply>> take() { return std::exchange(kept_, {}); }
  // Threads: any. Nothing happens once the connection has gone.
  void serve_soon() {
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->serve_();
    });
  }

 private:
  env::Executor& loop_;
  const std::function<void()> serve_;
  std::deque<std::pair<base::SharedBytes, net::Reply>> kept_;
  std::size_t bytes_ = 0;
};

namespace {

class BrokerSession : public net::Session {
 public:
  BrokerSession(Services& services, std::shared_ptr<const net::ConnectionInfo> connection)
      : services_(services),
        connection_(std::move(connection)),
        produce_line_(std::make_shared<RequestLine>(connection_->executor)) {}

  void handle(base::SharedBytes frame, net::Reply reply) override {
    if (early_ == nullptr || is_of_peer(frame)) return answer(std::move(frame), std::move(reply));
    early_->keep(std::move(frame), std::move(reply));
  }
  // Who left while nothing was answered has no use for it later.
  bool answers_what_is_left() const override { return early_ == nullptr; }
  void closed() override {
    produce_line_->drop();
    early_.reset();
  }

  // What clients ask is kept until this is told to serve them.
  std::shared_ptr<EarlyRequests> begin_early() {
    early_ = std::make_shared<EarlyRequests>(connection_->executor, [this] { end_early(); });
    return early_;
  }

 private:
  void end_early() {
    auto kept = std::exchange(early_, nullptr)->take();
    for (auto& [frame, reply] : kept) answer(std::move(frame), std::move(reply));
  }

  void answer(base::SharedBytes frame, net::Reply reply) {
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

  // Whether another broker asks something of the controller here, or is about to.
  bool is_of_peer(const base::SharedBytes& frame) const {
    if (!api::is_from_peer(services_, *connection_)) return false;
    wire::Reader reader(frame);
    const auto header = wire::decode_request_header(reader);
    if (!header) return false;
    const wire::ApiKey key = wire::find_api(header->request_api_key)->key;
    if (key != wire::ApiKey::kApiVersions) return api::find_peer_handler(key) != nullptr;
    const auto version = header->request_api_version;
    if (version > wire::ApiVersionsRequest::kLatestStableVersion) return false;
    const auto request = wire::ApiVersionsRequest::decode(reader, version);
    return request && request->client_software_name == net::PeerClient::kSoftwareName;
  }

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
  // Null once clients are served.
  std::shared_ptr<EarlyRequests> early_;
};

}  // namespace

void SessionFactory::serve(Services& services) {
  std::vector<std::weak_ptr<EarlyRequests>> early;
  {
    const std::lock_guard lock(mutex_);
    services_ = &services;
    is_serving_ = true;
    early.swap(early_);
  }
  for (const auto& weak : early) {
    if (const auto requests = weak.lock()) requests->serve_soon();
  }
}

std::unique_ptr<net::Session> SessionFactory::open(
    std::shared_ptr<const net::ConnectionInfo> connection) {
  const std::lock_guard lock(mutex_);
  ODRADEK_ASSERT(services_ != nullptr);
  auto session = std::make_unique<BrokerSession>(*services_, std::move(connection));
  if (!is_serving_) {
    std::erase_if(early_, [](const auto& weak) { return weak.expired(); });
    early_.push_back(session->begin_early());
  }
  return session;
}

}  // namespace odradek::broker
