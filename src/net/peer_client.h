// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "env/network.h"
#include "wire/api_key.h"
#include "wire/frame.h"
#include "wire/reader.h"

namespace odradek::net {

struct PeerClientOptions {
  std::string client_id = "odradek";
  // Of the connection, and then of the server's greeting.
  env::Duration connect_timeout = std::chrono::seconds(10);
  // A greeting that took too long may take twice as long at the next attempt, up to that; where it
  // is less than connect_timeout, never longer.
  env::Duration longest_greeting = env::Duration::zero();
  std::size_t max_response_bytes = std::size_t{100} << 20;
  env::SocketOptions socket = {};
};

// A client of one Kafka server: connects when it is first asked, agrees on versions by
// ApiVersions, and keeps any number of requests in flight. When the connection fails every request
// on it fails with it; the next one connects again, at once.
//
// Errors are NETWORK_EXCEPTION (not there, gone, or not speaking the protocol), REQUEST_TIMED_OUT
// (the connection is closed then, as answers come in order), UNSUPPORTED_VERSION (no version in
// common), each with a sentence that names the address; and what encoding and decoding give.
//
// Threads: its loop. Destroying it fails what is in flight, before the destructor returns; where
// the loop has ended and whoever asked may be gone, abandon() comes first.
class PeerClient {
 public:
  // As it introduces itself (KIP-511).
  static constexpr const char* kSoftwareName = "odradek";

  template <typename Response>
  using Handler = std::move_only_function<void(base::Result<Response>)>;

  PeerClient(env::Network& network, env::Executor& loop, env::Address address,
             PeerClientOptions options = {});
  ~PeerClient();

  // What is in flight is dropped, its handlers destroyed and not called. Nothing is asked
  // afterwards.
  void abandon();

  const env::Address& address() const;

  // Called whenever a connection has ended or could not be made, after what waited for it has
  // failed: the error has os_error set where the system had one. May destroy the client.
  void on_closed(std::function<void(const base::Error&)> handler);

  // Connects and agrees on versions, unless that was done.
  void connect(Handler<void> handler);

  // Sends the request in the newest version that both sides know (of the stable ones) and calls
  // once with the answer, never inside this call. The timeout covers connecting, too.
  template <typename Response, typename Request>
  void call(Request request, env::Duration timeout, Handler<Response> handler) {
    static_assert(Request::kApiKey == Response::kApiKey);
    start(
        Request::kApiKey, timeout,
        [request = std::move(request)](wire::Version version, std::int32_t correlation_id,
                                       const std::string& client_id) {
          return wire::frame_request(request, version, correlation_id, client_id);
        },
        [handler = std::move(handler)](base::Result<Answer> answer) mutable {
          if (!answer) {
            handler(base::fail(std::move(answer)));
            return;
          }
          handler(Response::decode(answer->reader, answer->version));
        });
  }

 private:
  struct Core;
  // The body of a response.
  struct Answer {
    wire::Reader reader;
    wire::Version version;
  };
  using Encode = std::move_only_function<base::Result<base::OutputChain>(
      wire::Version version, std::int32_t correlation_id, const std::string& client_id)>;
  using AnswerHandler = std::move_only_function<void(base::Result<Answer>)>;

  void start(wire::ApiKey api, env::Duration timeout, Encode encode, AnswerHandler handler);

  std::shared_ptr<Core> core_;
};

}  // namespace odradek::net
