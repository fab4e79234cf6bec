// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "broker/runtime/ending_queue.h"
#include "broker/runtime/metadata_runtime.h"
#include "env/world.h"
#include "metadata/image_builder.h"
#include "quorum/engine.h"

namespace odradek::broker {

// The metadata of a node on its own: this broker is always the controller, and the order is a log
// of its own.
class EmbeddedMetadata final : public MetadataRuntime {
 public:
  // Decides what is logged at a start; `broker_epoch` is that of the broker's registration.
  using OnStart = std::function<std::vector<metadata::MetadataRecord>(const metadata::ClusterImage&,
                                                                      std::int64_t broker_epoch)>;

  EmbeddedMetadata(env::World& world, quorum::Engine& engine, ImageHolder& image);
  // What is being committed is not told any more.
  ~EmbeddedMetadata() override;

  // Loads the image and takes the lead. Blocks; once, first. A fresh log gets `format`; what
  // `on_start` decides is logged at every start: at once, or on a full disk, whose image of before
  // is served, with the first change that finds room.
  [[nodiscard]] base::Result<> start(std::vector<metadata::MetadataRecord> format,
                                     OnStart on_start);

  void submit(Decide decide, Done done) override;
  void stop(Decide last, env::Task stopped) override;
  void end() override;

 private:
  struct Job {
    Decide decide;
    Done done;
  };
  // What commits hold on to, which may outlive the runtime.
  struct Anchor {
    std::mutex mutex;
    EmbeddedMetadata* runtime = nullptr;
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
  EndingQueue queue_;
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
