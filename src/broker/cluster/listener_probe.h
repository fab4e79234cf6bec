// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "env/world.h"

namespace odradek::broker {

enum class ProbeAnswer : std::uint8_t {
  kAnswers,
  kRefuses,  // the host is there, and nobody listens: the process is gone
  kSilent,   // nothing came back in time: nobody knows
};

// Connects to the address and closes again. Calls once, on loop 0. Threads: any.
void probe_listener(env::World& world, const env::Address& address, env::Duration timeout,
                    std::move_only_function<void(ProbeAnswer)> handler);

// Asks one after the other until one answers or one refuses; kSilent where there is none.
void probe_listeners(env::World& world, std::vector<env::Address> addresses, env::Duration timeout,
                     std::move_only_function<void(ProbeAnswer)> handler);

}  // namespace odradek::broker
