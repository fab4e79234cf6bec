// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/cluster/active_controller.h"
#include "broker/cluster/cluster_member.h"
#include "broker/cluster/controller_channel.h"
#include "broker/cluster/forwarder.h"
#include "broker/controller/controller_service.h"
#include "broker/runtime/live_config.h"
#include "broker/runtime/wait.h"
#include "broker/runtime/zookeeper_metadata.h"
#include "config/live_settings.h"
#include "log/log_manager.h"

namespace odradek::broker {

// A broker as one of a cluster: its metadata in ZooKeeper, its part as the controller, and as the
// controller's member. In the order of a start: join, enter, then the metadata's attach, serve.
class ClusterNode {
 public:
  using MakeSession = quorum::zookeeper::ZookeeperEngine::MakeSession;
  struct Options {
    base::BrokerId node;
    // The inter-broker listener's name.
    std::string listener;
    // For tests; else the official client by the settings.
    MakeSession make_session;
    // Told of what this broker decided as the controller.
    ControllerService::EventSink on_events;
    // ZooKeeper answers, or has stopped to. On loop 0.
    std::function<void(bool is_reachable)> on_reachable;
    // The broker can't go on. From any thread.
    std::function<void(const base::Error&)> on_fatal;
  };

  // `settings` are the file's. All references outlive the node.
  ClusterNode(env::World& world, const config::Settings& settings, const config::LiveSettings& live,
              LiveConfig& live_config, ImageHolder& image, log::LogManager& logs, Options options);
  ~ClusterNode();

  // Agrees on the cluster's id; blocks, before the directories have begun. INVALID_CONFIG where the
  // directories are another cluster's, or ZooKeeper can't be used as it was given.
  [[nodiscard]] base::Result<std::string> join();
  // Registers, in ZooKeeper and with the controller, and has the image in which that stands.
  // Blocks, after the directories have begun.
  [[nodiscard]] base::Result<> enter(const metadata::BrokerImage& registration);
  // In the metadata's attach: the controller hears how far this broker has followed.
  void follow();
  // Everything here can be served, and the listeners are open.
  void serve();
  // Blocks until the image here shows that the controller lets this broker serve, a few seconds at
  // most: what a client is told before that names neither this broker nor, where all start, any.
  void await_unfenced();
  // After a start that failed. Blocks.
  void shut();
  // Hands over what this broker leads; the listeners still serve. Then calls.
  void hand_over(env::Task done);
  // Ends the session. The listeners are closed.
  void stop(env::Task stopped);

  ZookeeperMetadata& metadata() { return *metadata_; }
  // Where the controller is, here or elsewhere.
  ControllerCalls& controller() { return *channel_; }
  // Sends on what the controller is to answer.
  Forwarder& forwarder() { return *forwarder_; }
  // On this broker: for what others ask of it.
  ControllerService& service() { return *service_; }
  const ActiveController& active() const { return active_; }
  ClusterMember& member() { return *member_; }

 private:
  quorum::zookeeper::Proposal proposal() const;
  base::SharedBytes own_origin() const;
  bool has_own_metadata() const;
  std::int64_t last_epoch() const;
  base::Result<> check_identity(const std::string& cluster_id) const;
  base::Result<> check_origin(const quorum::zookeeper::Started& found);
  MakeSession make_client_session();
  quorum::zookeeper::Registration::Probe make_probe();
  ZookeeperMetadata::Hooks make_hooks();
  void make_controller();
  base::Result<> register_in_zookeeper(const metadata::BrokerImage& registration);
  base::Result<> register_with_controller(const metadata::BrokerImage& registration);
  void on_controller(const std::optional<quorum::zookeeper::ControllerInfo>& controller);
  void on_brokers(const ZookeeperMetadata::Brokers& brokers);
  void note_expired(const ZookeeperMetadata::Brokers& brokers);
  void fence_expired();
  void publish_controller();
  void on_refused(const ControllerPlace& place);
  void tell_of_min_in_sync() const;
  void note_unfenced(const metadata::ClusterImage& image);

  env::World& world_;
  const config::Settings& settings_;
  const config::LiveSettings& live_;
  LiveConfig& live_config_;
  ImageHolder& image_;
  log::LogManager& logs_;
  const Options options_;
  std::string cluster_id_;
  // Where nothing has been decided, this broker may be the first to.
  bool may_begin_ = false;
  std::vector<env::Address> own_addresses_;
  ActiveController active_;
  std::unique_ptr<ZookeeperMetadata> metadata_;
  std::unique_ptr<ControllerService> service_;
  std::unique_ptr<ControllerChannel> channel_;
  std::unique_ptr<Forwarder> forwarder_;
  std::unique_ptr<ClusterMember> member_;
  const std::shared_ptr<Wait<bool>> unfenced_;

  // Of loop 0. Nobody is told of the controller before those who watch are there.
  bool is_member_ = false;
  bool is_reachable_ = false;  // ZooKeeper
  std::optional<quorum::zookeeper::ControllerInfo> controller_;
  ZookeeperMetadata::Brokers brokers_;
  // Brokers that were there and no longer are, each with the epoch that it had.
  std::map<base::BrokerId, std::int64_t> expired_;
};

}  // namespace odradek::broker
