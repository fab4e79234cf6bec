// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/uuid.h"
#include "broker/services.h"
#include "env/world.h"

namespace odradek::broker {

// While ZooKeeper is out of reach, of which this broker would learn that others lead what it led:
// asks the other brokers, one after the other, who leads (Metadata). A later epoch than its own
// there is proof that its own has ended. Silence, and what is older, proves nothing: where nobody
// has ZooKeeper, everybody goes on.
//
// Threads: any; `Deposed` comes on loop 0. What is handed in outlives the loop's tasks.
class LeadershipCheck {
 public:
  // What this broker leads and others hold, too, each with its epoch.
  using Partition = std::pair<base::TopicId, std::int32_t>;
  using Led = std::map<Partition, base::LeaderEpoch>;
  using FindLed = std::function<Led()>;
  // Another one leads them in a later epoch than the one that was found.
  using Deposed = std::function<void(const Led&)>;

  static constexpr auto kInterval = std::chrono::seconds(1);

  LeadershipCheck(env::World& world, const ImageHolder& image, base::BrokerId self,
                  std::string listener, FindLed find_led, Deposed deposed);
  // Asks nothing any more.
  ~LeadershipCheck();
  LeadershipCheck(const LeadershipCheck&) = delete;
  LeadershipCheck& operator=(const LeadershipCheck&) = delete;

  // ZooKeeper answers, or has stopped to.
  void set_reachable(bool is_reachable);
  // Nothing is told any more once this was done on loop 0.
  void stop();

 private:
  struct Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace odradek::broker
