// SPDX-License-Identifier: Apache-2.0
#include "env/linux/linux_world.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "env/linux/clock.h"
#include "env/linux/disk.h"
#include "env/linux/loop.h"
#include "env/linux/network.h"
#include "env/linux/worker_pool.h"

namespace odradek::env {

// By affinity, so that a container's share counts.
std::size_t core_count() { return std::max(1U, std::thread::hardware_concurrency()); }

struct LinuxWorld::Parts {
  explicit Parts(const LinuxWorldOptions& options) : workers(options.worker_threads) {
    const std::size_t count = options.loop_count > 0 ? options.loop_count : core_count();
    for (std::size_t i = 0; i < count; ++i) {
      loops.push_back(std::make_unique<LinuxLoop>());
    }
  }

  void start_loops(std::size_t first) {
    for (std::size_t i = first; i < loops.size(); ++i) {
      threads.emplace_back([this, i] { loops[i]->run(); });
      pthread_setname_np(threads.back().native_handle(), ("loop-" + std::to_string(i)).c_str());
    }
  }
  // Once they are stopped. A task may own a socket of another loop, which must go before that loop.
  void end_loops() {
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    for (const auto& loop : loops) loop->discard_tasks();
  }
  void wait_for_signal() {
    signals->async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      on_signal(signal);
      wait_for_signal();
    });
  }

  LinuxClock clock;
  LinuxRandom random;
  LinuxDisk disk;
  // Tasks left in the loops may own queues of the pool, and the network's look-ups end in loops.
  LinuxWorkerPool workers;
  std::vector<std::unique_ptr<LinuxLoop>> loops;
  LinuxNetwork network{workers};
  std::function<void(int)> on_signal;
  std::optional<boost::asio::signal_set> signals;
  std::vector<std::thread> threads;
};

LinuxWorld::LinuxWorld(const LinuxWorldOptions& options)
    : parts_(std::make_unique<Parts>(options)) {
  // A peer that leaves is an error of the write that finds out.
  std::signal(SIGPIPE, SIG_IGN);
}

LinuxWorld::~LinuxWorld() {
  stop();
  parts_->end_loops();
}

void LinuxWorld::run() {
  parts_->start_loops(1);
  parts_->loops[0]->run();
  parts_->end_loops();
}

void LinuxWorld::run_beside(Task task) {
  std::thread beside([task = std::move(task)]() mutable { std::exchange(task, {})(); });
  run();
  beside.join();
}

void LinuxWorld::start() { parts_->start_loops(0); }

void LinuxWorld::stop() {
  for (const auto& loop : parts_->loops) loop->stop();
}

void LinuxWorld::on_signal(const std::vector<int>& signals, std::function<void(int)> handler) {
  ODRADEK_ASSERT(!parts_->signals);
  parts_->on_signal = std::move(handler);
  parts_->signals.emplace(parts_->loops[0]->context());
  for (const int signal : signals) parts_->signals->add(signal);
  parts_->wait_for_signal();
}

Clock& LinuxWorld::clock() { return parts_->clock; }
Random& LinuxWorld::random() { return parts_->random; }
Disk& LinuxWorld::disk() { return parts_->disk; }
Network& LinuxWorld::network() { return parts_->network; }
void LinuxWorld::resize_workers(std::size_t threads) { parts_->workers.resize(threads); }

WorkerPool& LinuxWorld::workers() { return parts_->workers; }
std::size_t LinuxWorld::loop_count() const { return parts_->loops.size(); }
Executor& LinuxWorld::loop(std::size_t index) { return *parts_->loops.at(index); }

}  // namespace odradek::env
