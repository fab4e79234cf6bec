// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "broker/metrics/metric_families.h"
#include "broker/metrics/metrics_page.h"

// What the page says of replicas and of the cluster.
namespace odradek::broker {

// Of this broker's partitions, as their leader and as a follower.
void collect_partitions(const replica::PartitionSet& partitions,
                        std::vector<MetricFamily>& families);
void collect_replication(Replication& replication, std::vector<MetricFamily>& families);
// Of the whole cluster, by the active controller; 0 of the others, as Apache Kafka has it, so that
// a sum over brokers is the cluster's.
void collect_controller(const MetricsSources& sources, std::vector<MetricFamily>& families);

}  // namespace odradek::broker
