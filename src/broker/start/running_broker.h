// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/listeners.h"
#include "broker/services.h"
#include "broker/session.h"
#include "config/live_settings.h"
#include "log/log_manager.h"
#include "metadata/controller/offline_directory.h"
#include "replica/leader/eligible_brokers.h"
#include "replica/partition_set.h"

namespace odradek::net {
class Server;
}
namespace odradek::net::http {
class HttpServer;
}
namespace odradek::quorum {
class EmbeddedEngine;
}

namespace odradek::broker {

class ClusterNode;
class DirectoryAssignments;
class EventLog;
class EmbeddedMetadata;
class LeadershipCheck;
class LiveConfig;
class MetadataRuntime;
class Replicas;

// The error as the process tells it: what the system says of it comes before `otherwise`.
StartError start_error(StartFailure otherwise, base::Error error);

// The broker's parts, and the order in which they come and go: on a node of its own
// (running_broker.cc) and in a cluster (broker_in_cluster.cc); its listeners and what it does as
// settings change (broker_surface.cc), and what becomes of its directories (broker_disks.cc).
class RunningBroker : public Broker {
 public:
  RunningBroker(env::World& world, config::Settings settings, Options options);
  ~RunningBroker() override;

  std::expected<void, StartError> start();
  bool is_in_cluster() const { return needs_loops(settings_); }

  const std::vector<BoundListener>& listeners() const override { return bound_; }
  const std::string& cluster_id() const override { return cluster_id_; }
  base::BrokerId node_id() const override { return node_id_; }
  void on_settings(SettingsAction action) override;
  void on_fatal(std::function<void(const base::Error&)> handler) override;
  void use_loops(std::size_t count) override;
  void stop(std::move_only_function<void(base::Result<>)> done) override;

 private:
  std::expected<void, StartError> start_alone();
  std::expected<void, StartError> start_in_cluster();
  base::Result<> serve_in_cluster();
  base::Result<> serve_peers();
  void abandon();
  void check_leaderships();
  base::Result<> on_loop(const std::function<base::Result<>()>& task);
  base::Result<> open_logs();
  base::Result<> begin_alone();
  base::Result<> join_cluster();
  base::Result<> enter_cluster();
  base::Result<> start_metadata();
  void make_partitions();
  base::Result<> start_partitions();
  base::Result<> open_listeners();
  void advertise();
  base::Result<> open_metrics();
  std::string metrics_now() const;
  bool is_active_controller() const;
  void watch_disks();
  void on_directory_failure(log::directory::LogDirectory& directory, const base::Error& error);
  void die_of(base::Error error);
  void take_offline(std::vector<metadata::ReplicaPlace> lost);
  void cordon(const config::Settings& settings);
  std::vector<base::Uuid> directories_that(bool are_online) const;
  void make_services();
  void start_services();
  std::unique_ptr<Services> services_with(AdminService& admin);
  void act_on_settings();
  metadata::BrokerImage registration() const;
  void stop_listening(std::move_only_function<void(base::Result<>)> done);
  base::Result<> close();

  env::World& world_;
  const config::Settings settings_;  // of the file: what start needs before the metadata is there
  config::LiveSettings live_;
  const Options options_;
  std::string cluster_id_;
  base::BrokerId node_id_;
  std::vector<ListenerConfig> listener_configs_;
  std::vector<BoundListener> bound_;

  ImageHolder image_;
  std::unique_ptr<log::LogManager> logs_;
  replica::leader::EligibleBrokers eligible_brokers_;
  replica::PartitionSet partitions_;  // after logs_: a log leaves its directory when it ends
  std::unique_ptr<quorum::EmbeddedEngine> engine_;
  std::unique_ptr<LiveConfig> live_config_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<EmbeddedMetadata> embedded_;         // of a node on its own
  std::unique_ptr<LeadershipCheck> leadership_check_;  // of all others
  std::unique_ptr<ClusterNode> cluster_;
  MetadataRuntime* metadata_ = nullptr;  // of one of them
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<Replicas> replicas_;
  std::shared_ptr<DirectoryAssignments> assignments_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<ProducerIds> producer_ids_;
  std::unique_ptr<GroupService> groups_;
  std::unique_ptr<FetchSessions> fetch_sessions_;
  std::unique_ptr<ClientTelemetry> telemetry_;
  std::unique_ptr<PeerServices> peers_;
  // Of requests that reached no controller in time.
  std::unique_ptr<AdminService> refusing_admin_;
  std::unique_ptr<Services> without_controller_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<env::WorkQueue> encoding_;  // after services_: its work uses them
  SessionFactory sessions_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::http::HttpServer> metrics_;
  std::atomic<bool> is_stopping_ = false;
  std::mutex fatal_mutex_;
  std::optional<base::Error> fatal_error_;
  std::function<void(const base::Error&)> fatal_handler_;
  std::unique_ptr<env::WorkQueue> stopping_;
};

}  // namespace odradek::broker
