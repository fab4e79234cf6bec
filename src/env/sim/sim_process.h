// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "env/sim/loop.h"
#include "env/sim/sim_world.h"
#include "env/sim/worker_pool.h"

namespace odradek::env::sim {

// The world of one process on a simulated host.
class SimProcess final : public World {
 public:
  SimProcess(SimHost& host, SimNetwork& network, std::shared_ptr<Life> life,
             const HostOptions& options);

  Clock& clock() override { return clock_; }
  Random& random() override { return life_->random; }
  Disk& disk() override { return *disk_; }
  Network& network() override { return *network_; }
  WorkerPool& workers() override { return workers_; }
  std::size_t loop_count() const override { return loops_.size(); }
  Executor& loop(std::size_t index) override { return *loops_[index]; }

  Life& life() { return *life_; }
  // Destroys the tasks of loops, or of the pool, that have not run.
  void drop_loop_tasks();
  void drop_work();

 private:
  class SimClock final : public Clock {
   public:
    SimClock(const Scheduler& scheduler, const SimHost& host)
        : scheduler_(scheduler), host_(host) {}
    MonotonicTime monotonic() const override { return scheduler_.now(); }
    base::Timestamp wall() const override;

   private:
    const Scheduler& scheduler_;
    const SimHost& host_;
  };

  std::shared_ptr<Life> life_;
  SimClock clock_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Network> network_;
  SimWorkerPool workers_;
  std::vector<std::unique_ptr<SimLoop>> loops_;
};

}  // namespace odradek::env::sim
