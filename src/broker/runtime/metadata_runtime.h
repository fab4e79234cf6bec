// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "broker/services.h"
#include "env/executor.h"
#include "metadata/image_builder.h"

namespace odradek::broker {

class LiveConfig;
class Replicas;

// The cluster's metadata at work on this broker: lets the controller decide on the newest image,
// has the records agreed on, and makes everything here follow what was agreed, whoever decided it.
// On a node of its own EmbeddedMetadata, in a cluster ZookeeperMetadata.
class MetadataRuntime {
 public:
  // Decides on the newest image; nothing to commit is fine.
  using Decide =
      std::move_only_function<std::vector<metadata::MetadataRecord>(const metadata::ClusterImage&)>;
  using Done = std::move_only_function<void(base::Result<>)>;
  using Observer = std::function<void(const metadata::ImageDelta&, const metadata::ClusterImage&)>;

  virtual ~MetadataRuntime() = default;

  // From here on changes are followed there: first by the settings, then by the partitions.
  void follow(LiveConfig& live_config, Replicas& replicas) {
    live_config_ = &live_config;
    replicas_ = &replicas;
  }
  // Told of every change after the partitions have followed it; set before the first submit.
  void observe(Observer observer) { observers_.push_back(std::move(observer)); }

  // The image that the controller decides on, which is ahead of what is in force here, above all
  // while a broker starts. Threads: any.
  virtual std::shared_ptr<const metadata::ClusterImage> newest() const { return image_.load(); }

  // `done` is called once, from any thread, when what was decided is committed, followed here and
  // published. NOT_CONTROLLER: this broker decides nothing, or no longer; what had been decided
  // before may have been committed. Threads: any.
  virtual void submit(Decide decide, Done done) = 0;
  // Refuses what is not begun and finishes what is; then commits what `last` decides where this
  // broker is the controller, and calls `stopped`, from any thread. Once.
  virtual void stop(Decide last, env::Task stopped) = 0;
  // Nobody is told of a change any more once this has returned: what follows the metadata may stop,
  // and go. What is under way is waited for, and what is decided later is refused, or dropped.
  // Blocks; after stop(), or where a start has failed. Final.
  virtual void end() = 0;

 protected:
  explicit MetadataRuntime(ImageHolder& image) : image_(image) {}

  // The one place where a change takes effect: the settings follow it, then the partitions; then
  // the image is published and the observers are told. Blocks on the disk; one at a time.
  void apply(const metadata::ImageDelta& delta,
             const std::shared_ptr<const metadata::ClusterImage>& image);

  ImageHolder& image_;

 private:
  LiveConfig* live_config_ = nullptr;
  Replicas* replicas_ = nullptr;
  std::vector<Observer> observers_;
};

// As the order's records are written.
std::vector<base::SharedBytes> encode_records(const std::vector<metadata::MetadataRecord>& records);

}  // namespace odradek::broker
