// SPDX-License-Identifier: Apache-2.0
#include "app/server.h"

#include <fmt/core.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/log.h"
#include "broker/broker.h"
#include "config/check.h"
#include "env/fail_point.h"
#include "env/linux/host_name.h"
#include "env/linux/linux_world.h"

namespace odradek::app {
namespace {

constexpr int kExitUncleanStop = 7;

int exit_code(broker::StartFailure failure) {
  switch (failure) {
    case broker::StartFailure::kConfiguration:
      return 1;
    case broker::StartFailure::kDirectory:
      return 2;
    case broker::StartFailure::kDiskFull:
      return 3;
    case broker::StartFailure::kPermission:
      return 4;
    case broker::StartFailure::kAddressInUse:
      return 5;
    case broker::StartFailure::kListener:
      return 6;
  }
  return 1;
}

std::string_view reason(broker::StartFailure failure) {
  switch (failure) {
    case broker::StartFailure::kConfiguration:
      return "the configuration";
    case broker::StartFailure::kDirectory:
      return "the data directory";
    case broker::StartFailure::kDiskFull:
      return "no room on the disk";
    case broker::StartFailure::kPermission:
      return "a missing right";
    case broker::StartFailure::kAddressInUse:
      return "a port in use";
    case broker::StartFailure::kListener:
      return "a listener";
  }
  return "an error";
}

base::Result<config::Checked> check_arguments(const ServerArguments& arguments) {
  std::string text;
  if (!arguments.config_file.empty()) {
    env::LinuxWorldOptions options;
    options.loop_count = 1;
    env::LinuxWorld world(options);
    auto read = world.disk().read_file(arguments.config_file);
    if (!read) return base::fail(std::move(read));
    text = std::move(*read);
  }
  return config::check_configuration(arguments.config_file, text, arguments.overrides);
}

// What differs from Kafka, and what is not known; silence would be taken for consent.
void say_what_differs(const std::string& file_name, const std::vector<config::Finding>& findings) {
  for (const config::Finding& finding : findings) {
    if (finding.verdict == config::Verdict::kUnknown) {
      base::log::warn("config", "{}", config::sentence(file_name, finding));
    } else if (finding.verdict == config::Verdict::kAccepted) {
      base::log::info("config", "{}", config::sentence(file_name, finding));
    }
  }
}

// Where it is not set: one a core.
std::size_t network_threads(const config::Settings& settings) {
  constexpr std::string_view kKey = "num.network.threads";
  return settings.is_set(kKey) ? static_cast<std::size_t>(settings.number(kKey))
                               : env::core_count();
}

// num.io.threads for each log directory, where there are several, and some for the periodic work of
// each: no directory's queues take more (broker.cc), so one that hangs leaves the others theirs.
// Threads are started when there is work for them.
std::size_t worker_threads(const config::Settings& settings) {
  constexpr std::size_t kOfPeriodicWork = 6;
  auto threads = static_cast<std::size_t>(settings.number("num.io.threads"));
  const std::size_t directories = settings.log_directories().size();
  // The controller of a cluster decides while the logs of its own broker are opened.
  if (broker::Broker::needs_loops(settings)) {
    threads += static_cast<std::size_t>(settings.number("num.recovery.threads.per.data.dir"));
  }
  if (directories == 1) return threads;
  return directories * (std::max<std::size_t>(threads, 2) + kOfPeriodicWork);
}

// What the process is made of follows the settings while it runs.
void follow_settings(broker::Broker& broker, env::LinuxWorld& world) {
  broker.on_settings([&](const config::Settings& before, const config::Settings& now) {
    constexpr std::string_view kKey = "num.io.threads";
    broker.use_loops(network_threads(now));
    if (before.number(kKey) == now.number(kKey)) return;
    world.resize_workers(worker_threads(now));
  });
}

env::LinuxWorldOptions world_options(const config::Settings& settings) {
  env::LinuxWorldOptions options;
  // Loops are made at start only: twice as many as asked for, so that the number can be doubled
  // while the server runs. Those that get no connections sleep.
  options.loop_count = 2 * static_cast<std::size_t>(settings.number("num.network.threads"));
  options.loop_count = std::max(options.loop_count, network_threads(settings));
  options.worker_threads = worker_threads(settings);
  return options;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void say_how_to_connect(const broker::Broker& broker) {
  for (const auto& listener : broker.listeners()) {
    base::log::info("broker", "{} listens on {}", listener.name, listener.address.to_string());
    if (is_loopback(listener.address.host)) continue;
    base::log::warn("broker",
                    "{} can be reached from other machines, and nothing authenticates who comes: "
                    "whoever reaches it may read, write and delete everything",
                    listener.name);
    if (listener.is_advertised) continue;
    base::log::info("broker",
                    "{}: clients are told to come to the address that they came in by; behind NAT, "
                    "published ports or a tunnel, set advertised.listeners",
                    listener.name);
  }
}

// The usual first limit of 1,024 open files is soon reached; the system's own is what counts.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Event loops that cannot have their descriptors would end the process without a word.
base::Result<> check_file_limit(std::size_t loop_count) {
  constexpr std::size_t kOfLoop = 3;     // epoll, timer, wake-up
  constexpr std::size_t kOfOthers = 64;  // listeners, the metadata log, standard streams
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const std::size_t needed = kOfLoop * loop_count + kOfOthers;
  if (needed <= limit.rlim_cur) return {};
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("num.network.threads: {} event loops need {} open files, and this "
                                "process may have {} (ulimit -n)",
                                loop_count, needed, limit.rlim_cur));
}

// Memory goes back to the system soon, and few arenas hold on to it.
void tune_memory() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

// The configuration, where there is nothing against it; else what there is has been said.
std::optional<config::Settings> checked_settings(const ServerArguments& arguments) {
  auto checked = check_arguments(arguments);
  if (!checked) {
    fmt::print(stderr, "odradek: {}\n", checked.error().message);
    return std::nullopt;
  }
  for (const std::string& problem : checked->problems) {
    fmt::print(stderr, "odradek: {}\n", problem);
  }
  if (!checked->problems.empty()) return std::nullopt;
  say_what_differs(arguments.config_file, checked->findings);
  return std::move(checked->settings);
}

int not_started(broker::StartFailure failure, const base::Error& error) {
  fmt::print(stderr, "odradek: not started, because of {}: {}\n", reason(failure), error.message);
  return exit_code(failure);
}

// A server from its start until a signal ends it.
class Running {
 public:
  explicit Running(env::LinuxWorld& world) : world_(world) {}

  // Starts the broker and says how to reach it. The exit code where that fails.
  std::optional<int> start(config::Settings settings) {
    auto broker = broker::Broker::start(
        world_, std::move(settings),
        {.host_name = env::host_name, .on_entering = [this] { is_entering_ = true; }});
    if (!broker) return not_started(broker.error().failure, broker.error().error);
    broker_ = *std::move(broker);
    follow_settings(*broker_, world_);
    say_how_to_connect(*broker_);
    return std::nullopt;
  }

  // Before the loops run, or on loop 0.
  void serve() {
    is_serving_ = true;
    broker_->on_fatal([this](const base::Error& error) {
      base::log::error("broker", "{}: the server can't go on", error.message);
      world_.loop(0).post([this] { stop(); });
    });
    base::log::info("broker", "node {} of cluster {} serves", broker_->node_id().value(),
                    broker_->cluster_id());
    if (is_stop_wanted_) stop();
  }

  void follow_signals() {
    world_.on_signal({SIGTERM, SIGINT}, [this](int signal) {
      if (is_serving_) return stop();
      if (is_entering_) {
        is_stop_wanted_ = true;
        return;
      }
      // A start that waits for others has nothing to lose.
      std::signal(signal, SIG_DFL);
      std::raise(signal);
    });
  }

  // The exit code, once the loops have ended.
  int result() const {
    if (!stopped_) {
      base::log::error("broker", "not stopped cleanly: {}", stopped_.error().message);
      return kExitUncleanStop;
    }
    base::log::info("broker", "stopped cleanly");
    return 0;
  }

 private:
  void stop() {
    if (std::exchange(is_stopping_, true)) return;
    base::log::info("broker", "stopping");
    broker_->stop([this](base::Result<> done) {
      stopped_ = std::move(done);
      world_.stop();
    });
  }

  env::LinuxWorld& world_;
  std::unique_ptr<broker::Broker> broker_;
  bool is_serving_ = false;
  std::atomic<bool> is_entering_ = false;
  bool is_stop_wanted_ = false;
  bool is_stopping_ = false;
  base::Result<> stopped_;
};

int run_alone(env::LinuxWorld& world, config::Settings settings) {
  Running running(world);
  if (const auto failed = running.start(std::move(settings))) return *failed;
  running.follow_signals();
  running.serve();
  world.run();
  return running.result();
}

// The start waits for ZooKeeper and other brokers, and so for the loops.
int run_in_cluster(env::LinuxWorld& world, config::Settings settings) {
  Running running(world);
  std::optional<int> failed;
  running.follow_signals();
  world.run_beside([&] {
    failed = running.start(std::move(settings));
    if (failed) return world.stop();
    world.loop(0).post([&running] { running.serve(); });
  });
  return failed ? *failed : running.result();
}

}  // namespace

int run_server(const ServerArguments& arguments) {
  if (const char* const points = std::getenv("ODRADEK_FAILPOINTS")) {
    if (auto armed = env::arm_fail_points(points); !armed) {
      return not_started(broker::StartFailure::kConfiguration, armed.error());
    }
  }
  raise_file_limit();
  tune_memory();
  auto settings = checked_settings(arguments);
  if (!settings) return exit_code(broker::StartFailure::kConfiguration);
  const env::LinuxWorldOptions options = world_options(*settings);
  if (auto enough = check_file_limit(options.loop_count); !enough) {
    return not_started(broker::StartFailure::kConfiguration, enough.error());
  }
  env::LinuxWorld world(options);
  return broker::Broker::needs_loops(*settings) ? run_in_cluster(world, *std::move(settings))
                                                : run_alone(world, *std::move(settings));
}

}  // namespace odradek::app
