// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/ids.h"
#include "config/live_settings.h"
#include "metadata/cluster_image.h"
#include "metadata/image_builder.h"

namespace odradek::broker {

// Brings the dynamic configuration that the metadata holds into force: puts it over the file's
// settings, and tells those who have to act on it. Whoever only reads a value when it is needed
// takes it from LiveSettings. Threads: load() and follow() one at a time, act() any.
class LiveConfig {
 public:
  // Compares two values of what it cares for, and does nothing where they are equal.
  using Action = std::function<void(const config::Settings& before, const config::Settings& now)>;

  LiveConfig(config::LiveSettings& settings, base::BrokerId broker)
      : settings_(settings), broker_(broker) {}

  // What the metadata says at start. Nobody is told yet.
  void load(const metadata::ClusterImage& image);
  // Told of every change from now on, in the order of adding; and at once of what differs from the
  // file.
  void act(Action action);
  // Follows a change of the metadata; when it returns, the change is in force.
  void follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);

 private:
  config::LiveSettings& settings_;
  const base::BrokerId broker_;
  std::mutex mutex_;
  std::vector<Action> actions_;  // guarded by mutex_
};

}  // namespace odradek::broker
