// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/cluster/active_controller.h"
#include "broker/cluster/client_identity.h"
#include "broker/cluster/controller_link.h"
#include "env/world.h"

namespace odradek::broker {

// Sends requests that change the cluster's metadata on to the active controller, each in an
// Envelope with its client's identity (KIP-590), and gives back what the controller answered.
// Where it can't be reached, or is none any more, the request is sent again, soon, to whoever is
// by then; so it may have been done by the one before. Threads: any; the references outlive the
// loops' tasks.
class Forwarder {
 public:
  // The answer's frame, header first, without its length: as the controller would have sent it to
  // the client. REQUEST_TIMED_OUT when the time is over. NOT_CONTROLLER: this broker has become
  // the controller, and answers itself. UNSUPPORTED_VERSION: the controller does not know the
  // request. Every other error is the envelope's, and not the client's.
  using Handler = std::move_only_function<void(base::Result<base::SharedBytes>)>;

  Forwarder(env::World& world, ActiveController& active, base::BrokerId self,
            const net::PeerClientOptions& options);
  // What is not answered yet is dropped.
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // Whether this broker is the controller: nothing is to be forwarded.
  bool is_controller_here() const;
  // `frame`: a request's header and body, as its client sent them. `host`: the client's, numeric.
  // `handler` is called once, on some loop.
  void forward(base::SharedBytes frame, const Principal& principal, const std::string& host,
               env::Duration time_limit, Handler handler);

 private:
  struct Core;
  struct Attempt;

  const std::shared_ptr<Core> core_;
};

}  // namespace odradek::broker
