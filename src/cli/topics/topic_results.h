// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <vector>

#include "base/ids.h"
#include "cli/output/output.h"
#include "cli/topics/topic_description.h"

// What the topics command shows under its own name.
namespace odradek::cli {

Table topic_table(const std::vector<TopicName>& topics);

// A topic with its configuration and a table of its partitions. `live` are the brokers that run.
Document topic_document(const TopicDescription& topic, const TopicConfigValues& config,
                        const std::set<base::BrokerId>& live);

// The partitions of several topics, as chosen by a report such as --under-replicated-partitions.
struct ChosenPartition {
  const TopicDescription* topic;
  const PartitionDescription* partition;
  int min_in_sync_replicas;
};
Table partition_table(const std::vector<ChosenPartition>& partitions,
                      const std::set<base::BrokerId>& live);

}  // namespace odradek::cli
