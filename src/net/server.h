// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/world.h"
#include "net/request_handler.h"
#include "net/server_options.h"

namespace odradek::net {

struct ServerShared;

// Listens, and gives each connection to the loop that has fewest. Listeners and limits live on
// loop 0. Bounds: see ServerOptions; at max.connections (and max.connection.creation.rate) clients
// wait in the backlog, but for a listener that makes room, above max.connections.per.ip they are
// closed at once, with a line in the log.
//
// Threads: call from loop 0, or before the loops run. Destroy it after stop() has finished, or when
// the loops have stopped; `world` and `handler` outlive it and its connections.
class Server {
 public:
  Server(env::World& world, RequestHandler& handler, ServerOptions options);
  ~Server();

  // Opens a listener; clients wait in its backlog until start(). Returns the address bound. An
  // error names the listener and has os_error set (EADDRINUSE, EACCES …).
  [[nodiscard]] base::Result<env::Address> listen(ListenerOptions options);
  // Lets clients in.
  void start();
  // The same for this listener alone, ahead of the others.
  void start(const std::string& listener);
  // Puts other limits in the place of those given at construction and to listen(). Who is
  // connected stays so, and counts. Threads: any; soon in force.
  void set_limits(ConnectionLimitOptions limits);
  // New connections go to the first `count` loops of the world, all where there are fewer. Threads:
  // any; soon in force.
  void set_loops(std::size_t count);
  // Stops listening, lets each connection finish the requests in flight, closes those that have
  // not after `grace`, then calls `done` on loop 0.
  void stop(env::Duration grace, env::Task done);

  // Threads: any.
  std::size_t connection_count() const;
  // Of requests that arrive or wait for their answer.
  std::size_t queued_request_bytes() const;

 private:
  class OpenListener;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace odradek::net
