// SPDX-License-Identifier: Apache-2.0
#include "broker/fetch/nearest_replica.h"

#include <tuple>

#include "broker/listeners.h"

namespace odradek::broker {
namespace {

using replica::leader::InSyncSet;

bool is_near(const metadata::ClusterImage& image, const RackReader& reader, base::BrokerId id) {
  const auto* broker = image.find_broker(id);
  return broker != nullptr && !broker->fenced && broker->rack == reader.rack &&
         endpoint_on(*broker, reader.listener).has_value();
}

}  // namespace

base::BrokerId nearest_replica(const metadata::ClusterImage& image, const RackReader& reader,
                               const std::vector<InSyncSet::Holder>& followers) {
  if (is_near(image, reader, reader.leader)) return base::kNoBroker;
  const auto rank = [](const InSyncSet::Holder& holder) {
    return std::tuple(holder.end, holder.caught_up_at, holder.broker);
  };
  const InSyncSet::Holder* best = nullptr;
  for (const auto& follower : followers) {
    if (!is_near(image, reader, follower.broker)) continue;
    if (best == nullptr || rank(follower) > rank(*best)) best = &follower;
  }
  return best == nullptr ? base::kNoBroker : best->broker;
}

}  // namespace odradek::broker
