// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "env/executor.h"
#include "env/network.h"

// What the server (net/server.h) asks of whoever answers requests.
namespace odradek::net {

// Who is at the other end. Immutable; shared by the connection and whoever asks for it.
struct ConnectionInfo {
  // Unique in this process.
  std::uint64_t id = 0;
  // Name of the listener that accepted it, such as PLAINTEXT or INTERNAL.
  std::string listener;
  // As Kafka writes it: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL.
  std::string security_protocol;
  env::Address peer;
  // The address that the client reached, numeric; IPv4 where it came in by IPv4.
  env::Address local;
  // The connection's loop: its session is used there and nowhere else.
  env::Executor& executor;
};

class Connection;

// The place of one request's answer in the order of its connection: answers leave in the order in
// which the requests came, whatever order they are given in. Used exactly once, by one of the
// functions below; one that is destroyed unused closes its connection, with a line in the log.
// Threads: any. On the connection's own loop an answer takes the short way (inside
// Session::handle it leaves with its neighbours, in one write); from elsewhere one post carries
// what has gathered for a loop. After the connection has gone everything is ignored.
class Reply {
 public:
  Reply() = default;
  Reply(std::shared_ptr<Connection> connection, std::uint64_t sequence);
  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  // The frame of the response as wire::frame_response makes it, its length in front.
  void send(base::OutputChain response);
  // For a request that has no answer (a produce with acks=0).
  void send_nothing();
  // Answers, then closes: nothing that came after this request is answered.
  void send_and_close(base::OutputChain response, std::string reason);
  // Closes once the answers before this one have left. `reason` is for the log.
  void close_connection(std::string reason);

  // Whether it still waits for its use.
  bool pending() const { return connection_ != nullptr; }
  // Whether somebody may still read the answer; a hint, for work that can be spared.
  bool connected() const;

 private:
  std::shared_ptr<Connection> connection_;
  std::uint64_t sequence_ = 0;
};

// What lasts as long as one connection: identity, negotiated versions, quota. Every call comes on
// the connection's loop.
class Session {
 public:
  virtual ~Session() = default;
  // One request: the bytes after the length, header first; in the order of arrival, while earlier
  // ones may still wait for their answers. The frame may be kept and sliced, and its bytes written
  // to by the one owner that SharedBytes names.
  virtual void handle(base::SharedBytes frame, Reply reply) = 0;
  // The peer sends no more, but may still read: whether the answers that are out are worth waiting
  // for. Where not, the connection is closed.
  virtual bool answers_what_is_left() const { return true; }
  // The last call, once; the session is destroyed right after it. Replies that are still out may
  // be used, and go nowhere.
  virtual void closed() {}
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Called on the connection's loop; several loops at once. Never null.
  virtual std::unique_ptr<Session> open(std::shared_ptr<const ConnectionInfo> connection) = 0;
};

}  // namespace odradek::net
