// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "env/world.h"
#include "metadata/cluster_image.h"

namespace odradek::broker {

// An eye on the brokers that serve: a connection to the inter-broker listener of
// each, on which nothing is said. A process that ends closes it, and its host refuses the next one:
// that the broker is gone is known then, long before its session is over. One that closes and can
// be made again, or that nobody answers, means nothing. Threads: any.
class BrokerWatch {
 public:
  // Nobody listens there: the process is gone. On loop 0.
  using Gone = std::function<void(base::BrokerId, std::int64_t broker_epoch)>;

  // Its connection has ended, or nobody listens there (true); there is one again (false). On loop
  // 0.
  using Lost = std::function<void(base::BrokerId, std::int64_t broker_epoch, bool is_lost)>;

  BrokerWatch(env::World& world, base::BrokerId self, std::string listener, Gone gone,
              Lost lost = {});
  // Nothing is told any more once `end` has been worked off on loop 0, or the loops have ended.
  ~BrokerWatch();

  // From now on these brokers: those of the image that are not fenced, without this one.
  void follow(const metadata::ClusterImage& image);
  void end();

 private:
  struct Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace odradek::broker
