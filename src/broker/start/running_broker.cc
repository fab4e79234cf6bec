// SPDX-License-Identifier: Apache-2.0
#include "broker/start/running_broker.h"

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "broker/cluster/leadership_check.h"
#include "broker/controller/event_log.h"
#include "broker/fetch/fetch_session.h"
#include "broker/replication/replication.h"
#include "broker/runtime/admin_service.h"
#include "broker/runtime/client_telemetry.h"
#include "broker/runtime/directory_assignments.h"
#include "broker/runtime/embedded_metadata.h"
#include "broker/runtime/first_records.h"
#include "broker/runtime/group/group_service.h"
#include "broker/runtime/live_config.h"
#include "broker/runtime/producer_ids.h"
#include "broker/runtime/replicas.h"
#include "broker/start/cluster_directory.h"
#include "broker/start/cluster_node.h"
#include "broker/start/controller_requests.h"
#include "broker/start/log_options.h"
#include "metadata/controller/cluster.h"
#include "net/http/http_server.h"
#include "net/server.h"
#include "quorum/embedded/embedded_engine.h"

namespace odradek::broker {
namespace {

// What a directory brings along and somebody may rely on; changes are warned about as they come.
void warn_of_what_is_not_enforced(const metadata::ClusterImage& image) {
  if (!image.client_quotas.empty()) {
    base::log::warn("broker", "{} client quotas are kept and described, and not enforced yet",
                    image.client_quotas.size());
  }
  if (!image.scram_credentials.empty()) {
    base::log::warn("broker",
                    "SCRAM credentials of {} users are kept and described; no listener asks for "
                    "them yet",
                    image.scram_credentials.size());
  }
}

constexpr std::string_view kArea = "broker";
constexpr std::int32_t kDefaultNodeId = 1;
constexpr auto kStopGrace = std::chrono::seconds(5);

}  // namespace

StartError start_error(StartFailure otherwise, base::Error error) {
  StartFailure failure = otherwise;
  if (error.os_error == ENOSPC || error.os_error == EDQUOT) failure = StartFailure::kDiskFull;
  if (error.os_error == EACCES || error.os_error == EPERM || error.os_error == EROFS) {
    failure = StartFailure::kPermission;
  }
  if (error.os_error == EADDRINUSE) failure = StartFailure::kAddressInUse;
  if (error.code == base::ErrorCode::kInvalidConfig) failure = StartFailure::kConfiguration;
  return {failure, std::move(error)};
}

RunningBroker::RunningBroker(env::World& world, config::Settings settings, Options options)
    : world_(world),
      settings_(settings),
      live_(std::move(settings)),
      options_(std::move(options)) {}

RunningBroker::~RunningBroker() {
  // After a start that failed a change may be on its way to what goes before the metadata does.
  if (metadata_ != nullptr) metadata_->end();
  if (assignments_) assignments_->stop();
  // What a move is told to when it ends goes before the logs.
  if (logs_) logs_->mover().stop();
}

void RunningBroker::on_settings(SettingsAction action) { live_config_->act(std::move(action)); }

void RunningBroker::use_loops(std::size_t count) { server_->set_loops(count); }

std::expected<void, StartError> RunningBroker::start() {
  listener_configs_ = listeners_of(settings_);
  return is_in_cluster() ? start_in_cluster() : start_alone();
}

std::expected<void, StartError> RunningBroker::start_alone() {
  // First, so that a port in use changes nothing on the disk; clients wait until start().
  if (auto done = open_listeners(); !done) {
    return std::unexpected(start_error(StartFailure::kListener, std::move(done).error()));
  }
  for (auto step : {&RunningBroker::open_logs, &RunningBroker::begin_alone,
                    &RunningBroker::start_metadata, &RunningBroker::start_partitions}) {
    if (auto done = (this->*step)(); !done) {
      return std::unexpected(start_error(StartFailure::kDirectory, std::move(done).error()));
    }
  }
  start_services();
  watch_disks();
  if (auto done = open_metrics(); !done) {
    return std::unexpected(start_error(StartFailure::kListener, std::move(done).error()));
  }
  act_on_settings();
  assignments_->check_all(*image_.load());
  replication_->start();
  sessions_.serve(*services_);
  server_->start();
  return {};
}

base::Result<> RunningBroker::open_logs() {
  auto logs = log::LogManager::open(world_, make_log_options(settings_));
  if (!logs) return base::fail(std::move(logs));
  logs_ = std::move(*logs);
  const auto identity = logs_->identity();
  node_id_ = base::BrokerId(
      settings_.node_id().value_or(identity ? identity->node_id.value() : kDefaultNodeId));
  live_config_ = std::make_unique<LiveConfig>(live_, node_id_);
  events_ = std::make_unique<EventLog>(
      world_, EventLog::Options{logs_->metadata_directory().path(),
                                settings_.number("events.max.bytes"), node_id_});
  return quorum::EmbeddedEngine::check_directory(world_.disk(), logs_->metadata_directory().path(),
                                                 node_id_);
}

base::Result<> RunningBroker::begin_alone() {
  auto kept_here = check_kept_here(world_.disk(), logs_->metadata_directory().path());
  if (!kept_here) return kept_here;
  const auto identity = logs_->identity();
  env::Random& random = world_.random();
  const std::uint64_t high = random.next();
  cluster_id_ =
      identity ? identity->cluster_id : base::Uuid::from_random(high, random.next()).to_string();
  return logs_->begin({cluster_id_, node_id_});
}

base::Result<> RunningBroker::start_metadata() {
  log::directory::LogDirectory& directory = logs_->metadata_directory();
  quorum::EmbeddedOptions options;
  options.node_id = node_id_;
  options.segment_bytes = settings_.number("metadata.log.segment.bytes");
  options.max_record_bytes_between_snapshots =
      settings_.number("metadata.log.max.record.bytes.between.snapshots");
  options.max_snapshot_interval_ms = settings_.number("metadata.log.max.snapshot.interval.ms");
  options.was_clean = logs_->was_clean(directory);
  auto engine = quorum::EmbeddedEngine::open(directory, options);
  if (!engine) return base::fail(std::move(engine));
  engine_ = std::move(*engine);
  embedded_ = std::make_unique<EmbeddedMetadata>(world_, *engine_, image_);
  metadata_ = embedded_.get();
  auto first = first_records(world_.disk(), directory.path());
  if (!first) return base::fail(std::move(first));
  auto started = embedded_->start(
      *std::move(first), [this](const metadata::ClusterImage& image, std::int64_t broker_epoch) {
        auto records = metadata::register_broker(registration(), broker_epoch);
        for (auto& record : metadata::lead_on_start(image, node_id_)) {
          records.push_back(std::move(record));
        }
        return records;
      });
  if (!started) return started;
  live_config_->load(*image_.load());
  warn_of_what_is_not_enforced(*image_.load());
  return {};
}

metadata::BrokerImage RunningBroker::registration() const {
  metadata::BrokerImage broker;
  broker.id = node_id_;
  env::Random& random = world_.random();
  const std::uint64_t high = random.next();
  broker.incarnation_id = base::Uuid::from_random(high, random.next());
  for (std::size_t i = 0; i < listener_configs_.size(); ++i) {
    const ListenerConfig& listener = listener_configs_[i];
    // The address bound has the port that the system chose where 0 was asked for.
    const env::Address address = listener.advertised.value_or(bound_[i].address);
    const bool is_any = address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
    broker.endpoints.push_back(
        {listener.name, is_any ? "localhost" : address.host, address.port, 0});
  }
  broker.supported_features = metadata::supported_features();
  broker.log_directories = directories_that(true);
  broker.rack = settings_.value("broker.rack");
  return broker;
}

void RunningBroker::make_partitions() {
  logs_->set_recovery_threads(static_cast<int>(live_.number("num.recovery.threads.per.data.dir")));
  logs_->set_cordoned(live_.current()->list("cordoned.log.dirs"));
  logs_->mover().set_rate(move_rate(*live_.current()));
  assignments_ = std::make_shared<DirectoryAssignments>(
      world_, node_id_, *logs_, partitions_, image_,
      cluster_ ? assign_through(
                     cluster_->controller(), [this] { return cluster_->member().broker_epoch(); },
                     node_id_)
               : assign_here(*metadata_, node_id_));
  logs_->set_move_handler(
      [this](const std::shared_ptr<log::Log>& log) { assignments_->note_move(*log); });
  replication_ = std::make_unique<Replication>(
      Replication::Surroundings{world_, live_, node_id_, partitions_, eligible_brokers_,
                                cluster_ ? &cluster_->controller() : nullptr});
  replicas_ = std::make_unique<Replicas>(live_, node_id_, *logs_, partitions_, *replication_,
                                         [weak = std::weak_ptr(assignments_)] {
                                           if (const auto assignments = weak.lock())
                                             assignments->note_damage();
                                         });
}

// Everything that answers requests is there before the logs are opened, which may take minutes.
base::Result<> RunningBroker::start_partitions() {
  make_partitions();
  make_services();
  if (cluster_) {
    if (auto done = serve_peers(); !done) return done;
  }
  auto summary = replicas_->start(*image_.load());
  if (!summary) return base::fail(std::move(summary));
  if (summary->logs > 0) {
    base::log::info(
        kArea, "{} logs opened in {} ms by {} threads, {} of them read again, {} set aside",
        summary->logs, summary->duration_ms, summary->threads, summary->recovered, summary->strays);
  }
  metadata_->follow(*live_config_, *replicas_);
  logs_->begin_housekeeping(make_housekeeping_options(settings_, *live_.current()));
  metadata_->observe(
      [this](const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
        assignments_->follow(delta, image);
        if (LeaderDoubts* const doubts = replication_->leader_doubts()) doubts->note_image();
      });
  return {};
}

void RunningBroker::make_services() {
  admin_ = std::make_unique<AdminService>(world_, live_, *metadata_,
                                          cluster_ ? &cluster_->forwarder() : nullptr,
                                          [this](const auto& events) { events_->add(events); });
  admin_->find_events_by(
      [this](const metadata::EventQuery& query) { return events_->find(query); });
  if (cluster_) {
    admin_->await_replay_by(
        [this](base::Offset offset, env::Duration limit, AdminService::ReplayAwaited done) {
          cluster_->service().await_replay(offset, limit, std::move(done));
        });
  }
  producer_ids_ = std::make_unique<ProducerIds>(
      cluster_ ? request_block_from(cluster_->controller(), cluster_->member(), node_id_)
               : request_block_here(*metadata_, node_id_));
  groups_ = std::make_unique<GroupService>(world_, settings_, node_id_, image_, partitions_);
  telemetry_ = std::make_unique<ClientTelemetry>(settings_.number("telemetry.max.bytes"));
  fetch_sessions_ = std::make_unique<FetchSessions>(
      world_,
      static_cast<std::size_t>(settings_.number("max.incremental.fetch.session.cache.slots")));
  if (cluster_) {
    peers_ = std::make_unique<PeerServices>(
        PeerServices{cluster_->service(), cluster_->active(), cluster_->forwarder()});
  }
  encoding_ = world_.workers().make_queue("encode", static_cast<int>(world_.loop_count()));
  services_ = services_with(*admin_);
  if (peers_) {
    refusing_admin_ = AdminService::make_refusing(
        world_, live_, *metadata_,
        {base::ErrorCode::kRequestTimedOut, "no controller was there in time", 0});
    without_controller_ = services_with(*refusing_admin_);
    peers_->without_controller = without_controller_.get();
  }
}

// Of what reads the logs.
void RunningBroker::start_services() {
  groups_->start();
  metadata_->observe(
      [this](const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
        groups_->follow(delta, image);
      });
}

std::unique_ptr<Services> RunningBroker::services_with(AdminService& admin) {
  return std::make_unique<Services>(
      Services{.world = world_,
               .settings = live_,
               .cluster_id = cluster_id_,
               .node_id = node_id_,
               .limits = {settings_.number("fetch.max.bytes")},
               .listeners = listener_configs_,
               .inter_broker_listener = inter_broker_listener(settings_),
               .image = image_,
               .partitions = partitions_,
               .logs = *logs_,
               .fetch_sessions = *fetch_sessions_,
               .admin = admin,
               .producer_ids = *producer_ids_,
               .groups = *groups_,
               .telemetry = *telemetry_,
               .replication = *replication_,
               .encoding = *encoding_,
               .stopping = is_stopping_,
               .peers = peers_.get()});
}

void RunningBroker::stop(std::move_only_function<void(base::Result<>)> done) {
  stopping_ = world_.workers().make_queue("stop", 1);
  metrics_.reset();
  if (!cluster_) return stop_listening(std::move(done));
  leadership_check_->stop();
  // Others take over while this broker still answers.
  cluster_->hand_over([this, done = std::move(done)]() mutable {
    world_.loop(0).post(
        [this, done = std::move(done)]() mutable { stop_listening(std::move(done)); });
  });
}

void RunningBroker::stop_listening(std::move_only_function<void(base::Result<>)> done) {
  is_stopping_ = true;
  groups_->stop();
  for (const auto& partition : partitions_.all()) partition->wake_fetches();
  server_->stop(kStopGrace, [this, done = std::move(done)]() mutable {
    auto stopped = [this, done = std::move(done)]() mutable {
      stopping_->submit([this, done = std::move(done)]() mutable { done(close()); });
    };
    if (cluster_) return cluster_->stop(std::move(stopped));
    metadata_->stop(
        [this](const metadata::ClusterImage& image) {
          return metadata::fence_on_stop(image, node_id_);
        },
        std::move(stopped));
  });
}

base::Result<> RunningBroker::close() {
  metadata_->end();
  assignments_->stop();
  replication_->stop();
  replicas_->stop();
  base::Result<> engine_closed;
  if (engine_) engine_closed = engine_->close();
  events_->flush();
  const auto* registered = image_.load()->find_broker(node_id_);
  auto logs_closed = logs_->stop(registered == nullptr ? -1 : registered->epoch);
  return engine_closed ? std::move(logs_closed) : std::move(engine_closed);
}

}  // namespace odradek::broker
