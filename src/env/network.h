// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "env/executor.h"

namespace odradek::env {

// A host (a name or a numeric address; empty: every address) and a port.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  // "host:port", an IPv6 address in brackets.
  std::string to_string() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// Socket buffer sizes as `socket.*.buffer.bytes` have them: -1 leaves the system's.
struct SocketOptions {
  int send_buffer_bytes = -1;
  int receive_buffer_bytes = -1;
};

// One connection, bound to one loop. Threads: every function on its loop only; handlers run there,
// never inside the call that took them. Destroying or closing it completes what is pending with an
// error (NETWORK_EXCEPTION).
class Stream {
 public:
  virtual ~Stream() = default;

  // Calls once when bytes (or the end, or an error) can be read. At most one at a time.
  virtual void wait_readable(std::move_only_function<void(base::Result<>)> handler) = 0;
  // Reads what is there, at most the buffer: 0 when nothing is (wait then); NETWORK_EXCEPTION at
  // the end of the stream (os_error 0) or on an error. Does not block.
  [[nodiscard]] virtual base::Result<std::size_t> try_read(base::MutableByteView buffer) = 0;
  // Sends what the socket takes at once and removes it from the chain; write() sends the rest. A
  // stream may take nothing. Not while a write is pending. A file range blocks where it is not in
  // the page cache.
  [[nodiscard]] virtual base::Result<> try_write(base::OutputChain& chain) {
    static_cast<void>(chain);
    return {};
  }
  // Sends the whole chain (file ranges by sendfile), then calls once. At most one at a time.
  virtual void write(base::OutputChain chain,
                     std::move_only_function<void(base::Result<>)> handler) = 0;
  // Idempotent. Nothing is read or written afterwards.
  virtual void close() = 0;

  virtual Executor& executor() = 0;
  // Numeric hosts; an IPv4 address mapped into IPv6 is given as IPv4.
  virtual Address peer_address() const = 0;
  virtual Address local_address() const = 0;
};

// A listening socket. Threads: any. Destroying it stops accepting.
class Listener {
 public:
  virtual ~Listener() = default;
  // The address bound, with the port the system chose where 0 was asked for.
  virtual Address address() const = 0;
  // Leaves new connections in the backlog, or takes them again.
  virtual void pause() = 0;
  virtual void resume() = 0;
};

struct ListenOptions {
  int backlog = 50;
  SocketOptions socket = {};
  // Bound, and clients wait in the backlog until resume().
  bool start_paused = false;
};

// Threads: any.
class Network {
 public:
  using AcceptHandler = std::function<void(std::unique_ptr<Stream>)>;
  using ConnectHandler = std::move_only_function<void(base::Result<std::unique_ptr<Stream>>)>;

  virtual ~Network() = default;

  // Accepts on `acceptor`; each connection lives on the loop that `choose_loop` names, where
  // `on_accept` gets it. A bad address or a port in use is an error with os_error set (EADDRINUSE,
  // EACCES …). When descriptors run short (some are kept for files), accepting rests a moment and
  // resumes by itself.
  [[nodiscard]] virtual base::Result<std::unique_ptr<Listener>> listen(
      const Address& address, const ListenOptions& options, Executor& acceptor,
      std::function<Executor&()> choose_loop, AcceptHandler on_accept) = 0;
  // Resolves and connects; the stream lives on `loop`, where `handler` runs once.
  virtual void connect(const Address& address, const SocketOptions& options, Executor& loop,
                       Duration timeout, ConnectHandler handler) = 0;
};

}  // namespace odradek::env
