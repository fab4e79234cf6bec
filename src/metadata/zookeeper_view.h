// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/cluster_image.h"
#include "metadata/image_builder.h"

// The tree in ZooKeeper that operators of Kafka know, as Apache Kafka 3.9 wrote it: what the image
// says, in its JSON. It is a view: written for people, never read back. Pure.
//
// Left out, with "[hidden]" in their place, are secrets: passwords in configurations, and what is
// kept of users' SCRAM passwords.
//
// A node is as big as what it shows: that of a topic with tens of thousands of partitions may be
// more than ZooKeeper takes, and whoever writes the view leaves such a one out.
namespace odradek::metadata {

// A node as it shall be; without data: it shall not be there. Paths begin with "/", below the
// chroot.
struct ViewNode {
  std::string path;
  std::optional<std::string> data;
  // The view before has the node, too.
  bool was_there = false;

  friend bool operator==(const ViewNode&, const ViewNode&) = default;
};

// The whole view, parents before children: the nodes that are always there, topics with their
// partitions and states, configurations, quotas, access control and features.
std::vector<ViewNode> render_view(const ClusterImage& image, std::int32_t controller_epoch);

// What is different after `delta`: nodes that are new or say something else, parents before
// children; then those that are gone, children before parents.
std::vector<ViewNode> render_view_changes(const ClusterImage& before, const ClusterImage& after,
                                          const ImageDelta& delta, std::int32_t controller_epoch);

// What puts the view back where some of it may show a change of which nothing is to count.
// `broken_off`: the change's records, from BeginTransaction on, as far as it came. Nodes that it
// was to make or to remove may be there or not. The error is the replay's.
[[nodiscard]] base::Result<std::vector<ViewNode>> render_taken_back(
    const std::shared_ptr<const ClusterImage>& image, std::vector<MetadataRecord> broken_off,
    std::int32_t controller_epoch);

// The nodes below are not the controller's to write: the broker that creates them does.

// /brokers/ids/<id>, version 5. The host and port are the first PLAINTEXT endpoint's, for clients
// of old; null and -1 where there is none.
std::string broker_id_node(const BrokerImage& broker, std::int64_t timestamp_ms);
// /controller, version 2.
std::string controller_node(base::BrokerId broker, std::int64_t timestamp_ms);
// /controller_epoch.
std::string controller_epoch_node(std::int32_t epoch);
// /cluster/id.
std::string cluster_id_node(std::string_view cluster_id);

}  // namespace odradek::metadata
