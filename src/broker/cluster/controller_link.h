// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "broker/cluster/active_controller.h"
#include "env/world.h"
#include "net/peer_client.h"

namespace odradek::broker {

// One connection to the active controller, on whichever other broker that is: made when it is first
// needed, made anew when another is elected. Answers come in order, so what may take long has a
// link of its own.
//
// What is in flight when the controller changes fails at once (NETWORK_EXCEPTION): the old one may
// never answer. Threads: any, handlers run on the loop. `world` and `active` outlive the loops'
// tasks; `active` is watched for good, and the link may go before it.
class ControllerLink {
 public:
  template <typename Response>
  using Handler = std::move_only_function<void(base::Result<Response>)>;
  // The controller's listener refuses connections: nobody is there. On the loop.
  using RefusedHandler = std::function<void(const ControllerPlace&)>;

  // `self` is this broker: to itself there is no link.
  ControllerLink(env::World& world, env::Executor& loop, base::BrokerId self,
                 ActiveController& active, net::PeerClientOptions options);
  // What is in flight fails on the loop, soon; where that has ended it is dropped with the loop's
  // tasks, and no handler called.
  ~ControllerLink();
  ControllerLink(const ControllerLink&) = delete;
  ControllerLink& operator=(const ControllerLink&) = delete;

  // Keeps a connection open, and when it ends tries at once whether the controller's listener still
  // answers. Before anything is published.
  void watch_over(RefusedHandler on_refused);

  // As net::PeerClient::call; NOT_CONTROLLER where nobody knows who the controller is, or
  // where, and where it is this broker.
  template <typename Response, typename Request>
  void call(Request request, env::Duration timeout, Handler<Response> handler) {
    with_client([request = std::move(request), timeout,
                 handler = std::move(handler)](base::Result<net::PeerClient*> client) mutable {
      if (!client) {
        handler(base::fail(std::move(client)));
        return;
      }
      (*client)->call<Response>(std::move(request), timeout, std::move(handler));
    });
  }

 private:
  struct Core;
  using Use = std::move_only_function<void(base::Result<net::PeerClient*>)>;

  void with_client(Use use);

  const std::shared_ptr<Core> core_;
};

}  // namespace odradek::broker
