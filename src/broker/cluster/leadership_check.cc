// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/leadership_check.h"

#include <optional>
#include <set>
#include <vector>

#include "broker/listeners.h"
#include "net/peer_client.h"
#include "wire/messages/metadata.h"

namespace odradek::broker {
namespace {

using wire::MetadataRequest;
using wire::MetadataResponse;

MetadataRequest question_of(const LeadershipCheck::Led& led) {
  std::set<base::TopicId> topics;
  for (const auto& [partition, epoch] : led) topics.insert(partition.first);
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  for (const base::TopicId& id : topics) {
    auto& topic = request.topics->emplace_back();
    topic.topic_id = id;
    topic.name.reset();
  }
  return request;
}

// Those with another leader: of a later epoch of its own this broker has to hear from ZooKeeper.
LeadershipCheck::Led led_by_others(const LeadershipCheck::Led& led, base::BrokerId self,
                                   const MetadataResponse& answer) {
  LeadershipCheck::Led gone;
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      const auto own = led.find({topic.topic_id, partition.partition_index});
      const bool is_gone = own != led.end() && partition.leader_epoch > own->second;
      if (is_gone && partition.leader_id != self) gone.insert(*own);
    }
  }
  return gone;
}

}  // namespace

// All of loop 0.
struct LeadershipCheck::Core : std::enable_shared_from_this<Core> {
  Core(env::World& in, const ImageHolder& of, base::BrokerId own, std::string name, FindLed find,
       Deposed tell)
      : world(in),
        image(of),
        self(own),
        listener(std::move(name)),
        find_led(std::move(find)),
        deposed(std::move(tell)) {}

  void set_reachable(bool is_now) {
    if (is_stopped || std::exchange(is_reachable, is_now) == is_now) return;
    world.loop(0).cancel(std::exchange(timer, 0));
    client.reset();
    if (!is_reachable) ask_later();
  }

  void ask_later() {
    timer = world.loop(0).run_after(kInterval, [weak = weak_from_this()] {
      if (const auto core = weak.lock()) core->ask();
    });
  }

  void ask() {
    timer = 0;
    ask_later();
    auto led = find_led();
    const auto peer = next_peer();
    if (led.empty() || !peer) return;
    net::PeerClientOptions options;
    options.client_id = "who-leads";
    options.connect_timeout = kInterval;
    client = std::make_unique<net::PeerClient>(world.network(), world.loop(0), *peer, options);
    client->call<MetadataResponse>(
        question_of(led), kInterval,
        [weak = weak_from_this(), led](const base::Result<MetadataResponse>& answer) {
          const auto core = weak.lock();
          if (!core || core->is_reachable || core->is_stopped || !answer) return;
          const Led gone = led_by_others(led, core->self, *answer);
          if (!gone.empty()) core->deposed(gone);
        });
  }

  // In turns: one may itself have lost ZooKeeper, or be gone.
  std::optional<env::Address> next_peer() {
    const auto now = image.load();
    std::optional<env::Address> first;
    std::optional<base::BrokerId> first_id;
    for (const auto& [id, broker] : now->brokers) {
      if (id == self || broker->fenced) continue;
      auto address = endpoint_on(*broker, listener);
      if (!address) continue;
      if (id > last_asked) {
        last_asked = id;
        return address;
      }
      if (!first) {
        first = std::move(address);
        first_id = id;
      }
    }
    last_asked = first_id.value_or(base::kNoBroker);
    return first;
  }

  void stop() {
    is_stopped = true;
    world.loop(0).cancel(std::exchange(timer, 0));
    client.reset();
  }

  env::World& world;
  const ImageHolder& image;
  const base::BrokerId self;
  const std::string listener;
  const FindLed find_led;
  const Deposed deposed;
  bool is_reachable = true;
  bool is_stopped = false;
  base::BrokerId last_asked = base::kNoBroker;
  env::Executor::TimerId timer = 0;
  std::unique_ptr<net::PeerClient> client;
};

LeadershipCheck::LeadershipCheck(env::World& world, const ImageHolder& image, base::BrokerId self,
                                 std::string listener, FindLed find_led, Deposed deposed)
    : core_(std::make_shared<Core>(world, image, self, std::move(listener), std::move(find_led),
                                   std::move(deposed))) {}

LeadershipCheck::~LeadershipCheck() { stop(); }

void LeadershipCheck::set_reachable(bool is_reachable) {
  core_->world.loop(0).post([core = core_, is_reachable] { core->set_reachable(is_reachable); });
}

void LeadershipCheck::stop() {
  core_->world.loop(0).post([core = core_] { core->stop(); });
}

}  // namespace odradek::broker
