// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/broker_watch.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

namespace odradek::broker {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(2);
// Until it is tried again: a listener that is about to open, or closes what it takes, or a host
// that does not answer.
constexpr auto kPause = std::chrono::milliseconds(500);

struct Target {
  std::int64_t epoch = -1;
  env::Address address;

  friend bool operator==(const Target&, const Target&) = default;
};
using Targets = std::map<base::BrokerId, Target>;

}  // namespace

// Everything on loop 0; a broker's `attempt` tells what is of an older connection.
struct BrokerWatch::Core : std::enable_shared_from_this<Core> {
  struct Watched {
    Target target;
    std::uint64_t attempt = 0;
    std::unique_ptr<env::Stream> stream;
    env::MonotonicTime connected_at = {};
    bool was_brief = false;  // the connection before
  };

  Core(env::World& of, base::BrokerId own, std::string name, Gone on_gone, Lost on_lost)
      : world(of),
        self(own),
        listener(std::move(name)),
        gone(std::move(on_gone)),
        lost(std::move(on_lost)) {}

  void set(const Targets& targets) {
    std::erase_if(watched, [&](const auto& entry) {
      const auto target = targets.find(entry.first);
      return target == targets.end() || target->second != entry.second.target;
    });
    for (const auto& [id, target] : targets) {
      if (watched.contains(id)) continue;
      watched[id].target = target;
      connect(id);
    }
  }

  void connect(base::BrokerId id) {
    Watched& one = watched.at(id);
    one.attempt = ++attempts;
    world.network().connect(one.target.address, {}, world.loop(0), kConnectTimeout,
                            [core = shared_from_this(), id, attempt = one.attempt](auto stream) {
                              if (Watched* const still = core->find(id, attempt))
                                core->connected(id, *still, stream);
                            });
  }

  void connected(base::BrokerId id, Watched& one,
                 base::Result<std::unique_ptr<env::Stream>>& stream) {
    if (!stream) {
      if (stream.error().os_error == ECONNREFUSED) {
        tell_lost(id, one, true);
        gone(id, one.target.epoch);
      }
      return again(id, one);
    }
    tell_lost(id, one, false);
    one.connected_at = world.clock().monotonic();
    one.stream = std::move(*stream);
    one.stream->wait_readable([core = shared_from_this(), id, attempt = one.attempt](const auto&) {
      // Nothing is ever sent here: it is the end.
      Watched* const still = core->find(id, attempt);
      if (still == nullptr) return;
      core->tell_lost(id, *still, true);
      still->stream->close();
      core->connect_anew(id, *still);
    });
  }

  // At once, for a process that has ended refuses it; but a listener that takes every connection
  // and closes it, as with max.connections.per.ip reached, would keep both sides busy.
  void connect_anew(base::BrokerId id, Watched& one) {
    const bool is_brief = world.clock().monotonic() - one.connected_at < kPause;
    if (std::exchange(one.was_brief, is_brief) && is_brief) return again(id, one);
    connect(id);
  }

  void tell_lost(base::BrokerId id, const Watched& one, bool is_lost) const {
    if (lost) lost(id, one.target.epoch, is_lost);
  }

  void again(base::BrokerId id, Watched& one) {
    world.loop(0).run_after(kPause, [core = shared_from_this(), id, attempt = one.attempt] {
      if (core->find(id, attempt) != nullptr) core->connect(id);
    });
  }

  Watched* find(base::BrokerId id, std::uint64_t attempt) {
    const auto found = watched.find(id);
    const bool is_same = found != watched.end() && found->second.attempt == attempt;
    return is_same ? &found->second : nullptr;
  }

  env::World& world;
  const base::BrokerId self;
  const std::string listener;
  const Gone gone;
  const Lost lost;
  std::uint64_t attempts = 0;
  std::map<base::BrokerId, Watched> watched;
};

BrokerWatch::BrokerWatch(env::World& world, base::BrokerId self, std::string listener, Gone gone,
                         Lost lost)
    : core_(std::make_shared<Core>(world, self, std::move(listener), std::move(gone),
                                   std::move(lost))) {}

BrokerWatch::~BrokerWatch() = default;

void BrokerWatch::follow(const metadata::ClusterImage& image) {
  Targets targets;
  for (const auto& [id, broker] : image.brokers) {
    if (broker->fenced || id == core_->self) continue;
    const auto endpoint =
        std::ranges::find(broker->endpoints, core_->listener, &metadata::EndpointImage::listener);
    if (endpoint == broker->endpoints.end()) continue;
    targets[id] = {broker->epoch, {endpoint->host, endpoint->port}};
  }
  core_->world.loop(0).post([core = core_, targets = std::move(targets)] { core->set(targets); });
}

void BrokerWatch::end() {
  core_->world.loop(0).post([core = core_] { core->watched.clear(); });
}

}  // namespace odradek::broker
