// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/history.h"

namespace odradek::sim_test {

// With what a scenario tells its own story in place of faults that are drawn, while clients work.
// What does not hold is a violation of the run, which then goes on to nothing more.
class ClusterScript {
 public:
  virtual ~ClusterScript() = default;

  virtual Cluster& cluster() = 0;
  virtual History& history() = 0;
  // Runs the simulation; everything is looked at on the way.
  virtual void run_for(env::Duration duration) = 0;
  // Until it holds, for ten minutes at most.
  virtual void wait_for(const std::function<bool()>& condition, const std::string& what) = 0;
  // Every broker serves, and every replica is in sync.
  virtual void wait_until_in_sync(const std::string& when) = 0;
  // Asks for these replicas, or with none for an end of what is under way, again and again until
  // that was taken; does not wait for it.
  virtual void move(const base::TopicPartition& partition, const std::vector<int>& replicas) = 0;
  // Until all of that was taken.
  virtual void wait_for_moves() = 0;
  void expect(bool holds, const std::string& what) {
    if (!holds) history().violation(what);
  }
};

}  // namespace odradek::sim_test
