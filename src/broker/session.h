// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "broker/services.h"
#include "net/request_handler.h"

namespace odradek::broker {

// Makes a session for every connection: the door between `net` and the handlers in `api/`.
class SessionFactory : public net::RequestHandler {
 public:
  // Before the server lets clients in. `services` outlives every session.
  void serve(Services& services) { services_ = &services; }
  std::unique_ptr<net::Session> open(
      std::shared_ptr<const net::ConnectionInfo> connection) override;

 private:
  Services* services_ = nullptr;
};

}  // namespace odradek::broker
