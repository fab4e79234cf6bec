// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/replication.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/fetch/fetch_session.h"
#include "broker/runtime/admin_service.h"
#include "broker/runtime/client_telemetry.h"
#include "broker/runtime/group/group_service.h"
#include "broker/runtime/producer_ids.h"
#include "broker/runtime/replicas.h"
#include "broker/services.h"
#include "broker/session.h"
#include "env/sim/run_on_worker.h"
#include "env/sim/sim_world.h"
#include "log/log_manager.h"
#include "metadata/controller/alter_partition.h"
#include "metadata/test_cluster.h"
#include "net/peer_client.h"
#include "net/server.h"
#include "record/build.h"
#include "replica/partition_set.h"
#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/assign_replicas_to_dirs.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"
#include "wire/messages/produce.h"

// Three brokers' replication over a simulated network: real logs, the real handlers, the real wire.
// The controller is the real deciders on one image that is told to every broker a moment later.
namespace odradek::broker {
namespace {

using base::BrokerId;
using base::ErrorCode;
using base::Offset;
using metadata::ClusterImage;
using metadata::ImageDelta;
using metadata::testing::TestCluster;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 9092;
constexpr std::uint16_t kClientPort = 9192;

// What the handlers of data never reach.
template <typename T>
T& unused() {
  alignas(64) static std::array<std::byte, 4096> memory;
  return reinterpret_cast<T&>(memory);
}

// A broker's process as far as replication goes.
class Process {
 public:
  Process(env::sim::SimHost& host, BrokerId id, const config::Settings& settings,
          ControllerCalls& controller)
      : world_(host.world()),
        id_(id),
        live_(settings),
        admin_(world_, live_, unused<MetadataRuntime>()),
        producer_ids_(id, unused<MetadataRuntime>()),
        groups_(world_, settings_, image_, partitions_),
        telemetry_(1 << 20),
        fetch_sessions_(world_, 100),
        encoding_(world_.workers().make_queue("encode", 1)),
        metadata_(world_.workers().make_queue("metadata", 1)),
        controller_(controller) {}

  void start(const ClusterImage& image, const std::string& data) {
    log::LogManagerOptions options;
    options.paths = {data};
    auto logs = log::LogManager::open(world_, options);
    ASSERT_TRUE(logs) << logs.error().message;
    logs_ = std::move(*logs);
    ASSERT_TRUE(logs_->begin({"cluster", id_}));
    replication_ = std::make_unique<Replication>(
        Replication::Surroundings{world_, live_, id_, partitions_, eligible_, &controller_});
    replicas_ = std::make_unique<Replicas>(live_, id_, *logs_, partitions_, *replication_);
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
    replication_->start();
    server_->start();
  }
  void follow(const ImageDelta& delta, std::shared_ptr<const ClusterImage> image) {
    metadata_->submit([this, delta, image = std::move(image)] {
      replicas_->apply(delta, *image);
      image_.publish(image);
    });
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
  SessionFactory sessions_;
  std::unique_ptr<net::Server> server_;
};

class ReplicationTest : public ::testing::Test, public ControllerCalls {
 protected:
  static constexpr int kBrokers = 3;

  ReplicationTest() {
    for (int id = 1; id <= kBrokers; ++id) {
      hosts_[id] = &simulation_.add_host(name_of(id));
      data_[id] = "/data";
      add_broker(id);
    }
    clients_ = &simulation_.add_host("clients");
  }
  ~ReplicationTest() override {
    for (int id = 1; id <= kBrokers; ++id) kill(id);
    producers_.clear();
  }

  static std::string name_of(int id) { return "broker-" + std::to_string(id); }
  void add_broker(int id) {
    metadata::BrokerImage broker;
    broker.id = BrokerId(id);
    broker.incarnation_id = metadata::testing::uuid(1000U + static_cast<std::uint64_t>(id));
    broker.endpoints.push_back({"PLAINTEXT", name_of(id), kPort, 0});
    broker.log_directories = {metadata::testing::uuid(2000U + static_cast<std::uint64_t>(id))};
    cluster_.apply(metadata::register_broker(broker, cluster_.image().end_offset.value()));
  }
  void set(const std::string& key, const std::string& value) {
    settings_ = settings_.overridden_by({{key, value}});
  }
  void create_topic(const std::map<std::string, std::string>& configs = {},
                    std::vector<int> replicas = {1, 2, 3}) {
    auto topic = metadata::testing::new_topic("t", -1, -1, configs);
    topic.assignments.emplace_back().partition_index = 0;
    for (const int id : replicas) topic.assignments[0].broker_ids.emplace_back(id);
    ASSERT_EQ(cluster_.create(topic).error_code, ErrorCode::kNone);
    tell_all();
  }
  void start_all() {
    for (int id = 1; id <= kBrokers; ++id) start(id);
  }
  void start(int id) {
    if (!hosts_[id]->is_running()) hosts_[id]->restart();
    processes_[id] = std::make_unique<Process>(*hosts_[id], BrokerId(id), settings_, *this);
    ASSERT_TRUE(env::sim::run_on_worker(
        simulation_, *hosts_[id], [&] { processes_[id]->start(cluster_.image(), data_[id]); }));
  }
  void kill(int id) {
    if (!processes_[id]) return;
    hosts_[id]->kill();
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
      if (process) process->follow(cluster_.delta, image);
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
  wire::ProduceResponse::PartitionProduceResponse produce(int id, const std::string& value,
                                                          std::int16_t acks = -1) {
    record::BatchBuilder builder;
    builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
    wire::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 5000;
    auto& topic = request.topic_data.emplace_back();
    topic.topic_id = cluster_.topic("t").id;
    topic.name = "t";
    auto& part = topic.partition_data.emplace_back();
    part.records = wire::Records(builder.build());
    auto response = ask<wire::ProduceResponse>(id, std::move(request));
    if (!response) {
      wire::ProduceResponse::PartitionProduceResponse failed;
      failed.error_code = response.error().code;
      return failed;
    }
    last_answer_ = *response;
    return response->responses.at(0).partition_responses.at(0);
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

  env::sim::SimWorld simulation_{1};
  std::map<int, env::sim::SimHost*> hosts_;
  std::map<int, std::string> data_;
  env::sim::SimHost* clients_ = nullptr;
  config::Settings settings_;
  TestCluster cluster_;
  std::map<int, std::unique_ptr<Process>> processes_;
  std::deque<std::unique_ptr<net::PeerClient>> producers_;
  wire::ProduceResponse last_answer_;
  int alterations_ = 0;
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
  void assign_directories(wire::AssignReplicasToDirsRequest,
                          Handler<wire::AssignReplicasToDirsResponse>) override {}
};

TEST_F(ReplicationTest, WhatIsAcknowledgedIsOnAllReplicas) {
  start_all();
  create_topic();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(code_of_produce(1, "value " + std::to_string(i)), ErrorCode::kNone);
    EXPECT_GE(partition(2)->log().log_end_offset(), Offset(i + 1));
    EXPECT_GE(partition(3)->log().log_end_offset(), Offset(i + 1));
  }
  EXPECT_TRUE(eventually([&] { return all_are_at(20); }));
  EXPECT_EQ(image().in_sync_replicas.size(), 3U);
  EXPECT_EQ(alterations_, 0);
}

// No timer is in the way of an acknowledgement, nor of the high watermark's way to followers.
TEST_F(ReplicationTest, IsAsFastAsItsNetworkAndDisks) {
  start_all();
  create_topic({{"write.caching", "true"}});
  ASSERT_EQ(code_of_produce(1, "first"), ErrorCode::kNone);
  const auto begin = simulation_.elapsed();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(code_of_produce(1, "again"), ErrorCode::kNone);
  ASSERT_TRUE(eventually([&] { return all_are_at(11); }));
  EXPECT_LT(simulation_.elapsed() - begin, milliseconds(11 * 20));
}

TEST_F(ReplicationTest, AKilledLeaderIsFollowedByOneThatHasAll) {
  start_all();
  create_topic();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  kill(1);
  const auto begin = simulation_.elapsed();
  fence(1);
  ASSERT_EQ(image().leader, BrokerId(2));
  EXPECT_EQ(code_of_produce(2, "after"), ErrorCode::kNone);
  EXPECT_LT(simulation_.elapsed() - begin, milliseconds(300)) << "a follower waits for a timer";
  EXPECT_EQ(produce(3, "to the wrong one").error_code, ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(last_answer_.responses[0].partition_responses[0].current_leader.leader_id, BrokerId(2));
  ASSERT_EQ(last_answer_.node_endpoints.size(), 1U);
  EXPECT_EQ(last_answer_.node_endpoints[0].host, "broker-2");

  start(1);
  unfence(1);
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }))
      << "the follower that came back does not get in sync";
  EXPECT_TRUE(eventually([&] { return all_are_at(6); }));
}

// What a leader had that nobody else got goes when it comes back as a follower.
TEST_F(ReplicationTest, ADivergingTailIsCut) {
  start_all();
  create_topic();
  ASSERT_EQ(code_of_produce(1, "committed"), ErrorCode::kNone);
  cut_off(1);
  ASSERT_EQ(code_of_produce(1, "lost", 1), ErrorCode::kNone);
  ASSERT_EQ(code_of_produce(1, "lost too", 1), ErrorCode::kNone);
  kill(1);
  fence(1);
  ASSERT_EQ(code_of_produce(2, "kept"), ErrorCode::kNone);
  simulation_.network().heal_all();
  start(1);
  unfence(1);
  ASSERT_TRUE(eventually([&] { return all_are_at(2); }));
  EXPECT_EQ(partition(1)->log().latest_leader_epoch(), partition(2)->log().latest_leader_epoch());
}

TEST_F(ReplicationTest, AFollowerThatFallsBehindLeavesAndComesBack) {
  set("replica.lag.time.max.ms", "1000");
  start_all();
  create_topic({{"min.insync.replicas", "3"}});
  ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  kill(3);
  EXPECT_EQ(code_of_produce(1, "in the middle", 1), ErrorCode::kNone);
  is_controller_away_ = true;
  ASSERT_TRUE(eventually([&] { return alterations_ > 2; })) << "it is asked again";
  is_controller_away_ = false;
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 2; }));
  simulation_.run_for(milliseconds(10));
  EXPECT_EQ(code_of_produce(1, "too few"), ErrorCode::kNotEnoughReplicas);
  start(3);
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
  EXPECT_TRUE(eventually([&] { return all_are_at(3); }));
}

TEST_F(ReplicationTest, AReplicaBeginsWhereItsLeadersLogBegins) {
  start_all();
  create_topic({}, {1, 2});
  for (int i = 0; i < 10; ++i) ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  ASSERT_TRUE(env::sim::run_on_worker(
      simulation_, *hosts_[1], [&] { EXPECT_TRUE(partition(1)->delete_records(Offset(7))); }));
  kill(2);
  data_[2] = "/another-disk";
  start(2);
  ASSERT_TRUE(eventually([&] { return is_at(2, Offset(10), Offset(10)); }));
  EXPECT_EQ(partition(2)->log().log_start_offset(), Offset(7));
  ASSERT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

TEST_F(ReplicationTest, FollowersFetchesComeOverTheirListenerOnly) {
  start_all();
  create_topic();
  wire::FetchRequest request;
  request.replica_state = {.replica_id = BrokerId(2), .replica_epoch = -1};
  auto& topic = request.topics.emplace_back();
  topic.topic_id = cluster_.topic("t").id;
  topic.partitions.emplace_back().current_leader_epoch = image().leader_epoch;
  const auto refused = ask<wire::FetchResponse>(1, request, kClientPort);
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->responses[0].partitions[0].error_code, ErrorCode::kTopicAuthorizationFailed);
  const auto taken = ask<wire::FetchResponse>(1, request);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->responses[0].partitions[0].error_code, ErrorCode::kNone);
}

}  // namespace
}  // namespace odradek::broker
