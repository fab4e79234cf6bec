// SPDX-License-Identifier: Apache-2.0
#include "broker/session.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "broker/cluster/active_controller.h"
#include "broker/cluster/fake_controller_calls.h"
#include "broker/cluster/forwarder.h"
#include "env/sim/sim_world.h"
#include "net/peer_client.h"
#include "net/server.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"

namespace odradek::broker {
namespace {

using std::chrono::seconds;

constexpr std::uint16_t kPort = 9092;
constexpr std::uint16_t kClientPort = 9192;

// What is not reached before clients are served, nor by what they ask here.
template <typename T>
T& unused() {
  alignas(64) static std::array<std::byte, 4096> memory;
  return reinterpret_cast<T&>(memory);
}

class EarlySessionTest : public testing::Test {
 protected:
  EarlySessionTest() {
    calls_.heartbeat_answer = [](const wire::BrokerHeartbeatRequest& request) {
      wire::BrokerHeartbeatResponse response;
      response.throttle_time_ms = request.broker_id.value();
      return response;
    };
    EXPECT_TRUE(server_->listen({.name = "PEERS", .address = {"", kPort}}));
    EXPECT_TRUE(server_->listen({.name = "CLIENTS", .address = {"", kClientPort}}));
  }
  ~EarlySessionTest() override {
    for (auto& client : clients_) client.reset();
    peer_.abandon();
    host_.kill();
    client_host_.kill();
    server_.reset();
  }

  // A client of somebody's library.
  struct Client {
    std::unique_ptr<env::Stream> stream;
    std::string answer;
    bool is_closed = false;
  };
  Client& connect(std::uint16_t port) {
    auto& client = *clients_.emplace_back(std::make_unique<Client>());
    client_world_.network().connect({"broker", port}, {}, client_world_.loop(0), seconds(5),
                                    [&client](auto stream) {
                                      ASSERT_TRUE(stream);
                                      client.stream = std::move(*stream);
                                      read(client);
                                    });
    EXPECT_TRUE(simulation_.run_until([&] { return client.stream != nullptr; }, seconds(5)));
    return client;
  }
  static void read(Client& client) {
    client.stream->wait_readable([&client](const base::Result<>&) {
      std::array<std::uint8_t, 4096> bytes{};
      const auto got = client.stream->try_read(bytes);
      if (!got) {
        client.is_closed = true;
        return;
      }
      client.answer.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*got));
      read(client);
    });
  }
  void send(Client& client, base::OutputChain chain) {
    client_world_.loop(0).post([&client, chain = std::move(chain)]() mutable {
      client.stream->write(std::move(chain), [](const base::Result<>&) {});
    });
  }
  void ask(Client& client, const std::string& software = "a-library") {
    wire::ApiVersionsRequest request;
    request.client_software_name = software;
    request.client_software_version = "1";
    send(client, wire::frame_request(request, 3, 7, "client").value());
  }
  bool is_answered(Client& client) {
    return simulation_.run_until([&] { return !client.answer.empty(); }, seconds(2));
  }
  std::optional<std::int32_t> heartbeat() {
    std::optional<std::int32_t> answer;
    wire::BrokerHeartbeatRequest request;
    request.broker_id = base::BrokerId(2);
    client_world_.loop(0).post([&] {
      peer_.call<wire::BrokerHeartbeatResponse>(
          request, seconds(2), [&](base::Result<wire::BrokerHeartbeatResponse> response) {
            answer = response ? response->throttle_time_ms : -1;
          });
    });
    EXPECT_TRUE(simulation_.run_until([&] { return answer.has_value(); }, seconds(5)));
    return answer;
  }
  void serve() {
    sessions_.serve(services_);
    host_.world().loop(0).post([this] { server_->start(); });
  }
  void serve_peers() {
    sessions_.serve_peers(services_);
    host_.world().loop(0).post([this] { server_->start("PEERS"); });
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("broker");
  env::sim::SimHost& client_host_ = simulation_.add_host("clients");
  env::World& client_world_ = client_host_.world();
  config::LiveSettings live_{config::Settings::parse("", "", {}).value()};
  ImageHolder image_;
  std::atomic<bool> stopping_ = false;
  FakeControllerCalls calls_;
  ActiveController active_;
  Forwarder forwarder_{host_.world(), active_, base::BrokerId(1), {}};
  PeerServices peers_{calls_, active_, forwarder_};
  Services services_{.world = host_.world(),
                     .settings = live_,
                     .cluster_id = "cluster",
                     .node_id = base::BrokerId(1),
                     .limits = {},
                     .listeners = {},
                     .inter_broker_listener = "PEERS",
                     .image = image_,
                     .partitions = unused<replica::PartitionSet>(),
                     .logs = unused<log::LogManager>(),
                     .fetch_sessions = unused<FetchSessions>(),
                     .admin = unused<AdminService>(),
                     .producer_ids = unused<ProducerIds>(),
                     .groups = unused<GroupService>(),
                     .telemetry = unused<ClientTelemetry>(),
                     .replication = unused<Replication>(),
                     .encoding = unused<env::WorkQueue>(),
                     .stopping = stopping_,
                     .peers = &peers_};
  SessionFactory sessions_;
  std::unique_ptr<net::Server> server_ =
      std::make_unique<net::Server>(host_.world(), sessions_, net::ServerOptions{});
  net::PeerClient peer_{client_world_.network(), client_world_.loop(0), {"broker", kPort}};
  std::vector<std::unique_ptr<Client>> clients_;
};

TEST_F(EarlySessionTest, OnlyPeersAreAnsweredUntilEverybodyIs) {
  serve_peers();
  EXPECT_EQ(heartbeat(), 2);
  Client& here = connect(kPort);
  Client& elsewhere = connect(kClientPort);
  ask(here);
  ask(elsewhere);
  EXPECT_FALSE(is_answered(here));
  EXPECT_FALSE(is_answered(elsewhere));
  EXPECT_EQ(heartbeat(), 2);

  serve();
  EXPECT_TRUE(is_answered(here));
  EXPECT_TRUE(is_answered(elsewhere));
  Client& later = connect(kPort);
  ask(later);
  EXPECT_TRUE(is_answered(later));
  EXPECT_EQ(heartbeat(), 2);
}

TEST_F(EarlySessionTest, AnswersKeepTheOrderOfTheirQuestions) {
  serve_peers();
  Client& client = connect(kPort);
  wire::BrokerHeartbeatRequest beat;
  beat.broker_id = base::BrokerId(3);
  ask(client);
  send(client, wire::frame_request(beat, 1, 8, "client").value());
  EXPECT_FALSE(is_answered(client));
  serve();
  EXPECT_TRUE(is_answered(client));
  EXPECT_TRUE(simulation_.run_until(
      [&] {
        const auto first = base::load_big_endian<std::int32_t>(
            reinterpret_cast<const std::uint8_t*>(client.answer.data()));
        return client.answer.size() > static_cast<std::size_t>(first) + 4;
      },
      seconds(2)));
  EXPECT_EQ(client.answer.at(7), 7);
}

TEST_F(EarlySessionTest, WhoLeavesIsLetGoAtOnce) {
  serve_peers();
  Client& client = connect(kPort);
  ask(client);
  EXPECT_FALSE(is_answered(client));
  EXPECT_EQ(server_->connection_count(), 1U);
  client_world_.loop(0).post([&] { client.stream->close(); });
  EXPECT_TRUE(simulation_.run_until([&] { return server_->connection_count() == 0; }, seconds(2)));
  serve();
  EXPECT_EQ(heartbeat(), 2);
}

TEST_F(EarlySessionTest, WhoSaysMuchIsClosed) {
  serve_peers();
  Client& client = connect(kPort);
  ask(client, std::string(5000, 'x'));
  EXPECT_TRUE(simulation_.run_until([&] { return client.is_closed; }, seconds(2)));
  EXPECT_EQ(server_->queued_request_bytes(), 0U);
}

}  // namespace
}  // namespace odradek::broker
