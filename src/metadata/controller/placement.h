// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/replica_list.h"
#include "metadata/record.h"

namespace odradek::metadata {

// Chooses brokers for new partitions, of one topic after the other: partition i's replica j is on
// broker (start + i + j) mod n of those that serve, in an order in which racks alternate; a broker
// of a rack that the partition is in already gives way to the next one of another. `start` is the
// broker that is the preferred leader of the fewest partitions, so that many topics of one
// partition spread evenly, those that were deleted or placed by hand taken into account. Fenced
// brokers get the replicas that those that serve are too few for; they never come first. Brokers
// that are shutting down get none.
class ReplicaPlacer {
 public:
  explicit ReplicaPlacer(const ClusterImage& image);

  // INVALID_REPLICATION_FACTOR when no broker serves, or there are fewer brokers than replicas.
  [[nodiscard]] base::Result<std::vector<ReplicaList>> place(std::int32_t partitions,
                                                             std::int16_t replication_factor);

 private:
  struct Candidate {
    base::BrokerId id;
    std::optional<std::string> rack;
    std::int64_t preferred_of = 0;  // partitions whose first replica it has
  };

  static std::vector<Candidate> alternate_racks(std::vector<Candidate> brokers);
  void count_leaders(const ClusterImage& image);
  std::size_t least_leading() const;
  ReplicaList place_one(std::size_t first, std::size_t replication_factor) const;

  std::vector<Candidate> live_;
  std::vector<Candidate> fenced_;
  bool is_any_cordoned_ = false;
};

// An assignment that a client gave: brokers that exist, none twice, at least one.
// INVALID_REPLICA_ASSIGNMENT.
[[nodiscard]] base::Result<> check_assignment(const ClusterImage& image,
                                              const ReplicaList& replicas);
// Of a new partition: moreover, one of them serves.
[[nodiscard]] base::Result<> check_new_assignment(const ClusterImage& image, std::int32_t partition,
                                                  const ReplicaList& replicas);

// Whether the broker can lead: registered, not fenced, not about to stop.
bool is_live(const ClusterImage& image, base::BrokerId id);

// Whether the directory can be used: the broker registered it, or nobody wrote down which it is.
bool has_directory(const BrokerImage& broker, const base::Uuid& directory);

// The directory of a new replica: the broker's one directory where it has one; else the broker
// chooses and tells (KIP-858).
base::Uuid default_directory(const ClusterImage& image, base::BrokerId id);

// A new partition on these brokers: the first live one leads, the live ones are in sync.
wire::PartitionRecord new_partition(const ClusterImage& image, const base::TopicId& topic,
                                    std::int32_t index, const ReplicaList& replicas);

}  // namespace odradek::metadata
