// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "base/ids.h"

namespace odradek::replica::leader {

// The brokers that the controller would let into an in-sync set, by the last image that is known
// here: registered, neither fenced nor stopping (KIP-841), each in one life of it (KIP-903). One of
// them serves all partitions of a broker. Threads: any.
class EligibleBrokers {
 public:
  // Broker → its broker epoch.
  using Epochs = std::map<base::BrokerId, std::int64_t>;

  void replace(Epochs epochs) {
    const std::unique_lock lock(mutex_);
    epochs_ = std::move(epochs);
  }
  // An epoch of -1 is one that the broker did not say.
  bool contains(base::BrokerId broker, std::int64_t broker_epoch) const {
    const std::shared_lock lock(mutex_);
    const auto found = epochs_.find(broker);
    return found != epochs_.end() && (broker_epoch == -1 || broker_epoch == found->second);
  }

 private:
  mutable std::shared_mutex mutex_;
  Epochs epochs_;
};

}  // namespace odradek::replica::leader
