// SPDX-License-Identifier: Apache-2.0
#include "broker/start/cluster_node.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/cluster/listener_probe.h"
#include "broker/controller/broker_node.h"
#include "broker/runtime/wait.h"
#include "broker/start/cluster_directory.h"
#include "metadata/controller/eligible_replicas.h"
#include "metadata/zookeeper_view.h"
#include "quorum/zookeeper/client_session.h"
#include "quorum/zookeeper/layout.h"
#include "wire/messages/broker_registration.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
namespace zk = quorum::zookeeper;

constexpr std::string_view kConnectKey = "zookeeper.connect";
constexpr auto kProbeTimeout = std::chrono::seconds(2);
// A controller that decides does so in milliseconds.
constexpr auto kUnfenceTimeout = std::chrono::seconds(10);
// How long a stop waits for ZooKeeper to come back.
constexpr auto kHandOverPatience = std::chrono::seconds(5);

zk::EngineOptions engine_options(const config::Settings& settings, base::BrokerId node) {
  zk::EngineOptions options;
  options.broker = node;
  options.connect = settings.text(kConnectKey);
  return options;
}

wire::BrokerRegistrationRequest to_request(const metadata::BrokerImage& broker,
                                           const std::string& cluster_id,
                                           std::int64_t previous_epoch) {
  wire::BrokerRegistrationRequest request;
  request.broker_id = broker.id;
  request.cluster_id = cluster_id;
  request.incarnation_id = broker.incarnation_id;
  for (const auto& endpoint : broker.endpoints) {
    request.listeners.push_back(
        {endpoint.listener, endpoint.host, endpoint.port, endpoint.security_protocol});
  }
  for (const auto& [name, range] : broker.supported_features) {
    request.features.push_back({name, range.first, range.second});
  }
  request.rack = broker.rack;
  request.log_dirs = broker.log_directories;
  request.previous_broker_epoch = previous_epoch;
  return request;
}

// Whoever had them created waits until they are served everywhere.
bool has_new_partitions(const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
  return std::ranges::any_of(delta.changed_topics, [&](const base::TopicId& id) {
    const auto& topic = image.find_topic(id);
    return topic != nullptr && std::ranges::any_of(topic->partitions, [](const auto& partition) {
             return partition.partition_epoch == 0;
           });
  });
}

}  // namespace

ClusterNode::ClusterNode(env::World& world, const config::Settings& settings,
                         const config::LiveSettings& live, LiveConfig& live_config,
                         ImageHolder& image, log::LogManager& logs, Options options)
    : world_(world),
      settings_(settings),
      live_(live),
      live_config_(live_config),
      image_(image),
      logs_(logs),
      options_(std::move(options)),
      unfenced_(std::make_shared<Wait<bool>>(world.workers())) {
  metadata_ = std::make_unique<ZookeeperMetadata>(
      world_, image_, engine_options(settings_, options_.node), make_hooks());
}

ClusterNode::~ClusterNode() = default;

ZookeeperMetadata::Hooks ClusterNode::make_hooks() {
  return {
      .on_elected =
          [this](const metadata::ClusterImage& image, base::LeaderEpoch) {
            service_->on_elected(image);
            world_.loop(0).post([this] { fence_expired(); });
          },
      .on_lost = [this](const std::string&) { service_->on_lost(); },
      .on_decided =
          [this](const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
            if (delta.brokers_changed) service_->follow_brokers(image);
            service_->follow_configs(delta, image);
          },
      .on_early_image = [this](const metadata::ClusterImage& image) { live_config_.load(image); },
      .on_controller = [this](const auto& controller) { on_controller(controller); },
      .on_brokers = [this](const auto& brokers) { on_brokers(brokers); },
      .on_reachable =
          [this](bool is_reachable) {
            is_reachable_ = is_reachable;
            if (options_.on_reachable) options_.on_reachable(is_reachable);
            if (is_reachable) return base::log::info("quorum", "connected to ZooKeeper");
            base::log::warn(
                "quorum", "no connection to ZooKeeper: nothing new is decided until there is one");
          },
      .on_expired =
          [] {
            base::log::warn("quorum",
                            "the session with ZooKeeper is over: this broker registers "
                            "anew");
          },
      .on_registered =
          [this] {
            if (is_member_) member_->register_anew();
          },
      .on_fatal = options_.on_fatal,
  };
}

base::Result<std::string> ClusterNode::join() {
  auto make_session = options_.make_session ? options_.make_session : make_client_session();
  if (!make_session) {
    return base::fail(zk::parse_connect_string(settings_.text(kConnectKey)).error());
  }
  auto found = metadata_->start(proposal(), make_probe(), std::move(make_session));
  if (!found) {
    base::Error error = found.error();
    error.code = ErrorCode::kInvalidConfig;
    return base::fail(std::move(error));
  }
  if (auto same = check_identity(found->cluster_id); !same) return base::fail(std::move(same));
  if (auto same = check_origin(*found); !same) return base::fail(std::move(same));
  cluster_id_ = found->cluster_id;
  make_controller();
  return cluster_id_;
}

zk::Proposal ClusterNode::proposal() const {
  if (is_kept_in_zookeeper(world_.disk(), logs_.metadata_directory().path())) return {};
  if (const auto identity = logs_.identity()) return {identity->cluster_id, true, own_origin()};
  env::Random& random = world_.random();
  const std::uint64_t high = random.next();
  return {base::Uuid::from_random(high, random.next()).to_string(), false, own_origin()};
}

bool ClusterNode::has_own_metadata() const {
  const std::string& directory = logs_.metadata_directory().path();
  return !is_kept_in_zookeeper(world_.disk(), directory) && has_metadata(world_.disk(), directory);
}

base::SharedBytes ClusterNode::own_origin() const {
  const auto& identity = logs_.metadata_directory().identity();
  if (!identity || !has_own_metadata()) return zk::new_origin_text();
  return zk::origin_text(options_.node, identity->directory_id.to_string());
}

// Metadata that is not the cluster's would be lost, and the logs with it, for nobody knows them.
base::Result<> ClusterNode::check_origin(const zk::Started& found) {
  const std::string& directory = logs_.metadata_directory().path();
  const std::string_view origin = base::as_text(found.origin.view());
  const std::string& connect = settings_.text(kConnectKey);
  const bool has_begun = found.position.end_offset > base::Offset(0);
  if (has_own_metadata() && found.origin != own_origin()) {
    return base::fail(
        ErrorCode::kInvalidConfig,
        fmt::format("{}={}: that cluster began with other metadata than what {} has ({} says {}), "
                    "which would be lost; a node with topics of its own begins a cluster in an "
                    "empty chroot, and is the first there",
                    kConnectKey, connect, directory, zk::path::kOrigin, origin));
  }
  if (is_kept_in_zookeeper(world_.disk(), directory) && !has_begun) {
    return base::fail(ErrorCode::kInvalidConfig,
                      fmt::format("{}={} has no metadata, and that of {} was there", kConnectKey,
                                  connect, directory));
  }
  may_begin_ = has_begun || found.origin == own_origin();
  if (!may_begin_ && !has_begun) {
    base::log::warn("broker", "waits until the broker of {} has begun this cluster: {}",
                    zk::path::kOrigin, origin);
  }
  return {};
}

base::Result<> ClusterNode::check_identity(const std::string& cluster_id) const {
  const auto identity = logs_.identity();
  if (!identity || identity->cluster_id == cluster_id) return {};
  return base::fail(
      ErrorCode::kInvalidConfig,
      fmt::format("{}={} is cluster {}, and the log directories are of cluster {}", kConnectKey,
                  settings_.text(kConnectKey), cluster_id, identity->cluster_id));
}

ClusterNode::MakeSession ClusterNode::make_client_session() {
  auto connect = zk::parse_connect_string(settings_.text(kConnectKey));
  if (!connect) return {};
  zk::ClientOptions options;
  options.connect = std::move(*connect);
  const auto session_ms = settings_.number("zookeeper.session.timeout.ms");
  options.session_timeout = std::chrono::milliseconds(session_ms);
  constexpr std::string_view kConnectionTimeout = "zookeeper.connection.timeout.ms";
  options.connection_timeout = std::chrono::milliseconds(
      settings_.is_set(kConnectionTimeout) ? settings_.number(kConnectionTimeout) : session_ms);
  options.set_acl = settings_.flag("zookeeper.set.acl");
  options.digest_credentials = settings_.text("zookeeper.digest.credentials");
  return [this, options](zk::SessionHandler handler) -> std::unique_ptr<zk::Session> {
    return std::make_unique<zk::ClientSession>(world_.loop(0), world_.workers(), options,
                                               std::move(handler));
  };
}

// Who has bound the address of the run before has taken its place: no need to ask.
zk::Registration::Probe ClusterNode::make_probe() {
  return [this](const base::SharedBytes& node, std::move_only_function<void(bool)> done) {
    std::vector<env::Address> addresses;
    for (auto& endpoint : endpoints_in_node(base::as_text(node.view()))) {
      addresses.push_back(std::move(endpoint.address));
    }
    if (addresses == own_addresses_) return done(false);
    probe_listeners(world_, std::move(addresses), kProbeTimeout,
                    [done = std::move(done)](ProbeAnswer answer) mutable {
                      done(answer == ProbeAnswer::kAnswers);
                    });
  };
}

void ClusterNode::make_controller() {
  ControllerService::Options options;
  options.cluster_id = cluster_id_;
  options.self = options_.node;
  options.listener = options_.listener;
  options.session_timeout_ms = settings_.number("broker.session.timeout.ms");
  service_ = std::make_unique<ControllerService>(
      world_, live_,
      [this](MetadataRuntime::Decide decide, MetadataRuntime::Done done) {
        metadata_->decide(std::move(decide), std::move(done));
      },
      std::move(options), options_.on_events);
  channel_ = std::make_unique<ControllerChannel>(world_, world_.loop(0), options_.node, active_,
                                                 *service_, controller_channel_options(settings_));
  channel_->watch_over([this](const ControllerPlace& place) { on_refused(place); });
  forwarder_ = std::make_unique<Forwarder>(world_, active_, options_.node,
                                           controller_channel_options(settings_).client);
}

base::Result<> ClusterNode::enter(const metadata::BrokerImage& registration) {
  log::directory::LogDirectory& directory = logs_.metadata_directory();
  env::Disk& disk = world_.disk();
  if (may_begin_ && !is_kept_in_zookeeper(disk, directory.path())) {
    auto first = records_to_publish(disk, directory, options_.node, logs_.was_clean(directory));
    if (!first) return base::fail(std::move(first));
    metadata_->set_first_records(*std::move(first));
  }
  if (auto done = register_in_zookeeper(registration); !done) return done;
  if (auto done = register_with_controller(registration); !done) return done;
  return keep_in_zookeeper(disk, directory.path(), cluster_id_);
}

base::Result<> ClusterNode::register_in_zookeeper(const metadata::BrokerImage& registration) {
  zk::BrokerIdentity identity{options_.node, cluster_id_, {}};
  for (const base::Uuid& id : registration.log_directories) {
    identity.directory_ids.push_back(id.to_string());
  }
  for (const auto& endpoint : registration.endpoints) {
    own_addresses_.push_back({endpoint.host, endpoint.port});
  }
  const auto now = world_.clock().wall();
  auto registered = metadata_->register_broker(
      std::move(identity), zk::to_bytes(metadata::broker_id_node(registration, now.value())));
  if (registered) return {};
  base::Error error = registered.error();
  error.code = ErrorCode::kInvalidConfig;
  error.message = fmt::format("broker.id: {}", error.message);
  return base::fail(std::move(error));
}

// That of the last clean stop; what a cluster begins with has it as 0, see records_to_publish.
std::int64_t ClusterNode::last_epoch() const {
  const std::int64_t epoch = logs_.last_broker_epoch();
  return has_own_metadata() ? std::min<std::int64_t>(epoch, 0) : epoch;
}

base::Result<> ClusterNode::register_with_controller(const metadata::BrokerImage& registration) {
  member_ = std::make_unique<ClusterMember>(world_, world_.loop(0), *channel_, active_,
                                            to_request(registration, cluster_id_, last_epoch()),
                                            membership_options(settings_));
  world_.loop(0).post([this] {
    is_member_ = true;
    publish_controller();
  });
  auto accepted = std::make_shared<Wait<base::Result<>>>(world_.workers());
  member_->start([accepted](base::Result<> result) { accepted->set(std::move(result)); });
  if (auto done = accepted->take(); !done) {
    base::Error error = done.error();
    error.code = ErrorCode::kInvalidConfig;
    return base::fail(std::move(error));
  }
  metadata_->await_image(
      [id = options_.node, epoch = member_->broker_epoch()](const metadata::ClusterImage& image) {
        const auto* broker = image.find_broker(id);
        return broker != nullptr && broker->epoch >= epoch;
      });
  return {};
}

void ClusterNode::follow() {
  metadata_->observe(
      [this](const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
        member_->follow(image_.load(), has_new_partitions(delta, image));
        note_unfenced(image);
      });
  member_->follow(image_.load());
  live_config_.act([this](const config::Settings& before, const config::Settings& now) {
    constexpr std::string_view kMayElectUncleanly = "unclean.leader.election.enable";
    if (before.flag(kMayElectUncleanly) != now.flag(kMayElectUncleanly)) {
      service_->elect_unclean_soon();
    }
  });
  tell_of_min_in_sync();
}

// One number holds for the cluster, so that all of it agrees on who has what was acknowledged.
void ClusterNode::tell_of_min_in_sync() const {
  const std::string* in_force = metadata::cluster_min_in_sync(*image_.load());
  const std::string own = std::to_string(live_.layers()->file.number(metadata::kMinInSyncReplicas));
  if (in_force == nullptr || *in_force == own) return;
  base::log::warn("broker",
                  "min.insync.replicas={} of this broker's file is not used: the cluster's is {}, "
                  "and is changed by kafka-configs --alter --entity-type brokers --entity-default "
                  "--add-config min.insync.replicas={}",
                  own, *in_force, own);
}

void ClusterNode::serve() { member_->set_ready(); }

void ClusterNode::note_unfenced(const metadata::ClusterImage& image) {
  const auto* self = image.find_broker(options_.node);
  const bool is_of_this_run = self != nullptr && self->epoch >= member_->broker_epoch();
  if (is_of_this_run && !self->fenced) unfenced_->set(true);
}

void ClusterNode::await_unfenced() {
  env::Executor& loop = world_.loop(0);
  const auto timer = std::make_shared<env::Executor::TimerId>(0);
  loop.post([&loop, timer, unfenced = unfenced_] {
    *timer = loop.run_after(kUnfenceTimeout, [unfenced] { unfenced->set(false); });
  });
  const bool is_unfenced = unfenced_->take();
  loop.post([&loop, timer] { loop.cancel(*timer); });
  if (is_unfenced) return;
  base::log::warn("broker",
                  "no controller has let this broker serve within {} s: its clients are answered "
                  "nevertheless, with the metadata that it has",
                  std::chrono::duration_cast<std::chrono::seconds>(kUnfenceTimeout).count());
}

void ClusterNode::on_controller(const std::optional<zk::ControllerInfo>& controller) {
  controller_ = controller;
  publish_controller();
}

void ClusterNode::on_brokers(const ZookeeperMetadata::Brokers& brokers) {
  note_expired(brokers);
  brokers_ = brokers;
  publish_controller();
}

// What ZooKeeper says in order: where a broker has registered anew, the image does not know it yet.
void ClusterNode::note_expired(const ZookeeperMetadata::Brokers& brokers) {
  const auto image = image_.load();
  for (const auto& before : brokers_) {
    const auto here = std::ranges::find(brokers, before.id, &zk::LiveBrokers::Broker::id);
    if (here != brokers.end()) continue;
    const auto* broker = image->find_broker(before.id);
    if (broker != nullptr && !broker->fenced) expired_[before.id] = broker->epoch;
  }
  for (const auto& present : brokers) expired_.erase(present.id);
  if (is_member_) fence_expired();
}

// A controller that is cut off has one session for both: its place and its being a broker. Who
// follows it need not wait for it a second time.
void ClusterNode::fence_expired() {
  const std::int64_t session_ms = settings_.number("zookeeper.session.timeout.ms");
  for (const auto& [broker, epoch] : expired_) service_->fence_expired(broker, epoch, session_ms);
}

void ClusterNode::publish_controller() {
  if (!is_member_) return;
  if (!controller_) return active_.publish(std::nullopt);
  ControllerPlace place{controller_->broker, controller_->lead.epoch, std::nullopt};
  const auto node = std::ranges::find(brokers_, controller_->broker, &zk::LiveBrokers::Broker::id);
  if (node != brokers_.end()) {
    for (const NodeEndpoint& endpoint : endpoints_in_node(base::as_text(node->node.view()))) {
      if (endpoint.listener == options_.listener) place.address = endpoint.address;
    }
  }
  active_.publish(std::move(place));
}

// The process of the controller is gone: its place need not wait for the end of its session.
void ClusterNode::on_refused(const ControllerPlace& place) {
  if (!controller_ || controller_->broker != place.broker ||
      controller_->lead.epoch != place.epoch) {
    return;
  }
  base::log::warn("quorum", "broker {} was the controller in epoch {}, and its listener refuses",
                  place.broker.value(), place.epoch.value());
  metadata_->remove_controller(*controller_);
}

// Without ZooKeeper nobody can be given what it leads.
void ClusterNode::hand_over(env::Task done) {
  world_.loop(0).post([this, done = std::move(done)]() mutable {
    const auto timer = world_.loop(0).run_after(kHandOverPatience, [this] {
      if (!is_reachable_) member_->give_up("ZooKeeper does not answer");
    });
    member_->stop([this, timer, done = std::move(done)]() mutable {
      world_.loop(0).cancel(timer);
      done();
    });
  });
}

void ClusterNode::stop(env::Task stopped) {
  world_.loop(0).post([this, stopped = std::move(stopped)]() mutable {
    service_->stop();
    metadata_->stop(
        [](const metadata::ClusterImage&) { return std::vector<metadata::MetadataRecord>{}; },
        std::move(stopped));
  });
}

void ClusterNode::shut() {
  metadata_->shut();
  auto stopped = std::make_shared<Wait<bool>>(world_.workers());
  world_.loop(0).post([this, stopped] {
    if (service_) service_->stop();
    stopped->set(true);
  });
  stopped->take();
}

}  // namespace odradek::broker
