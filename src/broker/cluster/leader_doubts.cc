// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/leader_doubts.h"

#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>
#include <utility>

#include "broker/cluster/broker_watch.h"
#include "broker/listeners.h"
#include "net/peer_client.h"
#include "wire/messages/api_versions.h"

namespace odradek::broker {
namespace {

// A broker that stands still owes its answers for so long, and is not waited for meanwhile.
constexpr auto kAnswerTimeout = std::chrono::seconds(5);

wire::ApiVersionsRequest question() {
  wire::ApiVersionsRequest request;
  request.client_software_name = "odradek";
  request.client_software_version = "1";
  return request;
}

}  // namespace

struct LeaderDoubts::Core : std::enable_shared_from_this<Core> {
  struct Peer {
    std::int64_t epoch = -1;
    env::Address address;
    std::unique_ptr<net::PeerClient> client;
    bool is_slow = false;
  };
  using Peers = std::map<base::BrokerId, Peer>;
  struct Loss {
    std::int64_t epoch;
    env::MonotonicTime since;
  };
  // Somebody wants to know leaders.
  struct Wait {
    std::function<Leaders()> leaders;
    env::Task done;
    std::set<base::BrokerId> asked;  // who have not answered
  };

  Core(env::World& in, base::BrokerId own, std::string name)
      : world(in), self(own), listener(std::move(name)) {}

  void set_peers(Peers now);
  void begin(const std::shared_ptr<Wait>& wait);
  void ask(base::BrokerId id, const std::shared_ptr<Wait>& wait);
  void on_answer(base::BrokerId id, std::int64_t epoch, const base::Error* error,
                 const std::shared_ptr<Wait>& wait);
  void lose_patience(const std::shared_ptr<Wait>& wait);
  void look_at(const std::shared_ptr<Wait>& wait);
  void look_again();
  void end();

  Peer* find(base::BrokerId id, std::int64_t epoch);
  void set_lost(base::BrokerId id, std::int64_t epoch, bool is_now);
  bool is_lost(base::BrokerId id, std::int64_t epoch) const;
  void note_fences(const metadata::ClusterImage& image);

  env::World& world;
  const base::BrokerId self;
  const std::string listener;
  std::unique_ptr<BrokerWatch> watch;

  // Of loop 0.
  Peers peers;
  std::set<std::shared_ptr<Wait>> waits;
  bool is_ended = false;

  std::atomic<bool> is_waited_for = false;
  mutable std::mutex mutex;
  std::map<base::BrokerId, Loss> lost;
  std::set<base::BrokerId> serving;
  std::map<base::BrokerId, env::MonotonicTime> left;
};

// What those are told of who are forgotten finds the new ones.
void LeaderDoubts::Core::set_peers(Peers now) {
  if (is_ended) return;
  for (auto& [id, peer] : now) {
    if (Peer* const known = find(id, peer.epoch)) std::swap(peer, *known);
  }
  std::swap(peers, now);
}

LeaderDoubts::Core::Peer* LeaderDoubts::Core::find(base::BrokerId id, std::int64_t epoch) {
  const auto found = peers.find(id);
  return found != peers.end() && found->second.epoch == epoch ? &found->second : nullptr;
}

void LeaderDoubts::Core::begin(const std::shared_ptr<Wait>& wait) {
  if (is_ended) return std::exchange(wait->done, {})();
  waits.insert(wait);
  is_waited_for = true;
  for (const auto& [id, epoch] : wait->leaders()) {
    const Peer* const peer = find(id, epoch);
    if (peer != nullptr && !peer->is_slow && !is_lost(id, epoch)) wait->asked.insert(id);
  }
  for (const base::BrokerId id : std::set(wait->asked)) ask(id, wait);
  look_at(wait);
  if (!wait->done) return;
  const auto weak = weak_from_this();
  world.loop(0).run_after(kPatience, [weak, wait] {
    if (const auto core = weak.lock()) core->lose_patience(wait);
  });
  world.loop(0).run_after(kLongestWait, [weak, wait] {
    const auto core = weak.lock();
    if (core && core->waits.erase(wait) > 0) std::exchange(wait->done, {})();
  });
}

void LeaderDoubts::Core::ask(base::BrokerId id, const std::shared_ptr<Wait>& wait) {
  Peer& peer = peers.at(id);
  if (!peer.client) {
    net::PeerClientOptions options;
    options.client_id = "is-there";
    options.connect_timeout = kAnswerTimeout;
    peer.client =
        std::make_unique<net::PeerClient>(world.network(), world.loop(0), peer.address, options);
  }
  peer.client->call<wire::ApiVersionsResponse>(
      question(), kAnswerTimeout,
      [weak = weak_from_this(), id, epoch = peer.epoch,
       wait](const base::Result<wire::ApiVersionsResponse>& answer) {
        const auto core = weak.lock();
        if (core) core->on_answer(id, epoch, answer ? nullptr : &answer.error(), wait);
      });
}

// A connection that ended in between is a doubt; the next one, which is made at once, ends it or
// keeps it. No `wait`: that was the next one.
void LeaderDoubts::Core::on_answer(base::BrokerId id, std::int64_t epoch, const base::Error* error,
                                   const std::shared_ptr<Wait>& wait) {
  if (Peer* const peer = find(id, epoch)) {
    const bool is_broken = error != nullptr && error->code == base::ErrorCode::kNetworkException;
    peer->is_slow = false;
    if (is_broken || error == nullptr) set_lost(id, epoch, is_broken);
    if (is_broken && wait && error->os_error != ECONNREFUSED) {
      world.loop(0).post([weak = weak_from_this(), id, epoch] {
        const auto core = weak.lock();
        if (core && core->find(id, epoch) != nullptr) core->ask(id, nullptr);
      });
    }
  }
  if (!wait) return;
  wait->asked.erase(id);
  look_at(wait);
}

void LeaderDoubts::Core::lose_patience(const std::shared_ptr<Wait>& wait) {
  for (const base::BrokerId id : std::exchange(wait->asked, {})) {
    if (const auto slow = peers.find(id); slow != peers.end()) slow->second.is_slow = true;
  }
  look_at(wait);
}

void LeaderDoubts::Core::look_at(const std::shared_ptr<Wait>& wait) {
  if (!wait->asked.empty() || !waits.contains(wait)) return;
  for (const auto& [id, epoch] : wait->leaders()) {
    if (is_lost(id, epoch)) return;
  }
  waits.erase(wait);
  is_waited_for = !waits.empty();
  std::exchange(wait->done, {})();
}

void LeaderDoubts::Core::look_again() {
  for (const auto& wait : std::set(waits)) look_at(wait);
}

void LeaderDoubts::Core::end() {
  is_ended = true;
  const Peers gone = std::exchange(peers, {});
  for (const auto& wait : std::exchange(waits, {})) std::exchange(wait->done, {})();
}

void LeaderDoubts::Core::set_lost(base::BrokerId id, std::int64_t epoch, bool is_now) {
  {
    const std::lock_guard lock(mutex);
    const auto known = lost.find(id);
    const bool was = known != lost.end() && known->second.epoch == epoch;
    if (was == is_now) return;
    if (is_now) {
      lost.insert_or_assign(id, Loss{epoch, world.clock().monotonic()});
    } else {
      lost.erase(known);
    }
  }
  look_again();
}

bool LeaderDoubts::Core::is_lost(base::BrokerId id, std::int64_t epoch) const {
  const std::lock_guard lock(mutex);
  const auto found = lost.find(id);
  return found != lost.end() && found->second.epoch == epoch &&
         world.clock().monotonic() - found->second.since < kLongestDoubt;
}

void LeaderDoubts::Core::note_fences(const metadata::ClusterImage& image) {
  std::set<base::BrokerId> now;
  for (const auto& [id, broker] : image.brokers) {
    if (!broker->fenced) now.insert(id);
  }
  const std::lock_guard lock(mutex);
  for (const base::BrokerId id : serving) {
    if (!now.contains(id)) left.insert_or_assign(id, world.clock().monotonic());
  }
  serving = std::move(now);
}

LeaderDoubts::LeaderDoubts(env::World& world, base::BrokerId self, std::string listener)
    : core_(std::make_shared<Core>(world, self, std::move(listener))) {
  core_->watch = std::make_unique<BrokerWatch>(
      world, self, core_->listener, [](base::BrokerId, std::int64_t) {},
      [weak = std::weak_ptr(core_)](base::BrokerId id, std::int64_t epoch, bool is_lost) {
        const auto core = weak.lock();
        if (!core) return;
        if (is_lost) return core->set_lost(id, epoch, true);
        // A process that ends may still have taken the connection: it is to answer, too.
        if (core->find(id, epoch) != nullptr) core->ask(id, nullptr);
      });
}

LeaderDoubts::~LeaderDoubts() = default;

void LeaderDoubts::follow_brokers(const metadata::ClusterImage& image) {
  core_->note_fences(image);
  Core::Peers peers;
  for (const auto& [id, broker] : image.brokers) {
    if (broker->fenced || id == core_->self) continue;
    if (auto address = endpoint_on(*broker, core_->listener)) {
      Core::Peer& peer = peers[id];
      peer.epoch = broker->epoch;
      peer.address = *std::move(address);
    }
  }
  core_->world.loop(0).post(
      [core = core_, peers = std::move(peers)]() mutable { core->set_peers(std::move(peers)); });
  core_->watch->follow(image);
}

void LeaderDoubts::note_image() {
  if (core_->is_waited_for) core_->world.loop(0).post([core = core_] { core->look_again(); });
}

bool LeaderDoubts::is_lost(base::BrokerId broker, std::int64_t epoch) const {
  return core_->is_lost(broker, epoch);
}

bool LeaderDoubts::was_here_lately(base::BrokerId broker) const {
  const std::lock_guard lock(core_->mutex);
  const auto found = core_->left.find(broker);
  return found != core_->left.end() && core_->world.clock().monotonic() - found->second < kFarewell;
}

void LeaderDoubts::settle(std::function<Leaders()> leaders, env::Task done) {
  if (leaders().empty()) return done();
  const auto wait = std::make_shared<Core::Wait>();
  wait->leaders = std::move(leaders);
  wait->done = std::move(done);
  core_->world.loop(0).post([core = core_, wait] { core->begin(wait); });
}

void LeaderDoubts::end() {
  core_->watch->end();
  core_->world.loop(0).post([core = core_] { core->end(); });
}

}  // namespace odradek::broker
