// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "base/ids.h"

namespace odradek::broker {

// The brokers to which this one has lost its connection: as a process that is gone looks from here,
// before the controller has decided what becomes of it. Clients are told of no leader and of no
// coordinator there; one of librdkafka that was told of it once more would ask again only after a
// second, or never. Threads: any.
class LostBrokers {
 public:
  void set(base::BrokerId broker, std::int64_t epoch, bool is_lost) {
    const std::lock_guard lock(mutex_);
    if (is_lost) {
      lost_[broker] = epoch;
    } else {
      lost_.erase(broker);
    }
  }
  // That registration of the broker's.
  bool is_lost(base::BrokerId broker, std::int64_t epoch) const {
    const std::lock_guard lock(mutex_);
    const auto found = lost_.find(broker);
    return found != lost_.end() && found->second == epoch;
  }

 private:
  mutable std::mutex mutex_;
  std::map<base::BrokerId, std::int64_t> lost_;  // the epoch of its registration
};

}  // namespace odradek::broker
