// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_world.h"

#include <utility>

#include "base/assert.h"
#include "env/sim/sim_process.h"

namespace odradek::env::sim {
namespace {

// 2026-01-01T00:00Z: when every simulation starts.
constexpr std::int64_t kWallStartMs = 1767225600000;
// A host that was up for a while: a difference between clocks shows where one was taken for
// another.
constexpr Duration kUptimeAtStart = std::chrono::hours(1);

}  // namespace

SimProcess::SimProcess(SimHost& host, SimNetwork& network, std::shared_ptr<Life> life,
                       const HostOptions& options)
    : life_(std::move(life)),
      clock_(life_->scheduler, host),
      disk_(host.disk().open_for(life_)),
      network_(network.open_for(life_)),
      workers_(life_, options.worker_threads) {
  for (int index = 0; index < options.loops; ++index) {
    loops_.push_back(std::make_unique<SimLoop>(life_, static_cast<std::uint64_t>(index)));
  }
}

base::Timestamp SimProcess::SimClock::wall() const { return host_.wall_time(); }

void SimProcess::drop_loop_tasks() {
  for (const auto& loop : loops_) loop->drop_tasks();
}

void SimProcess::drop_work() { workers_.drop_tasks(); }

SimHost::SimHost(SimWorld& simulation, std::string name, HostOptions options)
    : simulation_(simulation),
      name_(std::move(name)),
      options_(options),
      address_(simulation.network().add_host(name_)),
      disk_(simulation.scheduler(), name_, options.disk, [this] { return wall_time(); }) {
  restart();
}

SimHost::~SimHost() {
  if (is_running()) kill();
  drop_last_process();
}

base::Timestamp SimHost::wall_time() const {
  const Duration passed = simulation_.elapsed() - kUptimeAtStart + wall_offset_;
  return base::Timestamp(kWallStartMs +
                         std::chrono::floor<std::chrono::milliseconds>(passed).count());
}

World& SimHost::world() { return *processes_.back(); }

bool SimHost::is_running() const {
  return !processes_.empty() && !processes_.back()->life().is_over;
}

std::uint64_t SimHost::disk_waits_on_loops() {
  return processes_.back()->life().disk_waits_on_loops;
}

void SimHost::restart() {
  ODRADEK_ASSERT(!is_running());
  drop_last_process();
  Scheduler& scheduler = simulation_.scheduler();
  const auto number = static_cast<std::uint64_t>(processes_.size());
  auto life =
      std::make_shared<Life>(scheduler, name_, number, false, false, scheduler.random().split());
  scheduler.trace().add("start", name_, {number});
  simulation_.network().host_is_up(name_);
  processes_.push_back(
      std::make_unique<SimProcess>(*this, simulation_.network(), std::move(life), options_));
}

void SimHost::kill() { end(false); }

void SimHost::cut_power() { end(true); }

void SimHost::pause() {
  if (!is_running()) return;
  Life& life = processes_.back()->life();
  life.scheduler.trace().add("pause", name_, {life.number});
  life.is_paused = true;
}

void SimHost::resume() {
  Life& life = processes_.back()->life();
  if (!life.is_paused) return;
  life.scheduler.trace().add("resume", name_, {life.number});
  life.resume();
}

void SimHost::end(bool is_power_cut) {
  if (!is_running()) return;
  SimProcess& process = *processes_.back();
  Life& life = process.life();
  life.scheduler.trace().add(is_power_cut ? "power cut" : "kill", name_, {life.number});
  // The disk first: it decides what was on its way to it.
  if (is_power_cut) disk_.power_cut();
  life.is_over = true;
  life.resume();
  disk_.release_locks(life);
  simulation_.network().end(life, is_power_cut);
  // What waits for the disk learns it next, not here: the caller may hold a lock.
  life.scheduler.after(Duration::zero(), [] {});
}

void SimHost::discard_tasks() {
  ODRADEK_ASSERT(!is_running());
  simulation_.network().abandon(processes_.back()->life());
  processes_.back()->drop_loop_tasks();
}

void SimHost::drop_last_process() {
  if (processes_.empty()) return;
  processes_.back()->life().is_gone = true;
  discard_tasks();
  processes_.back()->drop_work();
}

SimWorld::SimWorld(std::uint64_t seed, NetworkOptions network)
    : scheduler_(seed), random_(scheduler_.random().split()), network_(scheduler_, network) {
  scheduler_.run_until([] { return false; }, MonotonicTime(kUptimeAtStart));
}

SimWorld::~SimWorld() = default;

SimHost& SimWorld::add_host(const std::string& name, HostOptions options) {
  auto& host = hosts_[name];
  ODRADEK_ASSERT(!host);
  host = std::make_unique<SimHost>(*this, name, options);
  return *host;
}

bool SimWorld::run_until(const std::function<bool()>& condition, Duration at_most) {
  return scheduler_.run_until(condition, scheduler_.now() + at_most);
}

void SimWorld::run_for(Duration duration) {
  scheduler_.run_until([] { return false; }, scheduler_.now() + duration);
}

std::uint64_t SimWorld::trace_digest() const { return scheduler_.trace().digest(); }

}  // namespace odradek::env::sim
