// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "broker/runtime/live_config.h"
#include "broker/runtime/replicas.h"
#include "broker/services.h"
#include "env/world.h"
#include "metadata/image_builder.h"
#include "quorum/engine.h"

namespace odradek::broker {

// The controller at work: takes requests one after the other, lets the machine decide on the newest
// image, commits the records, makes the partitions follow, publishes the next image, answers.
// Threads: any; the work is done on a queue of its own.
class MetadataRuntime {
 public:
  // Decides on the newest image; nothing to commit is fine.
  using Decide =
      std::move_only_function<std::vector<metadata::MetadataRecord>(const metadata::ClusterImage&)>;
  using Done = std::move_only_function<void(base::Result<>)>;
  // Decides what is logged at a start; `broker_epoch` is that of the broker's registration.
  using OnStart = std::function<std::vector<metadata::MetadataRecord>(const metadata::ClusterImage&,
                                                                      std::int64_t broker_epoch)>;
  using Observer = std::function<void(const metadata::ImageDelta&, const metadata::ClusterImage&)>;

  MetadataRuntime(env::World& world, quorum::Engine& engine, ImageHolder& image);
  // What is being committed is not told any more.
  ~MetadataRuntime();

  // Loads the image and takes the lead. Blocks; once, first. A fresh log gets `format`; what
  // `on_start` decides is logged at every start: at once, or on a full disk, whose image of before
  // is served, with the first change that finds room.
  [[nodiscard]] base::Result<> start(std::vector<metadata::MetadataRecord> format,
                                     OnStart on_start);
  // From here on changes are followed there: first by the settings, then by the partitions.
  void follow(LiveConfig& live_config, Replicas& replicas) {
    live_config_ = &live_config;
    replicas_ = &replicas;
  }
  // Told of every change after the partitions have followed it; set before the first submit.
  void observe(Observer observer) { observers_.push_back(std::move(observer)); }

  // `done` is called once, from any thread, when what was decided is committed, followed and
  // published.
  void submit(Decide decide, Done done);
  // Refuses what is not begun and finishes what is; then commits what `last` decides, and calls
  // `stopped`, from any thread. Once.
  void stop(Decide last, env::Task stopped);

 private:
  struct Job {
    Decide decide;
    Done done;
  };
  // What commits hold on to, which may outlive the runtime.
  struct Anchor {
    std::mutex mutex;
    MetadataRuntime* runtime = nullptr;
  };

  void run(Job job);
  void finish(Job job, std::vector<metadata::MetadataRecord> records,
              base::Result<quorum::Position> committed);
  void next();
  base::Result<> commit_now(const std::vector<metadata::MetadataRecord>& records);
  base::Result<metadata::ImageDelta> replay(const std::vector<metadata::MetadataRecord>& records,
                                            const quorum::Position& position,
                                            std::shared_ptr<const metadata::ClusterImage>& next);
  void snapshot_if_due();

  env::World& world_;
  quorum::Engine& engine_;
  ImageHolder& image_;
  LiveConfig* live_config_ = nullptr;
  Replicas* replicas_ = nullptr;
  std::vector<Observer> observers_;
  std::unique_ptr<env::WorkQueue> queue_;
  const std::shared_ptr<Anchor> anchor_;
  // Set where the start's own records found no room. Of the queue.
  OnStart due_since_start_;

  std::mutex mutex_;
  std::deque<Job> waiting_;
  bool busy_ = false;
  bool stopped_ = false;
  env::Task when_stopped_;
};

}  // namespace odradek::broker
