// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/listener_probe.h"

#include <cerrno>
#include <utility>

namespace odradek::broker {

void probe_listener(env::World& world, const env::Address& address, env::Duration timeout,
                    std::move_only_function<void(ProbeAnswer)> handler) {
  world.network().connect(
      address, {}, world.loop(0), timeout,
      [handler = std::move(handler)](base::Result<std::unique_ptr<env::Stream>> stream) mutable {
        if (stream) return handler(ProbeAnswer::kAnswers);
        handler(stream.error().os_error == ECONNREFUSED ? ProbeAnswer::kRefuses
                                                        : ProbeAnswer::kSilent);
      });
}

void probe_listeners(env::World& world, std::vector<env::Address> addresses, env::Duration timeout,
                     std::move_only_function<void(ProbeAnswer)> handler) {
  if (addresses.empty()) return handler(ProbeAnswer::kSilent);
  const env::Address next = std::move(addresses.back());
  addresses.pop_back();
  probe_listener(world, next, timeout,
                 [&world, timeout, addresses = std::move(addresses),
                  handler = std::move(handler)](ProbeAnswer answer) mutable {
                   if (answer != ProbeAnswer::kSilent || addresses.empty()) return handler(answer);
                   probe_listeners(world, std::move(addresses), timeout, std::move(handler));
                 });
}

}  // namespace odradek::broker
