// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/ids.h"
#include "base/result.h"
#include "config/live_settings.h"
#include "log/log_manager.h"
#include "metadata/cluster_image.h"
#include "metadata/image_builder.h"
#include "replica/partition_set.h"

namespace odradek::broker {

// Makes this broker's partitions be what the metadata says: logs opened, created and removed,
// leaderships taken. Threads: one at a time; blocks on the disk.
class Replicas {
 public:
  Replicas(const config::LiveSettings& settings, base::BrokerId node, log::LogManager& logs,
           replica::PartitionSet& partitions)
      : settings_(settings), node_(node), logs_(logs), partitions_(partitions) {}

  // Opens every log that the image gives to this broker; sets aside what it does not know.
  [[nodiscard]] base::Result<log::LoadSummary> start(const metadata::ClusterImage& image);
  // Follows a change. A log that can't be created is said in the server's log; its partition stays
  // offline.
  void apply(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  // The broker's settings changed: every open log gets what they and its topic's make of it now.
  void configure_all(const metadata::ClusterImage& image);
  // Everybody who waits in a partition is told that the broker stops.
  void stop();

 private:
  void create_missing(const metadata::TopicImage& topic, const metadata::ClusterImage& image);
  // A partition that is here already may have been given the lead.
  void follow_leader(replica::Partition& partition, const metadata::PartitionImage& image);
  void lead(std::shared_ptr<log::Log> log, const metadata::TopicImage& topic, std::int32_t index);
  void remove(const metadata::TopicImage& topic);
  log::LogConfig config_of(const metadata::ClusterImage& image, const std::string& topic) const;
  bool is_mine(const metadata::PartitionImage& partition) const;

  const config::LiveSettings& settings_;
  const base::BrokerId node_;
  log::LogManager& logs_;
  replica::PartitionSet& partitions_;
};

}  // namespace odradek::broker
