// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "env/world.h"

namespace odradek::quorum::zookeeper {
class Session;
enum class SessionEvent : std::uint8_t;
}  // namespace odradek::quorum::zookeeper

namespace odradek::broker {

// Why a broker could not start, as the process tells it to whoever started it.
enum class StartFailure : std::uint8_t {
  kConfiguration,  // a setting is wrong or refused
  kDirectory,      // a log directory is not ours to use, damaged, or another process has it
  kDiskFull,       // no room to format an empty directory
  kPermission,     // a missing right
  kAddressInUse,   // a listener's port is taken
  kListener,       // a listener's address can't be bound for another reason
};

struct StartError {
  StartFailure failure = StartFailure::kConfiguration;
  base::Error error;
};

struct BoundListener {
  std::string name;
  env::Address address;
  // advertised.listeners names it; else each client is told the address that it came in by.
  bool is_advertised = false;
};

// A whole broker on a world: log directories, metadata, partitions, groups, listeners. The only
// thing that `app` and the simulation start. It is destroyed after stop() is done, or when the
// world's loops have ended.
class Broker {
 public:
  // How a session with ZooKeeper is made.
  using MakeSession = std::function<std::unique_ptr<quorum::zookeeper::Session>(
      std::function<void(quorum::zookeeper::SessionEvent)>)>;

  struct Options {
    // This machine's, for listeners of a cluster's broker that have no host.
    std::function<std::string()> host_name = {};
    // For tests, instead of ZooKeeper's client by the settings.
    MakeSession make_session = {};
    // In a cluster: others are about to rely on this broker, which is to end by stop() from here
    // on. On the thread of the start, which comes to its end within seconds.
    std::function<void()> on_entering = {};
  };

  // Blocks: call it before the loops run, or on none of them; with zookeeper.connect they must run
  // already. `world` outlives the broker. Formats an empty data directory; refuses, untouched, one
  // that is not this node's alone, or another cluster's.
  [[nodiscard]] static std::expected<std::unique_ptr<Broker>, StartError> start(
      env::World& world, config::Settings settings, Options options);
  // Whether a start with these settings waits for what the loops do.
  static bool needs_loops(const config::Settings& settings);
  virtual ~Broker() = default;

  virtual const std::vector<BoundListener>& listeners() const = 0;
  virtual const std::string& cluster_id() const = 0;
  virtual base::BrokerId node_id() const = 0;

  // Told, from any thread, of the settings before and after each change of what is in force; once
  // at once, of the file's and what is in force now. For what whoever made the world sized by them.
  using SettingsAction =
      std::function<void(const config::Settings& before, const config::Settings& now)>;
  virtual void on_settings(SettingsAction action) = 0;
  // Told once, from loop 0, why the broker can't go on (the metadata log's directory failed, or
  // every one of log.dirs): the caller is to stop it.
  virtual void on_fatal(std::function<void(const base::Error&)> handler) = 0;
  // New connections go to the first `count` of the world's loops. Threads: any.
  virtual void use_loops(std::size_t count) = 0;

  // Stops accepting, finishes what is in flight, closes the logs cleanly, then calls `done` once,
  // from any thread. Call once, on loop 0.
  virtual void stop(std::move_only_function<void(base::Result<>)> done) = 0;
};

}  // namespace odradek::broker
