// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "cli/admin/cluster_topics.h"
#include "cli/replica_verification/replica_verifier.h"
#include "wire/messages/fetch.h"

namespace odradek::cli {

class Admin;

struct ReplicaFetchOptions {
  std::int32_t partition_max_bytes = 1 << 20;
  std::int32_t max_wait_ms = 1000;
};

// Fetches partitions from each of their replicas, not from leaders alone. Threads: one.
class ReplicaFetcher {
 public:
  // `topics` outlives it.
  ReplicaFetcher(Admin& admin, const ClusterTopics& topics, ReplicaFetchOptions options);

  // One fetch from every broker into `verifier`, which waits up to max_wait_ms for records, and not
  // longer than until a signal comes (signals.h). What a broker does not answer, or answers with an
  // error, counts as nothing there: standard error says so once until it changes.
  void fetch(ReplicaVerifier& verifier);

 private:
  // Whether there are records; `wait_ms` bounds the wait for them.
  bool fetch_from(base::BrokerId broker, std::int32_t wait_ms, ReplicaVerifier& verifier);
  base::Result<wire::FetchResponse> ask(base::BrokerId broker, wire::FetchRequest request);
  void say(base::BrokerId broker, const std::string& what, const std::string& problem);

  Admin& admin_;
  const ClusterTopics& topics_;
  const ReplicaFetchOptions options_;
  std::map<base::BrokerId, std::vector<base::TopicPartition>> partitions_;
  std::map<std::pair<base::BrokerId, std::string>, std::string> problems_;
  std::set<base::BrokerId> has_older_form_;  // Fetch before version 15: who asks stands elsewhere
};

// The offset of the first record at or after `timestamp` in each partition, or what ListOffsets
// means by a negative one; the end where there is none.
[[nodiscard]] base::Result<ReplicaVerifier::Offsets> offsets_at(Admin& admin,
                                                                const ClusterTopics& topics,
                                                                std::int64_t timestamp);

}  // namespace odradek::cli
