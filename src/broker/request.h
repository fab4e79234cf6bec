// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error_code.h"
#include "broker/cluster/client_identity.h"
#include "env/clock.h"
#include "net/request_handler.h"
#include "wire/api.h"
#include "wire/layout.h"

namespace odradek::broker {

// What a connection's client has said of itself in ApiVersions (KIP-511). Used on the connection's
// own loop only.
struct ClientSoftware {
  std::string name = "unknown";
  std::string version = "unknown";
};

class RequestLine;

// The Envelope in which another broker sent a request on (KIP-590): its client, and what the
// envelope's own answer needs.
struct EnvelopeOrigin {
  Principal principal;
  wire::Version version = 0;
  std::int32_t correlation_id = 0;
};

// Who asks, for what, in which version. Kept as long as the request is worked on.
struct RequestContext {
  const wire::ApiDescription* api = nullptr;
  wire::Version version = 0;
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;
  // Of the client; where another broker sent the request on, that broker's, but for the peer.
  std::shared_ptr<const net::ConnectionInfo> connection;
  std::optional<EnvelopeOrigin> envelope;
  // The connection's; never null.
  std::shared_ptr<ClientSoftware> software;
  // The connection's, for its produce requests; never null.
  std::shared_ptr<RequestLine> produce_line;
  env::MonotonicTime received;
};

// In whose name the request is made. Nobody has to say who they are as yet.
Principal principal_of(const RequestContext& context);

// The frame of a response, its length in front; where the request came in an envelope, so does the
// response, or NOT_CONTROLLER instead of one that says so anywhere, so that it is asked elsewhere.
// A response that its version cannot carry is a broken invariant of the handler.
[[nodiscard]] base::OutputChain encode_response(const RequestContext& context,
                                                const wire::MessageLayout& layout,
                                                const void* response);

// The answer to the envelope of a request that is not answered itself.
[[nodiscard]] base::OutputChain encode_envelope_error(const EnvelopeOrigin& envelope,
                                                      base::ErrorCode code);

// The one answer to a request; used once, from any thread. Destroyed unused, it closes the
// connection.
template <typename Response>
class Responder {
 public:
  Responder(std::shared_ptr<const RequestContext> context, net::Reply reply)
      : context_(std::move(context)), reply_(std::move(reply)) {}

  const RequestContext& context() const { return *context_; }
  // Kept by what outlives the responder.
  std::shared_ptr<const RequestContext> shared_context() const { return context_; }

  void send(const Response& response) {
    reply_.send(encode_response(*context_, Response::layout(), &response));
  }
  void send_nothing() { reply_.send_nothing(); }
  void close_connection(std::string reason) { reply_.close_connection(std::move(reason)); }
  bool connected() const { return reply_.connected(); }

 private:
  std::shared_ptr<const RequestContext> context_;
  net::Reply reply_;
};

}  // namespace odradek::broker
