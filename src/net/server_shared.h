// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "env/world.h"
#include "net/connection_limits.h"
#include "net/connection_loop.h"
#include "net/request_budget.h"
#include "net/request_handler.h"
#include "net/server_options.h"

namespace odradek::net {

// What a server and its connections share; lives as long as the last of them.
struct ServerShared {
  ServerShared(env::World& the_world, RequestHandler& the_handler, ServerOptions the_options);

  // Room in the budget, or its overdraft is free.
  void wake_waiters() {
    for (const auto& loop : loops) loop->wake_waiters();
  }

  env::World& world;
  RequestHandler& handler;
  const ServerOptions options;
  RequestBudget budget;
  ConnectionLimits limits;
  std::vector<std::shared_ptr<ConnectionLoop>> loops;
  std::atomic<std::uint64_t> last_connection_id = 0;
  // Called on the connection's loop after it has gone.
  std::function<void(const ConnectionInfo&)> on_closed;
};

}  // namespace odradek::net
