// SPDX-License-Identifier: Apache-2.0
#include "broker/broker.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.h"
#include "broker/fetch/fetch_session.h"
#include "broker/metrics/metrics_page.h"
#include "broker/replication/replication.h"
#include "broker/runtime/admin_service.h"
#include "broker/runtime/client_telemetry.h"
#include "broker/runtime/directory_assignments.h"
#include "broker/runtime/first_records.h"
#include "broker/runtime/group/group_service.h"
#include "broker/runtime/live_config.h"
#include "broker/runtime/log_config.h"
#include "broker/runtime/metadata_runtime.h"
#include "broker/runtime/producer_ids.h"
#include "broker/runtime/replicas.h"
#include "broker/server_options.h"
#include "broker/services.h"
#include "broker/session.h"
#include "config/listeners.h"
#include "log/log_manager.h"
#include "metadata/controller/cluster.h"
#include "metadata/controller/offline_directory.h"
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
constexpr std::string_view kMoveThreadsKey = "num.replica.alter.log.dirs.threads";

// The key has no place in a file, and so no default among the settings.
std::int64_t move_rate(const config::Settings& settings) {
  constexpr std::string_view kKey = "replica.alter.log.dirs.io.max.bytes.per.second";
  return settings.value(kKey) ? settings.number(kKey) : std::numeric_limits<std::int64_t>::max();
}

constexpr std::int32_t kDefaultNodeId = 1;
constexpr auto kStopGrace = std::chrono::seconds(5);

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

log::directory::FlushBounds flush_bounds_of(const config::Settings& settings) {
  return {.max_ms = settings.number("log.unflushed.max.ms"),
          .max_bytes = settings.number("log.unflushed.max.bytes")};
}

class RunningBroker : public Broker {
 public:
  RunningBroker(env::World& world, config::Settings settings)
      : world_(world), settings_(settings), live_(std::move(settings)) {}

  ~RunningBroker() override {
    // What a move is told to when it ends goes before the logs.
    if (logs_) logs_->mover().stop();
  }

  std::expected<void, StartError> start();

  const std::vector<BoundListener>& listeners() const override { return bound_; }
  const std::string& cluster_id() const override { return cluster_id_; }
  base::BrokerId node_id() const override { return node_id_; }
  void on_settings(SettingsAction action) override { live_config_->act(std::move(action)); }
  void on_fatal(std::function<void(const base::Error&)> handler) override;
  void use_loops(std::size_t count) override { server_->set_loops(count); }
  void stop(std::move_only_function<void(base::Result<>)> done) override;

 private:
  base::Result<> open_logs();
  base::Result<> start_metadata();
  base::Result<> start_partitions();
  base::Result<> open_listeners();
  base::Result<> open_metrics();
  void watch_disks();
  void on_directory_failure(log::directory::LogDirectory& directory, const base::Error& error);
  void take_offline(std::vector<metadata::ReplicaPlace> lost);
  void cordon(const config::Settings& settings);
  std::vector<base::Uuid> online_directories() const;
  void make_services();
  void act_on_settings();
  metadata::BrokerImage registration() const;
  base::Result<> close();

  env::World& world_;
  const config::Settings settings_;  // of the file: what start needs before the metadata is there
  config::LiveSettings live_;
  std::string cluster_id_;
  base::BrokerId node_id_;
  std::vector<ListenerConfig> listener_configs_;
  std::vector<BoundListener> bound_;

  ImageHolder image_;
  std::unique_ptr<log::LogManager> logs_;
  replica::leader::EligibleBrokers eligible_brokers_;
  replica::PartitionSet partitions_;  // after logs_: a log leaves its directory when it ends
  std::unique_ptr<quorum::EmbeddedEngine> engine_;
  std::unique_ptr<MetadataRuntime> metadata_;
  std::unique_ptr<LiveConfig> live_config_;
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<Replicas> replicas_;
  std::unique_ptr<DirectoryAssignments> assignments_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<ProducerIds> producer_ids_;
  std::unique_ptr<GroupService> groups_;
  std::unique_ptr<FetchSessions> fetch_sessions_;
  std::unique_ptr<ClientTelemetry> telemetry_;
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

std::expected<void, StartError> RunningBroker::start() {
  listener_configs_ = listeners_of(settings_);
  // First, so that a port in use changes nothing on the disk; clients wait until start().
  if (auto done = open_listeners(); !done) {
    return std::unexpected(start_error(StartFailure::kListener, std::move(done).error()));
  }
  for (auto step : {&RunningBroker::open_logs, &RunningBroker::start_metadata,
                    &RunningBroker::start_partitions}) {
    if (auto done = (this->*step)(); !done) {
      return std::unexpected(start_error(StartFailure::kDirectory, std::move(done).error()));
    }
  }
  make_services();
  watch_disks();
  if (auto done = open_metrics(); !done) {
    return std::unexpected(start_error(StartFailure::kListener, std::move(done).error()));
  }
  act_on_settings();
  replication_->start();
  server_->start();
  return {};
}

base::Result<> RunningBroker::open_logs() {
  log::LogManagerOptions options;
  options.paths = settings_.log_directories();
  options.metadata_path = settings_.value("metadata.log.dir").value_or("");
  options.recovery_threads_per_directory =
      static_cast<int>(settings_.number("num.recovery.threads.per.data.dir"));
  options.move.threads =
      static_cast<int>(settings_.is_set(kMoveThreadsKey) ? settings_.number(kMoveThreadsKey) : 0);
  options.move.bytes_per_second = move_rate(settings_);
  options.max_open_files = static_cast<std::size_t>(settings_.number("log.max.open.files"));
  options.directory.recovery_point_interval_ms =
      settings_.number("log.flush.offset.checkpoint.interval.ms");
  options.directory.log_start_interval_ms =
      settings_.number("log.flush.start.offset.checkpoint.interval.ms");
  options.directory.high_watermark_interval_ms =
      settings_.number("replica.high.watermark.checkpoint.interval.ms");
  options.directory.flush_bounds = flush_bounds_of(settings_);
  // What app/server.cc makes the pool for: a directory that hangs leaves the others their threads.
  if (const auto threads = static_cast<int>(settings_.number("num.io.threads"));
      options.paths.size() > 1) {
    options.directory.max_parallel_flushes = std::max(1, threads * 2 / 3);
    options.directory.max_parallel_work = std::max(1, threads / 3);
  }
  options.directory.reserve_bytes = settings_.number("log.dir.reserve.bytes");
  auto logs = log::LogManager::open(world_, std::move(options));
  if (!logs) return base::fail(std::move(logs));
  logs_ = std::move(*logs);
  const auto identity = logs_->identity();
  node_id_ = base::BrokerId(
      settings_.node_id().value_or(identity ? identity->node_id.value() : kDefaultNodeId));
  env::Random& random = world_.random();
  const std::uint64_t high = random.next();
  cluster_id_ =
      identity ? identity->cluster_id : base::Uuid::from_random(high, random.next()).to_string();
  auto alone = quorum::EmbeddedEngine::check_directory(
      world_.disk(), logs_->metadata_directory().path(), node_id_);
  if (!alone) return alone;
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
  metadata_ = std::make_unique<MetadataRuntime>(world_, *engine_, image_);
  auto first = first_records(world_.disk(), directory.path());
  if (!first) return base::fail(std::move(first));
  live_config_ = std::make_unique<LiveConfig>(live_, node_id_);
  auto started = metadata_->start(
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
  broker.log_directories = online_directories();
  broker.rack = settings_.value("broker.rack");
  return broker;
}

base::Result<> RunningBroker::start_partitions() {
  logs_->set_recovery_threads(static_cast<int>(live_.number("num.recovery.threads.per.data.dir")));
  logs_->set_cordoned(live_.current()->list("cordoned.log.dirs"));
  logs_->mover().set_rate(move_rate(*live_.current()));
  assignments_ = std::make_unique<DirectoryAssignments>(node_id_, *logs_, *metadata_);
  logs_->set_move_handler(
      [this](const std::shared_ptr<log::Log>& log) { assignments_->note_move(*log); });
  replication_ = std::make_unique<Replication>(
      Replication::Surroundings{world_, live_, node_id_, partitions_, eligible_brokers_, nullptr});
  replicas_ = std::make_unique<Replicas>(live_, node_id_, *logs_, partitions_, *replication_);
  auto summary = replicas_->start(*image_.load());
  if (!summary) return base::fail(std::move(summary));
  if (summary->logs > 0) {
    base::log::info(
        kArea, "{} logs opened in {} ms by {} threads, {} of them read again, {} set aside",
        summary->logs, summary->duration_ms, summary->threads, summary->recovered, summary->strays);
  }
  metadata_->follow(*live_config_, *replicas_);
  logs_->begin_housekeeping(
      {.initial_delay_ms = settings_.number("log.initial.task.delay.ms"),
       .retention_check_interval_ms = settings_.number("log.retention.check.interval.ms"),
       .producer_expiration_check_interval_ms =
           settings_.number("producer.id.expiration.check.interval.ms"),
       .cleaner_backoff_ms = live_.number("log.cleaner.backoff.ms"),
       .cleaner = make_cleaner_options(*live_.current())});
  metadata_->observe(
      [this](const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
        assignments_->follow(delta, image);
      });
  return {};
}

std::vector<base::Uuid> RunningBroker::online_directories() const {
  std::vector<base::Uuid> ids;
  for (const auto& directory : logs_->directories()) {
    const auto& identity = directory->identity();
    if (identity && !directory->failure()) ids.push_back(identity->directory_id);
  }
  return ids;
}

void RunningBroker::watch_disks() {
  if (auto lost = replicas_->offline_partitions(); !lost.empty()) take_offline(std::move(lost));
  logs_->watch_disks(
      {.on_full =
           [this](log::directory::LogDirectory&) {
             logs_->housekeeper().run_soon(log::kRetentionTask);
           },
       .on_room =
           [this](log::directory::LogDirectory&) {
             metadata_->submit(
                 [this](const metadata::ClusterImage& image) {
                   replicas_->create_all_missing(image);
                   return std::vector<metadata::MetadataRecord>{};
                 },
                 [](const base::Result<>&) {});
           },
       .on_failure = [this](log::directory::LogDirectory& directory,
                            const base::Error& error) { on_directory_failure(directory, error); }});
}

void RunningBroker::on_directory_failure(log::directory::LogDirectory& directory,
                                         const base::Error& error) {
  const bool is_last = online_directories().empty();
  if (is_last || &directory == &logs_->metadata_directory()) {
    const std::lock_guard lock(fatal_mutex_);
    if (fatal_error_) return;
    fatal_error_ = error;
    fatal_error_->message = fmt::format(
        "{}: {}", is_last ? "no log directory is left" : "the metadata log can't be written",
        error.message);
    if (fatal_handler_) fatal_handler_(*fatal_error_);
    return;
  }
  std::vector<metadata::ReplicaPlace> lost;
  const base::Uuid id = directory.identity() ? directory.identity()->directory_id : base::Uuid{};
  for (const auto& log : logs_->logs_in(directory)) {
    lost.push_back({log->topic_id(), log->name().partition, id});
  }
  base::log::error(kArea, "{} partitions in {} are offline; the other directories go on",
                   lost.size(), directory.path());
  take_offline(std::move(lost));
}

void RunningBroker::take_offline(std::vector<metadata::ReplicaPlace> lost) {
  metadata_->submit(
      [this, lost = std::move(lost)](const metadata::ClusterImage& image) {
        return metadata::take_offline(image, node_id_, online_directories(), lost);
      },
      [](const base::Result<>&) {});
}

// New partitions keep out of what cordoned.log.dirs names; the controller has to know.
void RunningBroker::cordon(const config::Settings& settings) {
  logs_->set_cordoned(settings.list("cordoned.log.dirs"));
  std::vector<base::Uuid> cordoned;
  for (const auto& directory : logs_->directories()) {
    const auto& identity = directory->identity();
    if (identity && logs_->is_cordoned(*directory)) cordoned.push_back(identity->directory_id);
  }
  metadata_->submit(
      [this, cordoned = std::move(cordoned)](const metadata::ClusterImage& image) {
        return metadata::cordon(image, node_id_, cordoned);
      },
      [](const base::Result<>&) {});
}

void RunningBroker::on_fatal(std::function<void(const base::Error&)> handler) {
  const std::lock_guard lock(fatal_mutex_);
  fatal_handler_ = std::move(handler);
  if (fatal_error_) fatal_handler_(*fatal_error_);
}

void RunningBroker::make_services() {
  admin_ = std::make_unique<AdminService>(world_, live_, *metadata_);
  producer_ids_ = std::make_unique<ProducerIds>(node_id_, *metadata_);
  groups_ = std::make_unique<GroupService>(world_, settings_, image_, partitions_);
  groups_->start();
  metadata_->observe(
      [this](const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
        groups_->follow(delta, image);
      });
  telemetry_ = std::make_unique<ClientTelemetry>(settings_.number("telemetry.max.bytes"));
  fetch_sessions_ = std::make_unique<FetchSessions>(
      world_,
      static_cast<std::size_t>(settings_.number("max.incremental.fetch.session.cache.slots")));
  const RequestLimits limits{settings_.number("fetch.max.bytes")};
  encoding_ = world_.workers().make_queue("encode", static_cast<int>(world_.loop_count()));
  services_ =
      std::make_unique<Services>(Services{.world = world_,
                                          .settings = live_,
                                          .cluster_id = cluster_id_,
                                          .node_id = node_id_,
                                          .limits = limits,
                                          .listeners = listener_configs_,
                                          .inter_broker_listener = inter_broker_listener(settings_),
                                          .image = image_,
                                          .partitions = partitions_,
                                          .logs = *logs_,
                                          .fetch_sessions = *fetch_sessions_,
                                          .admin = *admin_,
                                          .producer_ids = *producer_ids_,
                                          .groups = *groups_,
                                          .telemetry = *telemetry_,
                                          .replication = *replication_,
                                          .encoding = *encoding_,
                                          .stopping = is_stopping_});
  sessions_.serve(*services_);
}

void RunningBroker::act_on_settings() {
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    cordon(now);
    logs_->mover().set_rate(move_rate(now));
  });
  live_config_->act([this](const config::Settings& before, const config::Settings& now) {
    if (make_log_config(before, nullptr) == make_log_config(now, nullptr)) return;
    replicas_->configure_all(*image_.load());
  });
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    server_->set_limits(make_connection_limits(now, listener_configs_));
  });
  live_config_->act([this](const config::Settings& before, const config::Settings& now) {
    const auto bounds = flush_bounds_of(now);
    if (flush_bounds_of(before) != bounds) logs_->set_flush_bounds(bounds);
  });
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    logs_->set_reserve(now.number("log.dir.reserve.bytes"));
  });
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    logs_->set_recovery_threads(static_cast<int>(now.number("num.recovery.threads.per.data.dir")));
  });
  live_config_->act([this](const config::Settings& before, const config::Settings& now) {
    const std::int64_t backoff_ms = now.number("log.cleaner.backoff.ms");
    const auto options = make_cleaner_options(now);
    if (make_cleaner_options(before) == options &&
        before.number("log.cleaner.backoff.ms") == backoff_ms) {
      return;
    }
    logs_->configure_cleaner(options, backoff_ms);
  });
}

base::Result<> RunningBroker::open_listeners() {
  server_ = std::make_unique<net::Server>(world_, sessions_, make_server_options(settings_));
  for (const ListenerConfig& listener : listener_configs_) {
    auto address = server_->listen(make_listener_options(settings_, listener));
    if (!address) return base::fail(std::move(address));
    bound_.push_back({listener.name, *address, listener.advertised.has_value()});
  }
  return {};
}

base::Result<> RunningBroker::open_metrics() {
  constexpr std::string_view kKey = "metrics.listener";
  const auto address = config::parse_host_and_port(settings_.text(kKey));
  if (!address) return {};
  metrics_ = std::make_unique<net::http::HttpServer>(
      world_, [this](const net::http::Request& request) -> net::http::Response {
        if (request.path != "/metrics") return {.status = 404, .body = "try /metrics\n"};
        return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
                .body = render_metrics({*logs_, partitions_, *server_})};
      });
  auto bound = metrics_->listen({address->host, address->port});
  if (!bound) {
    bound.error().message = fmt::format("{}: {}", kKey, bound.error().message);
    return base::fail(std::move(bound));
  }
  base::log::info(kArea, "metrics at http://{}/metrics", bound->to_string());
  return {};
}

void RunningBroker::stop(std::move_only_function<void(base::Result<>)> done) {
  stopping_ = world_.workers().make_queue("stop", 1);
  is_stopping_ = true;
  metrics_.reset();
  groups_->stop();
  for (const auto& partition : partitions_.all()) partition->wake_fetches();
  server_->stop(kStopGrace, [this, done = std::move(done)]() mutable {
    metadata_->stop(
        [this](const metadata::ClusterImage& image) {
          return metadata::fence_on_stop(image, node_id_);
        },
        [this, done = std::move(done)]() mutable {
          stopping_->submit([this, done = std::move(done)]() mutable { done(close()); });
        });
  });
}

base::Result<> RunningBroker::close() {
  replication_->stop();
  replicas_->stop();
  auto engine_closed = engine_->close();
  const auto* registered = image_.load()->find_broker(node_id_);
  auto logs_closed = logs_->stop(registered == nullptr ? -1 : registered->epoch);
  return engine_closed ? std::move(logs_closed) : std::move(engine_closed);
}

}  // namespace

std::expected<std::unique_ptr<Broker>, StartError> Broker::start(env::World& world,
                                                                 config::Settings settings) {
  auto broker = std::make_unique<RunningBroker>(world, std::move(settings));
  if (auto started = broker->start(); !started) return std::unexpected(std::move(started).error());
  return broker;
}

}  // namespace odradek::broker
