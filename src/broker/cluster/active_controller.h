// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "env/network.h"

namespace odradek::broker {

// Who the active controller is, and where.
struct ControllerPlace {
  base::BrokerId broker = base::kNoBroker;
  // The controller's epoch: another one is another election.
  base::LeaderEpoch epoch{0};
  // Of its inter-broker listener, as it stands in /brokers/ids or, where it isn't there, in the
  // image; nothing while that isn't known. Not looked at where the controller is this broker.
  std::optional<env::Address> address;

  friend bool operator==(const ControllerPlace&, const ControllerPlace&) = default;
};

// What this broker knows of the active controller: published by who follows the elections, read by
// who has to reach it. Threads: any.
class ActiveController {
 public:
  using Watcher = std::function<void(const std::optional<ControllerPlace>&)>;

  // Nothing before the first election is seen, and while there is none.
  std::optional<ControllerPlace> load() const {
    const std::lock_guard lock(mutex_);
    return place_;
  }
  // A watcher is called inside, on the publisher's thread, and only where the place is another one.
  void publish(std::optional<ControllerPlace> place) {
    const std::lock_guard publishing(publishing_);
    {
      const std::lock_guard lock(mutex_);
      if (place_ == place) return;
      place_ = std::move(place);
    }
    for (const Watcher& watcher : watchers_) watcher(place_);
  }
  // Before anything is published; there is no way to leave. A watcher may load(), not publish().
  void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }

 private:
  std::mutex publishing_;
  mutable std::mutex mutex_;
  std::optional<ControllerPlace> place_;
  std::vector<Watcher> watchers_;
};

}  // namespace odradek::broker
