// SPDX-License-Identifier: Apache-2.0
#include "broker/start/controller_requests.h"

#include <fmt/core.h>

#include <map>
#include <memory>
#include <utility>

#include "metadata/controller/cluster.h"
#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/assign_replicas_to_dirs.h"

namespace odradek::broker {
namespace {

base::Result<> outcome_of(base::ErrorCode code) {
  if (code == base::ErrorCode::kNone) return {};
  return base::fail(code, "the controller refused it");
}

// Inlined, GCC 12 takes what was moved into the argument for uninitialized.
[[gnu::noinline]] base::Result<> outcome_of(
    const base::Result<wire::AssignReplicasToDirsResponse>& response) {
  if (!response) return std::unexpected(response.error());
  if (auto whole = outcome_of(response->error_code); !whole) return whole;
  for (const auto& directory : response->directories) {
    for (const auto& topic : directory.topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code == base::ErrorCode::kNone) continue;
        return base::fail(partition.error_code,
                          fmt::format("the controller answers {} for partition {} of topic id {}",
                                      base::error_name(partition.error_code),
                                      partition.partition_index, topic.topic_id.to_string()));
      }
    }
  }
  return {};
}

}  // namespace

ProducerIds::RequestBlock request_block_here(MetadataRuntime& runtime, base::BrokerId node) {
  return [&runtime, node](ProducerIds::BlockHandler handler) {
    auto first = std::make_shared<base::ProducerId>();
    runtime.submit(
        [node, first](const metadata::ClusterImage& image) {
          *first = image.next_producer_id;
          std::vector<metadata::MetadataRecord> records;
          if (const auto* broker = image.find_broker(node)) {
            records.push_back(metadata::allocate_producer_ids(image, *broker));
          }
          return records;
        },
        [first, handler = std::move(handler)](base::Result<> committed) mutable {
          if (!committed) return handler(base::fail(std::move(committed)));
          handler(ProducerIds::Block{*first, metadata::kProducerIdBlockSize});
        });
  };
}

ProducerIds::RequestBlock request_block_from(ControllerCalls& controller, ClusterMember& member,
                                             base::BrokerId node) {
  return [&controller, &member, node](ProducerIds::BlockHandler handler) {
    wire::AllocateProducerIdsRequest request;
    request.broker_id = node;
    request.broker_epoch = member.broker_epoch();
    controller.allocate_producer_ids(
        request, [handler = std::move(handler)](
                     base::Result<wire::AllocateProducerIdsResponse> response) mutable {
          if (!response) return handler(base::fail(std::move(response)));
          auto outcome = outcome_of(response->error_code);
          if (!outcome) return handler(base::fail(std::move(outcome)));
          handler(ProducerIds::Block{response->producer_id_start, response->producer_id_len});
        });
  };
}

DirectoryAssignments::Assign assign_here(MetadataRuntime& runtime, base::BrokerId node) {
  return [&runtime, node](std::vector<metadata::DirectoryAssignment> assignments,
                          DirectoryAssignments::Done done) {
    runtime.submit(
        [node, assignments = std::move(assignments)](const metadata::ClusterImage& image) {
          return metadata::assign_directories(image, node, assignments);
        },
        std::move(done));
  };
}

DirectoryAssignments::Assign assign_through(ControllerCalls& controller, BrokerEpoch broker_epoch,
                                            base::BrokerId node) {
  return [&controller, broker_epoch = std::move(broker_epoch), node](
             const std::vector<metadata::DirectoryAssignment>& assignments,
             DirectoryAssignments::Done done) {
    using Request = wire::AssignReplicasToDirsRequest;
    std::map<base::Uuid, std::map<base::TopicId, Request::TopicData>> directories;
    for (const auto& assignment : assignments) {
      auto& topic = directories[assignment.directory][assignment.topic_id];
      topic.topic_id = assignment.topic_id;
      topic.partitions.push_back({assignment.partition});
    }
    Request request;
    request.broker_id = node;
    request.broker_epoch = broker_epoch();
    for (auto& [id, topics] : directories) {
      Request::DirectoryData directory{id, {}};
      for (auto& [topic_id, topic] : topics) directory.topics.push_back(std::move(topic));
      request.directories.push_back(std::move(directory));
    }
    controller.assign_directories(
        std::move(request), [done = std::move(done)](
                                base::Result<wire::AssignReplicasToDirsResponse> response) mutable {
          done(outcome_of(response));
        });
  };
}

}  // namespace odradek::broker
