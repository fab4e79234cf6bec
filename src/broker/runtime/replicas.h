// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "broker/replication/replication.h"
#include "broker/replication/throttled_replicas.h"
#include "config/live_settings.h"
#include "log/log_manager.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/offline_directory.h"
#include "metadata/image_builder.h"
#include "replica/partition_set.h"

namespace odradek::broker {

// Makes this broker's partitions be what the metadata says: logs opened, created and removed,
// leaderships taken. A log that is damaged, and that the controller therefore does not count on any
// more, is cut where the damage begins and copied again. Threads: one at a time; blocks on the
// disk.
class Replicas {
 public:
  // `on_damage` is called, from any thread and with locks held, when records of a partition are
  // found to be damaged.
  Replicas(const config::LiveSettings& settings, base::BrokerId node, log::LogManager& logs,
           replica::PartitionSet& partitions, Replication& replication,
           replica::Partition::DamageHandler on_damage = {})
      : settings_(settings),
        node_(node),
        logs_(logs),
        partitions_(partitions),
        replication_(replication),
        on_damage_(std::move(on_damage)) {}

  // Those of the image that have no log here, because a directory is offline.
  std::vector<metadata::ReplicaPlace> offline_partitions() const;

  // Opens every log that the image gives to this broker; sets aside what it does not know.
  [[nodiscard]] base::Result<log::LoadSummary> start(const metadata::ClusterImage& image);
  // Follows a change. A log that can't be created is said in the server's log; its partition stays
  // offline.
  void apply(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  // The broker's settings changed: every open log gets what they and its topic's make of it now.
  void configure_all(const metadata::ClusterImage& image);
  // Tries again to create what found no room.
  void create_all_missing(const metadata::ClusterImage& image);
  // Everybody who waits in a partition is told that the broker stops.
  void stop();

 private:
  enum class Age : std::uint8_t { kNew, kMaybeOld };
  // What has no log here, though it should. The topics are of the image.
  struct Missing {
    std::vector<log::NewLog> logs;
    std::vector<const metadata::TopicImage*> topics;  // of each
  };
  // What is here leads or follows, or goes; what is not is added to `missing`.
  void assume_roles(const metadata::TopicImage& topic, const metadata::ClusterImage& image,
                    Missing& missing);
  // A partition that may have had a log already has none made while a directory is offline.
  void create(Missing& missing, const metadata::ClusterImage& image, Age age);
  void create_all_missing(const metadata::ClusterImage& image, Age age);
  bool may_be_new(const metadata::PartitionImage& partition, const base::Uuid& noted) const;
  // Of a partition that had a log in one of the directories, all of which are there; false: it had
  // none, as far as can be told.
  bool say_what_is_gone(const metadata::TopicImage& topic, std::int32_t index,
                        const log::Log& made) const;
  // The partition leads or follows as the image says, which may be news or not.
  void assume_role(const std::shared_ptr<replica::Partition>& partition,
                   const metadata::PartitionImage& image);
  enum class Content : std::uint8_t { kKept, kCut };
  void take_in(std::shared_ptr<log::Log> log, const metadata::TopicImage& topic, std::int32_t index,
               const metadata::ClusterImage& image, const ThrottledReplicas& throttled,
               Content content = Content::kKept);
  // Whether the partition is damaged, is not counted on for that, and somebody else leads it.
  bool is_to_be_copied_again(replica::Partition& partition,
                             const metadata::PartitionImage& image) const;
  void copy_again(const std::shared_ptr<replica::Partition>& partition,
                  const metadata::TopicImage& topic, std::int32_t index,
                  const metadata::ClusterImage& image);
  // A topic's configuration changed.
  void configure(const std::string& topic, const metadata::ClusterImage& image);
  void remove(const metadata::TopicImage& topic);
  void remove(const metadata::TopicImage& topic, std::int32_t index, const base::Error& why);
  // min.insync.replicas and replica.lag.time.max.ms.
  void set_limits(replica::Partition& partition, const metadata::ClusterImage& image) const;
  log::LogConfig config_of(const metadata::ClusterImage& image, const std::string& topic) const;
  ThrottledReplicas throttled_of(const metadata::ClusterImage& image,
                                 const std::string& topic) const;
  bool is_mine(const metadata::PartitionImage& partition) const;

  const config::LiveSettings& settings_;
  const base::BrokerId node_;
  log::LogManager& logs_;
  replica::PartitionSet& partitions_;
  Replication& replication_;
  const replica::Partition::DamageHandler on_damage_;
  // Not made at start, for their logs may lie in a directory that is offline.
  std::set<std::pair<base::TopicId, std::int32_t>> maybe_elsewhere_;
};

}  // namespace odradek::broker
