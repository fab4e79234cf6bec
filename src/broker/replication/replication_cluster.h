// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/fetch/fetch_session.h"
#include "broker/replication/replication.h"
#include "broker/runtime/admin_service.h"
#include "broker/runtime/client_telemetry.h"
#include "broker/runtime/directory_assignments.h"
#include "broker/runtime/group/group_service.h"
#include "broker/runtime/producer_ids.h"
#include "broker/runtime/replicas.h"
#include "broker/services.h"
#include "broker/session.h"
#include "broker/start/controller_requests.h"
#include "env/disk.h"
#include "env/sim/run_on_worker.h"
#include "env/sim/sim_world.h"
#include "log/directory/meta_properties.h"
#include "log/log_manager.h"
#include "metadata/controller/alter_partition.h"
#include "metadata/controller/directories.h"
#include "metadata/test_cluster.h"
#include "net/peer_client.h"
#include "net/server.h"
#include "record/batch_header.h"
#include "record/build.h"
#include "record/record_reader.h"
#include "replica/partition_set.h"
#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/assign_replicas_to_dirs.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"
#include "wire/messages/produce.h"

namespace odradek::broker::testing {

using base::BrokerId;
using base::ErrorCode;
using base::Offset;
using metadata::ClusterImage;
using metadata::ImageDelta;
using metadata::testing::TestCluster;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::uint16_t kPort = 9092;
inline constexpr std::uint16_t kClientPort = 9192;

// What the handlers of data never reach.
template <typename T>
T& unused() {
  alignas(64) static std::array<std::byte, 4096> memory;
  return reinterpret_cast<T&>(memory);
}

// The batches of the partition's log, on a worker.
inline std::vector<std::uint8_t> content_of(replica::Partition& partition) {
  log::Log& log = partition.log();
  std::vector<std::uint8_t> content;
  for (Offset at = log.log_start_offset(); at < log.log_end_offset();) {
    auto read = log.read(at, log.log_end_offset(), 1 << 20, true);
    EXPECT_TRUE(read && read->bytes.length > 0) << "at offset " << at.value();
    if (!read || read->bytes.length == 0) break;
    std::vector<std::uint8_t> bytes(read->bytes.length);
    auto& file = static_cast<env::File&>(*read->bytes.file);
    EXPECT_TRUE(file.read_at(read->bytes.position, bytes));
    record::BatchIterator batches(bytes);
    std::size_t end = 0;
    for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
      end = batches.position();
      at = (*batch)->next_offset();
    }
    if (end == 0) break;
    content.insert(content.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return content;
}

inline std::map<Offset, std::string> records_in(base::ByteView content) {
  std::map<Offset, std::string> records;
  record::BatchIterator batches(content);
  for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
    auto reader = record::RecordReader::open(**batch);
    if (!reader) return records;
    auto next = reader->next();
    if (!next || !*next) return records;
    const auto value = *(*next)->value;
    records[(*batch)->base_offset()] = std::string(value.begin(), value.end());
  }
  return records;
}

inline base::Uuid directory_of(BrokerId id) {
  return metadata::testing::uuid(2000U + static_cast<std::uint64_t>(id.value()));
}

// A disk whose directory has the id that the broker is registered with.
inline void format(env::Disk& disk, const std::string& path, BrokerId id) {
  const std::string file = path + "/" + std::string(log::directory::kMetaPropertiesFile);
  if (disk.exists(file)) return;
  ASSERT_TRUE(disk.make_directories(path));
  auto opened = disk.open(file, env::OpenMode::kCreate);
  ASSERT_TRUE(opened) << opened.error().message;
  const std::string text = log::directory::format_meta_properties(
      {.cluster_id = "cluster", .node_id = id, .directory_id = directory_of(id)});
  ASSERT_TRUE((*opened)->write_at(0, base::as_bytes(text)));
  ASSERT_TRUE((*opened)->flush());
  ASSERT_TRUE(disk.sync_directory(path));
}

// A broker's process as far as replication goes.
class Process {
 public:
  Process(env::sim::SimHost& host, BrokerId id, const config::Settings& settings,
          ControllerCalls& controller)
      : world_(host.world()),
        id_(id),
        live_(settings),
        admin_(world_, live_, unused<MetadataRuntime>(), nullptr, [](const auto&) {}),
        producer_ids_([](ProducerIds::BlockHandler) {}),
        groups_(world_, settings_, id, image_, partitions_),
        telemetry_(1 << 20),
        fetch_sessions_(world_, 100),
        encoding_(world_.workers().make_queue("encode", 1)),
        metadata_(world_.workers().make_queue("metadata", 1)),
        controller_(controller) {}

  void start(const ClusterImage& image, const std::string& data) {
    format(world_.disk(), data, id_);
    log::LogManagerOptions options;
    options.paths = {data};
    auto logs = log::LogManager::open(world_, options);
    ASSERT_TRUE(logs) << logs.error().message;
    logs_ = std::move(*logs);
    ASSERT_TRUE(logs_->begin({"cluster", id_}));
    replication_ = std::make_unique<Replication>(
        Replication::Surroundings{world_, live_, id_, partitions_, eligible_, &controller_});
    assignments_ = std::make_shared<DirectoryAssignments>(
        world_, id_, *logs_, partitions_, image_,
        assign_through(
            controller_, [this] { return image_.load()->find_broker(id_)->epoch; }, id_));
    replicas_ = std::make_unique<Replicas>(live_, id_, *logs_, partitions_, *replication_,
                                           [weak = std::weak_ptr(assignments_)] {
                                             if (const auto found = weak.lock()) {
                                               found->note_damage();
                                             }
                                           });
    ASSERT_TRUE(replicas_->start(image));
    image_.publish(std::make_shared<const ClusterImage>(image));
    services_ = std::make_unique<Services>(Services{.world = world_,
                                                    .settings = live_,
                                                    .cluster_id = "cluster",
                                                    .node_id = id_,
                                                    .limits = {},
                                                    .listeners = {},
                                                    .inter_broker_listener = "PLAINTEXT",
                                                    .image = image_,
                                                    .partitions = partitions_,
                                                    .logs = *logs_,
                                                    .fetch_sessions = fetch_sessions_,
                                                    .admin = admin_,
                                                    .producer_ids = producer_ids_,
                                                    .groups = groups_,
                                                    .telemetry = telemetry_,
                                                    .replication = *replication_,
                                                    .encoding = *encoding_,
                                                    .stopping = stopping_});
    sessions_.serve(*services_);
    server_ = std::make_unique<net::Server>(world_, sessions_, net::ServerOptions{});
    ASSERT_TRUE(server_->listen({.name = "PLAINTEXT", .address = {"", kPort}}));
    ASSERT_TRUE(server_->listen({.name = "CLIENTS", .address = {"", kClientPort}}));
    assignments_->check_all(image);
    replication_->start();
    server_->start();
    is_started_ = true;
    for (auto& [delta, news] : std::exchange(early_, {})) follow(delta, std::move(news));
  }
  void follow(const ImageDelta& delta, std::shared_ptr<const ClusterImage> image) {
    if (!is_started_) {
      early_.emplace_back(delta, std::move(image));
      return;
    }
    metadata_->submit([this, delta, image = std::move(image)] {
      replicas_->apply(delta, *image);
      image_.publish(image);
      assignments_->follow(delta, *image);
    });
  }
  // As the end of a clean stop does.
  void close_logs() { EXPECT_TRUE(logs_->stop(-1)); }
  bool copies_anything() const { return replication_->copies_anything(); }
  // As IncrementalAlterConfigs would.
  void configure(const std::string& key, const std::string& value) {
    live_.set_dynamic({{key, value}}, {});
    replication_->configure();
  }
  std::shared_ptr<replica::Partition> partition(const std::string& topic, std::int32_t index) {
    const auto& found = image_.load()->find_topic(topic);
    return found ? partitions_.find(found->id, index) : nullptr;
  }

 private:
  env::World& world_;
  const BrokerId id_;
  const config::Settings settings_;
  config::LiveSettings live_;
  ImageHolder image_;
  std::unique_ptr<log::LogManager> logs_;
  replica::leader::EligibleBrokers eligible_;
  replica::PartitionSet partitions_;
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<Replicas> replicas_;
  std::shared_ptr<DirectoryAssignments> assignments_;
  AdminService admin_;
  ProducerIds producer_ids_;
  GroupService groups_;
  ClientTelemetry telemetry_;
  FetchSessions fetch_sessions_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<env::WorkQueue> encoding_;
  std::unique_ptr<env::WorkQueue> metadata_;
  std::atomic<bool> stopping_ = false;
  ControllerCalls& controller_;
  bool is_started_ = false;
  // What came while it started.
  std::vector<std::pair<ImageDelta, std::shared_ptr<const ClusterImage>>> early_;
  SessionFactory sessions_;
  std::unique_ptr<net::Server> server_;
};

// Three brokers' replication over a simulated network: real logs, the real handlers, the real wire.
// The controller is the real deciders on one image that is told to every broker a moment later.
class ReplicationCluster : public ControllerCalls {
 public:
  static constexpr int kBrokers = 3;

  explicit ReplicationCluster(std::uint64_t seed) : simulation_(seed) {
    for (int id = 1; id <= kBrokers; ++id) {
      hosts_[id] = &simulation_.add_host(name_of(id));
      data_[id] = "/data";
      add_broker(id);
    }
    clients_ = &simulation_.add_host("clients");
  }
  ~ReplicationCluster() override {
    for (int id = 1; id <= kBrokers; ++id) kill(id);
    producers_.clear();
  }

  static std::string name_of(int id) { return "broker-" + std::to_string(id); }
  metadata::BrokerImage registration_of(int id) {
    metadata::BrokerImage broker;
    broker.id = BrokerId(id);
    broker.incarnation_id = metadata::testing::uuid(1000U + static_cast<std::uint64_t>(id));
    broker.endpoints.push_back({"PLAINTEXT", name_of(id), kPort, 0});
    broker.log_directories = {directory_of(broker.id)};
    return broker;
  }
  void add_broker(int id) {
    cluster_.apply(
        metadata::register_broker(registration_of(id), cluster_.image().end_offset.value()));
  }
  // A broker that was killed registers as another process, and serves once it has started.
  void rejoin(int id) {
    fence(id);
    const metadata::BrokerImage broker = registration_of(id);
    auto changes = metadata::broker_came_back(cluster_.view(), broker.id, metadata::Restart::kCrash,
                                              broker.log_directories,
                                              {metadata::Reason::kBrokerCrashed, broker.id, -1});
    const auto end = cluster_.image().end_offset.value();
    changes.records.push_back(metadata::register_broker(
        broker, end + static_cast<std::int64_t>(changes.records.size()))[0]);
    apply(changes);
    start(id);
    unfence(id);
  }
  void set(const std::string& key, const std::string& value) {
    settings_ = settings_.overridden_by({{key, value}});
  }
  void create_topic(const std::map<std::string, std::string>& configs = {},
                    std::vector<int> replicas = {1, 2, 3}, const std::string& name = "t") {
    auto topic = metadata::testing::new_topic(name, -1, -1, configs);
    topic.assignments.emplace_back().partition_index = 0;
    for (const int id : replicas) topic.assignments[0].broker_ids.emplace_back(id);
    ASSERT_EQ(cluster_.create(topic).error_code, ErrorCode::kNone);
    tell_all();
    if (!news_delays_.empty()) return;
    for (const int id : replicas) {
      const auto is_there = [&] { return processes_[id]->partition(name, 0) != nullptr; };
      ASSERT_TRUE(!is_up(id) || eventually(is_there));
    }
  }
  void start_all() {
    for (int id = 1; id <= kBrokers; ++id) start(id);
  }
  void start(int id) {
    if (!hosts_[id]->is_running()) hosts_[id]->restart();
    processes_[id] = std::make_unique<Process>(*hosts_[id], BrokerId(id), settings_, *this);
    const auto image = std::make_shared<const ClusterImage>(cluster_.image());
    ASSERT_TRUE(env::sim::run_on_worker(simulation_, *hosts_[id],
                                        [&] { processes_[id]->start(*image, data_[id]); }));
  }
  bool is_up(int id) const {
    const auto found = processes_.find(id);
    return found != processes_.end() && found->second != nullptr;
  }
  void kill(int id, bool is_power_cut = false) {
    if (!is_up(id)) return;
    ++lives_[id];
    is_power_cut ? hosts_[id]->cut_power() : hosts_[id]->kill();
    simulation_.run_for(milliseconds(20));
    hosts_[id]->discard_tasks();
    processes_[id].reset();
  }
  void apply(const metadata::Changes& changes) {
    cluster_.apply(changes.records);
    tell_all();
  }
  void tell_all() {
    const auto image = std::make_shared<const ClusterImage>(cluster_.image());
    for (const auto& [id, process] : processes_) {
      if (!process) continue;
      if (news_delays_.empty()) {
        process->follow(cluster_.delta, image);
        continue;
      }
      simulation_.after(news_delays_[id],
                        [this, id = id, life = lives_[id], image, delta = cluster_.delta] {
                          if (life == lives_[id] && is_up(id)) processes_[id]->follow(delta, image);
                        });
    }
  }
  // From the other brokers.
  void cut_off(int id) {
    for (int other = 1; other <= kBrokers; ++other) {
      if (other == id) continue;
      simulation_.network().block(name_of(id), name_of(other));
      simulation_.network().block(name_of(other), name_of(id));
    }
  }
  void fence(int id) {
    apply(metadata::fence_broker(cluster_.view(), BrokerId(id),
                                 {metadata::Reason::kSessionExpired, BrokerId(id), 100}));
  }
  void unfence(int id) {
    apply(metadata::unfence_broker(cluster_.view(), BrokerId(id),
                                   {metadata::Reason::kBrokerCaughtUp, BrokerId(id), -1}));
  }

  const metadata::PartitionImage& image() { return cluster_.topic("t").partitions.at(0); }
  std::shared_ptr<replica::Partition> partition(int id) {
    return processes_[id] ? processes_[id]->partition("t", 0) : nullptr;
  }

  // Asks the broker over the wire.
  template <typename Response, typename Request>
  base::Result<Response> ask(int id, Request request, std::uint16_t port = kPort) {
    auto& client = producers_.emplace_back(std::make_unique<net::PeerClient>(
        clients_->world().network(), clients_->world().loop(0), env::Address{name_of(id), port}));
    std::optional<base::Result<Response>> answer;
    clients_->world().loop(0).post([&] {
      client->template call<Response>(
          std::move(request), seconds(20),
          [&](base::Result<Response> response) { answer = std::move(response); });
    });
    if (!simulation_.run_until([&] { return answer.has_value(); }, seconds(30))) {
      return base::fail(ErrorCode::kRequestTimedOut, "no answer in the test");
    }
    return *std::move(answer);
  }
  wire::ProduceRequest request_of(const std::string& value, std::int16_t acks = -1,
                                  const record::BatchOptions& options = {}) {
    record::BatchBuilder builder(options);
    builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
    wire::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 5000;
    auto& topic = request.topic_data.emplace_back();
    topic.topic_id = cluster_.topic("t").id;
    topic.name = "t";
    auto& part = topic.partition_data.emplace_back();
    part.records = wire::Records(builder.build());
    return request;
  }
  wire::ProduceResponse::PartitionProduceResponse produce(int id, const std::string& value,
                                                          std::int16_t acks = -1) {
    auto response = ask<wire::ProduceResponse>(id, request_of(value, acks));
    if (!response) {
      wire::ProduceResponse::PartitionProduceResponse failed;
      failed.error_code = response.error().code;
      return failed;
    }
    last_answer_ = *response;
    return response->responses.at(0).partition_responses.at(0);
  }
  // One batch of so many records.
  ErrorCode code_of_batch(int id, int records) {
    record::BatchBuilder builder{record::BatchOptions{}};
    for (int i = 0; i < records; ++i) {
      builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes("value"));
    }
    auto request = request_of("");
    request.topic_data.at(0).partition_data.at(0).records = wire::Records(builder.build());
    const auto response = ask<wire::ProduceResponse>(id, std::move(request));
    if (!response) return response.error().code;
    return response->responses.at(0).partition_responses.at(0).error_code;
  }
  ErrorCode code_of_produce(int id, const std::string& value, std::int16_t acks = -1) {
    return produce(id, value, acks).error_code;
  }

  bool eventually(const std::function<bool()>& condition) {
    return simulation_.run_until(condition, seconds(60));
  }
  bool is_at(int id, Offset end, Offset high_watermark) {
    const auto found = partition(id);
    return found && found->log().log_end_offset() == end &&
           found->offsets().high_watermark == high_watermark;
  }
  bool all_are_at(std::int64_t end) {
    for (int id = 1; id <= kBrokers; ++id) {
      if (!is_at(id, Offset(end), Offset(end))) return false;
    }
    return true;
  }

  env::sim::SimWorld simulation_;
  std::map<int, env::sim::SimHost*> hosts_;
  std::map<int, std::string> data_;
  env::sim::SimHost* clients_ = nullptr;
  config::Settings settings_;
  TestCluster cluster_;
  std::map<int, std::unique_ptr<Process>> processes_;
  std::deque<std::unique_ptr<net::PeerClient>> producers_;
  wire::ProduceResponse last_answer_;
  std::map<int, int> lives_;
  // How late each broker hears of a change; none where it is empty.
  std::map<int, env::Duration> news_delays_;
  int alterations_ = 0;
  int assignments_ = 0;
  bool is_controller_away_ = false;

 private:
  // The controller decides a moment later, and its answer comes after what it told.
  void alter_partition(wire::AlterPartitionRequest request,
                       Handler<wire::AlterPartitionResponse> handler) override {
    simulation_.after(milliseconds(2), [this, request = std::move(request),
                                        handler = std::move(handler)]() mutable {
      ++alterations_;
      if (is_controller_away_) {
        return handler(base::fail(ErrorCode::kNotController, "nobody is the controller"));
      }
      auto decision = metadata::alter_partition(cluster_.view(), request, 3);
      cluster_.apply(decision.records);
      tell_all();
      handler(std::move(decision.reply));
    });
  }
  void register_broker(wire::BrokerRegistrationRequest,
                       Handler<wire::BrokerRegistrationResponse>) override {}
  void heartbeat(wire::BrokerHeartbeatRequest, Handler<wire::BrokerHeartbeatResponse>) override {}
  void allocate_producer_ids(wire::AllocateProducerIdsRequest,
                             Handler<wire::AllocateProducerIdsResponse>) override {}
  void assign_directories(wire::AssignReplicasToDirsRequest request,
                          Handler<wire::AssignReplicasToDirsResponse> handler) override {
    simulation_.after(milliseconds(2), [this, request = std::move(request),
                                        handler = std::move(handler)]() mutable {
      ++assignments_;
      if (is_controller_away_) {
        return handler(base::fail(ErrorCode::kNotController, "nobody is the controller"));
      }
      auto decision = metadata::assign_replicas_to_dirs(cluster_.view(), request);
      cluster_.apply(decision.records);
      if (!decision.records.empty()) tell_all();
      handler(std::move(decision.reply));
    });
  }
};

}  // namespace odradek::broker::testing
