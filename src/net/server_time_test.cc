// SPDX-License-Identifier: Apache-2.0
// What a server does as time passes, on a simulated clock and network.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "env/sim/sim_world.h"
#include "net/server.h"

namespace odradek::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string framed(std::string_view content) {
  std::string bytes(4, '\0');
  base::store_big_endian(reinterpret_cast<std::uint8_t*>(bytes.data()),
                         static_cast<std::int32_t>(content.size()));
  return bytes.append(content);
}

class Echo final : public RequestHandler {
  class EchoSession final : public Session {
    void handle(base::SharedBytes frame, Reply reply) override {
      base::OutputChain chain;
      chain.append(base::SharedBytes::copy(base::as_bytes(framed(base::as_text(frame)))));
      reply.send(std::move(chain));
    }
  };
  std::unique_ptr<Session> open(std::shared_ptr<const ConnectionInfo>) override {
    return std::make_unique<EchoSession>();
  }
};

// A client that keeps what comes.
struct Client {
  explicit Client(std::unique_ptr<env::Stream> connected) : stream(std::move(connected)) { wait(); }

  void wait() {
    stream->wait_readable([this](base::Result<>) {
      std::array<std::uint8_t, 65536> buffer;
      const auto got = stream->try_read(buffer);
      if (!got) {
        closed = true;
        return;
      }
      received.append(base::as_text({buffer.data(), *got}));
      wait();
    });
  }
  void send(std::string_view bytes) {
    base::OutputChain chain;
    chain.append(base::SharedBytes::copy(base::as_bytes(bytes)));
    stream->write(std::move(chain), [](base::Result<>) {});
  }

  std::unique_ptr<env::Stream> stream;
  std::string received;
  bool closed = false;
};

class ServerTimeTest : public testing::Test {
 protected:
  void start(const ServerOptions& options) {
    server_ = std::make_unique<Server>(host_.world(), echo_, options);
    ASSERT_TRUE(server_->listen({.name = "TEST", .address = {"", 9092}}));
    server_->start();
  }
  std::unique_ptr<Client> connect() {
    env::World& world = clients_.world();
    std::unique_ptr<Client> client;
    world.network().connect({"server", 9092}, {}, world.loop(0), seconds(5),
                            [&](base::Result<std::unique_ptr<env::Stream>> stream) {
                              client = std::make_unique<Client>(std::move(stream).value());
                            });
    EXPECT_TRUE(simulation_.run_until([&] { return client != nullptr; }, seconds(5)));
    return client;
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("server");
  env::sim::SimHost& clients_ = simulation_.add_host("clients");
  Echo echo_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTimeTest, AnIdleConnectionIsClosedInTimeAndAnActiveOneIsNot) {
  start({});
  const auto idle = connect();
  const auto active = connect();
  for (int minute = 0; minute < 9; ++minute) {
    simulation_.run_for(minutes(1));
    active->send(framed("x"));
  }
  simulation_.run_for(seconds(58));
  EXPECT_FALSE(idle->closed);
  simulation_.run_for(seconds(4));
  EXPECT_TRUE(idle->closed);
  EXPECT_FALSE(active->closed);
  EXPECT_EQ(active->received.size(), 9 * framed("x").size());
  simulation_.run_for(minutes(10));
  EXPECT_TRUE(active->closed);
  EXPECT_EQ(server_->connection_count(), 0U);
}

TEST_F(ServerTimeTest, ClientsWaitUntilTheServerStarts) {
  Server server(host_.world(), echo_, {});
  ASSERT_TRUE(server.listen({.name = "TEST", .address = {"", 9092}}));
  const auto client = connect();
  simulation_.run_for(seconds(1));
  EXPECT_EQ(server.connection_count(), 0U);
  server.start();
  client->send(framed("x"));
  simulation_.run_for(seconds(1));
  EXPECT_EQ(client->received, framed("x"));
}

// Nothing is timed where there is nobody: the simulation runs out of events.
TEST_F(ServerTimeTest, NothingHappensWithoutConnections) {
  start({});
  const auto client = connect();
  client->stream->close();
  simulation_.run_for(minutes(11));
  EXPECT_EQ(server_->connection_count(), 0U);
  EXPECT_FALSE(simulation_.step());
}

TEST_F(ServerTimeTest, WhoKeepsTheBudgetAndSendsNothingIsClosed) {
  start({.queued_request_max_bytes = 100'000});
  const auto stalled = connect();
  stalled->send(framed(std::string(500'000, 'x')).substr(0, 300'000));
  simulation_.run_for(seconds(1));
  EXPECT_GE(server_->queued_request_bytes(), 100'000U);
  const auto honest = connect();
  honest->send(framed("served"));
  simulation_.run_for(seconds(8));
  EXPECT_TRUE(honest->received.empty());
  EXPECT_FALSE(stalled->closed);
  simulation_.run_for(seconds(5));
  EXPECT_TRUE(stalled->closed);
  EXPECT_EQ(honest->received, framed("served"));
  EXPECT_EQ(server_->queued_request_bytes(), 0U);
}

}  // namespace
}  // namespace odradek::net
