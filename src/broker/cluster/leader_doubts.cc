// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/leader_doubts.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "broker/cluster/broker_watch.h"
#include "broker/listeners.h"
#include "net/peer_client.h"
#include "wire/messages/api_versions.h"

namespace odradek::broker {
namespace {

// A broker that stands still owes its answers for so long, and is not waited for meanwhile.
constexpr auto kAnswerTimeout = std::chrono::seconds(5);
// A broker is asked for all who want to know together, and so often at most.
constexpr auto kBetweenQuestions = std::chrono::milliseconds(1);

wire::ApiVersionsRequest question() {
  wire::ApiVersionsRequest request;
  request.client_software_name = net::PeerClient::kSoftwareName;
  request.client_software_version = "1";
  return request;
}

}  // namespace

struct LeaderDoubts::Core : std::enable_shared_from_this<Core> {
  struct Wait;
  using Waits = std::vector<std::shared_ptr<Wait>>;
  struct Peer {
    std::int64_t epoch = -1;
    env::Address address;
    std::unique_ptr<net::PeerClient> client;
    bool is_slow = false;
    // One question is out at a time; who came after it was sent waits for the next one.
    bool is_asked = false;
    bool is_next_wanted = false;
    bool is_next_timed = false;
    std::optional<env::MonotonicTime> asked_at = {};
    Waits of_question = {};
    Waits of_next = {};
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
    std::set<base::BrokerId> asked = {};  // who have not answered
    env::MonotonicTime since = {};
    std::list<std::shared_ptr<Wait>>::iterator place = {};
  };

  Core(env::World& in, base::BrokerId own, std::string name)
      : world(in), self(own), listener(std::move(name)) {}

  void set_peers(Peers now);
  void begin(const std::shared_ptr<Wait>& wait, const Leaders& leaders);
  void ask(base::BrokerId id, const std::shared_ptr<Wait>& wait);
  void ask_next(base::BrokerId id);
  void send_question(base::BrokerId id, Peer& peer);
  void on_answer(base::BrokerId id, std::int64_t epoch, const base::Error* error);
  void tell(base::BrokerId id, const Waits& of_answer);
  void wake_at(env::MonotonicTime time);
  void on_time();
  void lose_patience(const std::shared_ptr<Wait>& wait);
  void look_at(const std::shared_ptr<Wait>& wait);
  void look_again();
  void finish(const std::shared_ptr<Wait>& wait);
  void end();

  Peer* find(base::BrokerId id, std::int64_t epoch);
  void set_lost(base::BrokerId id, std::int64_t epoch, bool is_now);
  bool is_lost(base::BrokerId id, std::int64_t epoch) const;
  // Which spares most waits a look at all that they ask for.
  bool is_any_lost() const;
  void note_fences(const metadata::ClusterImage& image);

  env::World& world;
  const base::BrokerId self;
  const std::string listener;
  std::unique_ptr<BrokerWatch> watch;

  // Of loop 0.
  Peers peers;
  // In the order in which they came.
  std::list<std::shared_ptr<Wait>> waits;
  env::Executor::TimerId timer = 0;
  env::MonotonicTime timer_time = {};
  bool is_ended = false;

  std::atomic<bool> is_waited_for = false;
  mutable std::mutex mutex;
  std::map<base::BrokerId, Loss> lost;
  std::set<base::BrokerId> serving;
  std::map<base::BrokerId, env::MonotonicTime> left;
};

void LeaderDoubts::Core::set_peers(Peers now) {
  if (is_ended) return;
  for (auto& [id, peer] : now) {
    if (Peer* const known = find(id, peer.epoch)) std::swap(peer, *known);
  }
  std::swap(peers, now);
  {
    const std::lock_guard lock(mutex);
    std::erase_if(lost, [this](const auto& one) {
      const auto peer = peers.find(one.first);
      return peer != peers.end() && peer->second.epoch > one.second.epoch;
    });
  }
  for (auto& [id, gone] : now) {
    tell(id, std::exchange(gone.of_question, {}));
    tell(id, std::exchange(gone.of_next, {}));
  }
}

LeaderDoubts::Core::Peer* LeaderDoubts::Core::find(base::BrokerId id, std::int64_t epoch) {
  const auto found = peers.find(id);
  return found != peers.end() && found->second.epoch == epoch ? &found->second : nullptr;
}

void LeaderDoubts::Core::begin(const std::shared_ptr<Wait>& wait, const Leaders& leaders) {
  if (is_ended) return std::exchange(wait->done, {})();
  wait->since = world.clock().monotonic();
  wait->place = waits.insert(waits.end(), wait);
  is_waited_for = true;
  for (const auto& [id, epoch] : leaders) {
    const Peer* const peer = find(id, epoch);
    if (peer != nullptr && !peer->is_slow && !is_lost(id, epoch)) wait->asked.insert(id);
  }
  for (const base::BrokerId id : std::set(wait->asked)) ask(id, wait);
  look_at(wait);
  if (wait->done) wake_at(wait->since + (wait->asked.empty() ? kLongestWait : kPatience));
}

// No `wait`: nobody in particular wants to know.
void LeaderDoubts::Core::ask(base::BrokerId id, const std::shared_ptr<Wait>& wait) {
  Peer& peer = peers.at(id);
  peer.is_next_wanted = true;
  if (wait) peer.of_next.push_back(wait);
  ask_next(id);
}

void LeaderDoubts::Core::ask_next(base::BrokerId id) {
  Peer& peer = peers.at(id);
  if (peer.is_asked || peer.is_next_timed || !peer.is_next_wanted) return;
  const env::MonotonicTime now = world.clock().monotonic();
  if (!peer.asked_at || now - *peer.asked_at >= kBetweenQuestions) {
    peer.asked_at = now;
    return send_question(id, peer);
  }
  peer.is_next_timed = true;
  world.loop(0).run_after(*peer.asked_at + kBetweenQuestions - now,
                          [weak = weak_from_this(), id, epoch = peer.epoch] {
                            const auto core = weak.lock();
                            Peer* const timed = core ? core->find(id, epoch) : nullptr;
                            if (timed == nullptr) return;
                            timed->is_next_timed = false;
                            core->ask_next(id);
                          });
}

void LeaderDoubts::Core::send_question(base::BrokerId id, Peer& peer) {
  peer.is_asked = true;
  peer.is_next_wanted = false;
  peer.of_question = std::exchange(peer.of_next, {});
  if (!peer.client) {
    net::PeerClientOptions options;
    options.client_id = "is-there";
    options.connect_timeout = kAnswerTimeout;
    peer.client =
        std::make_unique<net::PeerClient>(world.network(), world.loop(0), peer.address, options);
  }
  peer.client->call<wire::ApiVersionsResponse>(
      question(), kAnswerTimeout,
      [weak = weak_from_this(), id,
       epoch = peer.epoch](const base::Result<wire::ApiVersionsResponse>& answer) {
        const auto core = weak.lock();
        if (core) core->on_answer(id, epoch, answer ? nullptr : &answer.error());
      });
}

// A connection that ended in between is a doubt; the next one, which is made at once, ends it or
// keeps it. Where nobody waited, that was the next one.
void LeaderDoubts::Core::on_answer(base::BrokerId id, std::int64_t epoch,
                                   const base::Error* error) {
  Peer* const peer = find(id, epoch);
  if (peer == nullptr) return;
  const bool is_broken = error != nullptr && error->code == base::ErrorCode::kNetworkException;
  peer->is_slow = false;
  peer->is_asked = false;
  const Waits of_answer = std::exchange(peer->of_question, {});
  if (is_broken && !of_answer.empty() && error->os_error != ECONNREFUSED) {
    peer->is_next_wanted = true;
  }
  if (peer->is_next_wanted) {
    world.loop(0).post([weak = weak_from_this(), id, epoch] {
      const auto core = weak.lock();
      if (core && core->find(id, epoch) != nullptr) core->ask_next(id);
    });
  }
  if (is_broken || error == nullptr) set_lost(id, epoch, is_broken);
  tell(id, of_answer);
}

void LeaderDoubts::Core::tell(base::BrokerId id, const Waits& of_answer) {
  for (const auto& wait : of_answer) {
    wait->asked.erase(id);
    look_at(wait);
  }
}

// One timer for all; one that comes too early, as nobody waits so long any more, sets the next.
void LeaderDoubts::Core::wake_at(env::MonotonicTime time) {
  if (timer != 0 && timer_time <= time) return;
  world.loop(0).cancel(timer);
  timer_time = time;
  timer = world.loop(0).run_after(time - world.clock().monotonic(), [weak = weak_from_this()] {
    const auto core = weak.lock();
    if (!core) return;
    core->timer = 0;
    core->on_time();
  });
}

void LeaderDoubts::Core::on_time() {
  const env::MonotonicTime now = world.clock().monotonic();
  for (const auto& wait : std::list(waits)) {
    if (now - wait->since >= kLongestWait) {
      finish(wait);
    } else if (now - wait->since >= kPatience) {
      lose_patience(wait);
    }
  }
  for (const auto& wait : waits) {
    wake_at(wait->since + (wait->asked.empty() ? kLongestWait : kPatience));
  }
}

void LeaderDoubts::Core::lose_patience(const std::shared_ptr<Wait>& wait) {
  if (wait->asked.empty()) return;
  for (const base::BrokerId id : std::exchange(wait->asked, {})) {
    if (const auto slow = peers.find(id); slow != peers.end()) slow->second.is_slow = true;
  }
  look_at(wait);
}

void LeaderDoubts::Core::look_at(const std::shared_ptr<Wait>& wait) {
  if (!wait->done || !wait->asked.empty()) return;
  if (is_any_lost()) {
    for (const auto& [id, epoch] : wait->leaders()) {
      if (is_lost(id, epoch)) return;
    }
  }
  finish(wait);
}

void LeaderDoubts::Core::look_again() {
  for (const auto& wait : std::list(waits)) look_at(wait);
}

void LeaderDoubts::Core::finish(const std::shared_ptr<Wait>& wait) {
  auto done = std::exchange(wait->done, {});
  if (!done) return;
  waits.erase(wait->place);
  is_waited_for = !waits.empty();
  done();
}

void LeaderDoubts::Core::end() {
  is_ended = true;
  const Peers gone = std::exchange(peers, {});
  world.loop(0).cancel(std::exchange(timer, 0));
  for (const auto& wait : std::list(waits)) finish(wait);
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

bool LeaderDoubts::Core::is_any_lost() const {
  const std::lock_guard lock(mutex);
  return std::ranges::any_of(lost, [this](const auto& one) {
    return world.clock().monotonic() - one.second.since < kLongestDoubt;
  });
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
  auto now = leaders();
  if (now.empty()) return done();
  const auto wait = std::make_shared<Core::Wait>();
  wait->leaders = std::move(leaders);
  wait->done = std::move(done);
  core_->world.loop(0).post([core = core_, wait, now = std::move(now)] { core->begin(wait, now); });
}

void LeaderDoubts::end() {
  core_->watch->end();
  core_->world.loop(0).post([core = core_] { core->end(); });
}

}  // namespace odradek::broker
