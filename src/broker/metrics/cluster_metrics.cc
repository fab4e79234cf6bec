// SPDX-License-Identifier: Apache-2.0
#include "broker/metrics/cluster_metrics.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "broker/controller/event_log.h"
#include "broker/replication/replication.h"
#include "metadata/cluster_image.h"
#include "replica/partition_set.h"

namespace odradek::broker {
namespace {

double number(std::size_t count) { return static_cast<double>(count); }

struct ClusterCounts {
  std::size_t topics = 0;
  std::size_t partitions = 0;
  std::size_t without_leader = 0;
  std::size_t not_at_their_preferred = 0;
  std::size_t active_brokers = 0;
  std::size_t fenced_brokers = 0;
};

ClusterCounts count(const metadata::ClusterImage& image) {
  ClusterCounts counts;
  image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
    ++counts.topics;
    counts.partitions += topic->partitions.size();
    for (const metadata::PartitionImage& partition : topic->partitions) {
      if (partition.leader == base::kNoBroker) ++counts.without_leader;
      if (partition.leader != partition.replicas.front()) ++counts.not_at_their_preferred;
    }
  });
  for (const auto& [id, broker] : image.brokers) {
    ++(broker->fenced ? counts.fenced_brokers : counts.active_brokers);
  }
  return counts;
}

}  // namespace

void collect_partitions(const replica::PartitionSet& partitions,
                        std::vector<MetricFamily>& families) {
  const auto all = partitions.all();
  std::size_t leaders = 0;
  std::size_t lacking = 0;
  std::size_t under_minimum = 0;
  std::size_t at_minimum = 0;
  std::int64_t max_lag = 0;
  for (const auto& partition : all) {
    max_lag = std::max(max_lag, partition->lag().value_or(0));
    if (!partition->check_leader(base::kNoLeaderEpoch)) continue;
    ++leaders;
    if (partition->lacks_in_sync()) ++lacking;
    if (!partition->check_in_sync()) ++under_minimum;
    if (partition->is_at_minimum()) ++at_minimum;
  }
  for (const auto& [name, help, value] :
       {std::tuple{"partitioncount", "Partitions that this server has.", all.size()},
        std::tuple{"leadercount", "Partitions that this server leads.", leaders},
        std::tuple{"underreplicatedpartitions",
                   "Partitions led here of which a replica is not in sync.", lacking},
        std::tuple{"underminisrpartitioncount",
                   "Partitions led here with fewer in sync than min.insync.replicas.",
                   under_minimum},
        std::tuple{"atminisrpartitioncount",
                   "Partitions led here with as many in sync as min.insync.replicas.",
                   at_minimum}}) {
    families.push_back(
        single(std::string("kafka_server_replicamanager_") + name, help, number(value)));
  }
  families.push_back(single("kafka_server_replicafetchermanager_maxlag",
                            "Of the replicas that follow here, the most records that one lacks.",
                            static_cast<double>(max_lag), {{"clientid", "Replica"}}));
}

void collect_replication(Replication& replication, std::vector<MetricFamily>& families) {
  const auto changes = replication.in_sync_changes();
  for (const auto& [name, help, count] :
       {std::tuple{"kafka_server_replicamanager_isrshrinks_total",
                   "Changes of in-sync sets that took replicas out, asked for by this leader.",
                   changes.shrinks},
        std::tuple{"kafka_server_replicamanager_isrexpands_total",
                   "Changes of in-sync sets that took replicas in, asked for by this leader.",
                   changes.expands}}) {
    families.push_back(single(name, help, static_cast<double>(count), {}, MetricType::Counter));
  }
  const auto rates = replication.throttled_rates();
  families.push_back(single("kafka_server_leaderreplication_byte_rate",
                            "Bytes a second that are sent of throttled replicas.", rates.leader));
  families.push_back(single("kafka_server_followerreplication_byte_rate",
                            "Bytes a second that throttled replicas fetch.", rates.follower));
}

void collect_controller(const MetricsSources& sources, std::vector<MetricFamily>& families) {
  const ClusterCounts counts = sources.is_controller ? count(sources.image) : ClusterCounts{};
  for (const auto& [name, help, value] :
       {std::tuple{"activecontrollercount", "1 where this broker is the active controller, else 0.",
                   static_cast<std::size_t>(sources.is_controller)},
        std::tuple{"globaltopiccount", "Topics of the cluster.", counts.topics},
        std::tuple{"globalpartitioncount", "Partitions of the cluster.", counts.partitions},
        std::tuple{"offlinepartitionscount", "Partitions without a leader.", counts.without_leader},
        std::tuple{"preferredreplicaimbalancecount",
                   "Partitions whose leader is not their preferred replica.",
                   counts.not_at_their_preferred},
        std::tuple{"activebrokercount", "Brokers that serve.", counts.active_brokers},
        std::tuple{"fencedbrokercount", "Brokers that are registered and fenced.",
                   counts.fenced_brokers}}) {
    families.push_back(
        single(std::string("kafka_controller_kafkacontroller_") + name, help, number(value)));
  }
  const auto elections = sources.events.counts().elections;
  const auto unclean = elections.at(static_cast<std::size_t>(metadata::Election::kUnclean)) +
                       elections.at(static_cast<std::size_t>(metadata::Election::kLastKnown));
  families.push_back(single("kafka_controller_controllerstats_uncleanleaderelections_total",
                            "Leaders elected here that may lack acknowledged records.",
                            static_cast<double>(unclean), {}, MetricType::Counter));
}

}  // namespace odradek::broker
