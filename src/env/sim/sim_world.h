// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/sim/scheduler.h"
#include "env/sim/sim_disk.h"
#include "env/sim/sim_network.h"
#include "env/world.h"

namespace odradek::env::sim {

class SimProcess;
class SimWorld;

struct HostOptions {
  int loops = 2;
  int worker_threads = 8;
  DiskOptions disk;
};

// A machine of the simulation with a disk of its own. At most one process runs on it at a time,
// from the host's making or `restart` to `kill` or `cut_power`.
class SimHost {
 public:
  SimHost(SimWorld& simulation, std::string name, HostOptions options);
  ~SimHost();
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }
  SimDisk& disk() { return disk_; }

  // The world of the running process, or of the last one. After the process's end it is that of
  // loops that were stopped: tasks of loops stay where they are, the disk fails, nothing is sent;
  // blocking work still ends, so that what used the world can be destroyed. `restart` drops what is
  // left. It lives as long as the host.
  World& world();
  bool is_running() const;

  // The process is gone at once, its page cache stays (SIGKILL).
  void kill();
  // The process is gone and with it what was not flushed. May be called in the middle of a task.
  void cut_power();
  // The process runs nothing until `resume`, or its end; what the system does for it goes on:
  // connections stay and take in bytes, the disk ends what it began. Nothing where none runs.
  void pause();
  void resume();
  // Destroys the tasks of loops that never ran, before what they refer to goes, as a real world
  // does when its loops have ended. REQUIRES: not running; not in a task of this host.
  void discard_tasks();
  // A new process, with what the disk has. What used the last one has been destroyed. REQUIRES: not
  // running; not in a task of this host.
  void restart();

  // Moves the wall clock of the host; the monotonic one goes on.
  void jump_wall_clock(Duration by) { wall_offset_ += by; }
  base::Timestamp wall_time() const;
  // How often one of the process's loops waited for the disk.
  std::uint64_t disk_waits_on_loops();

 private:
  void end(bool is_power_cut);
  void drop_last_process();

  SimWorld& simulation_;
  std::string name_;
  HostOptions options_;
  std::string address_;
  SimDisk disk_;
  Duration wall_offset_{};
  std::vector<std::unique_ptr<SimProcess>> processes_;
};

// A world of hosts in which everything that happens follows from the seed: one thread, one clock,
// one order of events. Two with the same seed and the same scenario are equal in every event, which
// `trace_digest` shows.
class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed, NetworkOptions network = {});
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  SimHost& add_host(const std::string& name, HostOptions options = {});
  SimNetwork& network() { return network_; }
  Scheduler& scheduler() { return scheduler_; }
  // For the scenario's own choices.
  SeededRandom& random() { return random_; }
  // The monotonic clock's reading.
  Duration elapsed() const { return scheduler_.elapsed(); }

  // Runs `task` outside of every process when the delay has passed.
  void after(Duration delay, Task task) { scheduler_.after(delay, std::move(task)); }
  bool step() { return scheduler_.step(); }
  // Returns whether the condition holds; at the latest when so much time has passed.
  bool run_until(const std::function<bool()>& condition, Duration at_most);
  void run_for(Duration duration);

  std::uint64_t trace_digest() const;
  // Each event as a line of text; set before the first host is made.
  void set_trace_sink(Trace::Sink sink) { scheduler_.trace().set_sink(std::move(sink)); }

 private:
  Scheduler scheduler_;
  SeededRandom random_;
  SimNetwork network_;
  std::map<std::string, std::unique_ptr<SimHost>> hosts_;
};

}  // namespace odradek::env::sim
