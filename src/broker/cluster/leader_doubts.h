// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "env/world.h"
#include "metadata/cluster_image.h"

namespace odradek::broker {

// Which leaders clients are not sent to, though the metadata still names them: those whose process
// looks gone from here, because the connection to it has ended. A client that lost its leader asks
// for the next one within a millisecond; told of the old one, librdkafka asks again only a second
// later. So whoever wants to know leaders has them asked first, and where one is gone waits a
// moment for the decision (decision 0023). Nothing is decided here. Threads: any.
class LeaderDoubts {
 public:
  // Brokers and the epochs of their registrations.
  using Leaders = std::map<base::BrokerId, std::int64_t>;

  LeaderDoubts(env::World& world, base::BrokerId self, std::string listener);
  // After `end`, or when the loops have ended.
  ~LeaderDoubts();

  // The brokers of the image are those that there are. In the order of the records.
  void follow_brokers(const metadata::ClusterImage& image);
  // An image was published: who waits looks again.
  void note_image();

  // That registration's process looks gone, and has for less than kLongestDoubt: a broker that only
  // this one can't reach is not kept from clients for longer.
  bool is_lost(base::BrokerId broker, std::int64_t epoch) const;
  // It was fenced within kFarewell. librdkafka that hears of a new leader and in the same answer
  // no more of the old one may lose the partition between the two, for a second.
  bool was_here_lately(base::BrokerId broker) const;

  // Calls `done` once the leaders that `leaders` gives (of the newest image, asked again as it
  // changes) have answered a question sent after this call, and are not lost; or when kLongestWait
  // is over. Those that take longer than kPatience to answer are not waited for. `done` runs here
  // or on loop 0.
  void settle(std::function<Leaders()> leaders, env::Task done);

  // Nobody is watched any more; who waits is called. On the way to the end of the loops.
  void end();

  static constexpr auto kPatience = std::chrono::milliseconds(50);
  static constexpr auto kLongestWait = std::chrono::milliseconds(500);
  static constexpr auto kLongestDoubt = std::chrono::seconds(2);
  static constexpr auto kFarewell = std::chrono::seconds(5);

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace odradek::broker
