// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "broker/services.h"
#include "net/request_handler.h"

namespace odradek::broker {

class EarlyRequests;

// Makes a session for every connection: the door between `net` and the handlers in `api/`.
class SessionFactory : public net::RequestHandler {
 public:
  // Before the server lets anybody in. `services` outlives every session. Only the cluster's other
  // brokers are answered, in what they ask of the controller; everybody else waits for serve().
  void serve_peers(Services& services) { services_ = &services; }
  // Everybody is served. Once; after serve_peers() it may be called on any thread.
  void serve(Services& services);
  std::unique_ptr<net::Session> open(
      std::shared_ptr<const net::ConnectionInfo> connection) override;

 private:
  Services* services_ = nullptr;
  std::mutex mutex_;
  bool is_serving_ = false;
  // Of connections that came before.
  std::vector<std::weak_ptr<EarlyRequests>> early_;
};

}  // namespace odradek::broker
