// SPDX-License-Identifier: Apache-2.0
#include "broker/api/current_leaders.h"

#include <optional>

#include "broker/api/topic_lookup.h"
#include "replica/partition_set.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;

// Gathers the leaders of one answer; each broker's endpoint stands in it once.
class Leaders {
 public:
  Leaders(const Services& services, const RequestContext& context)
      : services_(services), context_(context), image_(services.image.load()) {}

  // What the partition here knows, or the image where that is newer; nobody where neither does.
  template <typename Leader>
  void tell(bool by_id, const std::string& name, const base::TopicId& id, std::int32_t index,
            Leader& leader) {
    const auto topic = find_topic(*image_, by_id, name, id);
    if (!topic || !(*topic)->has_partition(index)) return;
    const auto& of_image = (*topic)->partitions[static_cast<std::size_t>(index)];
    leader.leader_id = of_image.leader;
    leader.leader_epoch = of_image.leader_epoch;
    if (const auto here = services_.partitions.find((*topic)->id, index)) {
      const auto known = here->current_leader();
      if (known.epoch > of_image.leader_epoch) {
        leader.leader_id = known.leader;
        leader.leader_epoch = known.epoch;
      }
    }
    if (leader.leader_id != base::kNoBroker) brokers_.insert(leader.leader_id);
  }

  template <typename NodeEndpoint>
  void add_endpoints(std::vector<NodeEndpoint>& endpoints) const {
    for (const base::BrokerId id : brokers_) {
      const auto* broker = image_->find_broker(id);
      if (broker == nullptr || broker->fenced) continue;
      const auto address =
          endpoint_for(*broker, id == services_.node_id, services_.listeners, *context_.connection);
      if (!address) continue;
      endpoints.push_back({id, address->host, address->port, broker->rack});
    }
  }

 private:
  const Services& services_;
  const RequestContext& context_;
  const std::shared_ptr<const metadata::ClusterImage> image_;
  std::set<base::BrokerId> brokers_;
};

}  // namespace

void add_current_leaders(const Services& services, const RequestContext& context,
                         wire::ProduceResponse& response) {
  if (context.version < 10) return;
  std::optional<Leaders> leaders;
  for (auto& topic : response.responses) {
    for (auto& partition : topic.partition_responses) {
      if (partition.error_code != ErrorCode::kNotLeaderOrFollower) continue;
      if (!leaders) leaders.emplace(services, context);
      leaders->tell(context.version >= 13, topic.name, topic.topic_id, partition.index,
                    partition.current_leader);
    }
  }
  if (leaders) leaders->add_endpoints(response.node_endpoints);
}

void add_current_leaders(const Services& services, const RequestContext& context,
                         wire::FetchResponse& response) {
  if (context.version < 12) return;
  std::optional<Leaders> leaders;
  for (auto& topic : response.responses) {
    for (auto& partition : topic.partitions) {
      if (partition.error_code != ErrorCode::kNotLeaderOrFollower &&
          partition.error_code != ErrorCode::kFencedLeaderEpoch) {
        continue;
      }
      if (!leaders) leaders.emplace(services, context);
      leaders->tell(context.version >= 13, topic.topic, topic.topic_id, partition.partition_index,
                    partition.current_leader);
    }
  }
  if (leaders && context.version >= 16) leaders->add_endpoints(response.node_endpoints);
}

}  // namespace odradek::broker::api
