// SPDX-License-Identifier: Apache-2.0
#include "broker/broker.h"

#include <chrono>
#include <utility>

#include "broker/start/running_broker.h"

namespace odradek::broker {

bool Broker::needs_loops(const config::Settings& settings) {
  return !settings.value("zookeeper.connect").value_or("").empty();
}

std::expected<std::unique_ptr<Broker>, StartError> Broker::start(env::World& world,
                                                                 config::Settings settings,
                                                                 Options options) {
  auto broker = std::make_unique<RunningBroker>(world, std::move(settings), std::move(options));
  auto started = broker->start();
  if (started) return broker;
  // What was made may still be known to a loop: it goes with what the loops never run.
  if (broker->is_in_cluster()) {
    world.loop(0).run_after(std::chrono::years(100), [broker = std::move(broker)] {});
  }
  return std::unexpected(std::move(started).error());
}

}  // namespace odradek::broker
