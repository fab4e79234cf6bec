// SPDX-License-Identifier: Apache-2.0
// The bounds of connections and of the server.
#include "net/server_test_fixture.h"

namespace odradek::net {
namespace {

using std::chrono::milliseconds;

class ServerLimitsTest : public ServerTest {};

TEST_F(ServerLimitsTest, OneConnectionHasABoundedNumberOfRequestsInFlight) {
  Client client(start({.max_requests_in_flight = 3}));
  for (int i = 0; i < 10; ++i) client.send("later " + std::to_string(i));
  script_.wait_until_kept(3);
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(script_.kept(), 3U);
    const std::string name = "later " + std::to_string(i);
    script_.take(name).send(answer(name));
    EXPECT_EQ(client.receive(), name);
  }
}

TEST_F(ServerLimitsTest, ASlowReaderIsNotReadFrom) {
  Client client(start({.max_output_bytes = 1U << 20U}));
  std::string requests;
  constexpr int kRequests = 200;
  for (int i = 0; i < kRequests; ++i) requests += framed("big1000000");
  client.send_raw(requests);
  client.send("later end");
  // The answers before it do not fit, so it is not handled.
  finish_tasks();
  EXPECT_EQ(script_.kept(), 0U);
  for (int i = 0; i < kRequests; ++i) EXPECT_EQ(client.receive().size(), 1000000U);
  script_.take("later end").send(answer("end"));
  EXPECT_EQ(client.receive(), "end");
}

TEST_F(ServerLimitsTest, OverTheByteBudgetNobodyIsReadUntilThereIsRoom) {
  const env::Address address = start({.queued_request_max_bytes = 100000});
  Client first(address);
  first.send("later " + std::string(150000, 'a'));
  script_.wait_until_kept(1);
  EXPECT_GT(server_->queued_request_bytes(), 100000U);
  Client second(address);
  Client third(address);
  second.send("later second");
  third.send("later third");
  script_.wait_for(script_.opened_count, 3);
  finish_tasks();
  EXPECT_EQ(script_.kept(), 1U);
  script_.take("later " + std::string(150000, 'a')).send(answer("first"));
  EXPECT_EQ(first.receive(), "first");
  script_.take("later second").send(answer("second"));
  script_.take("later third").send(answer("third"));
  EXPECT_EQ(second.receive(), "second");
  EXPECT_EQ(third.receive(), "third");
}

TEST_F(ServerLimitsTest, HalfSentRequestsBeyondTheBudgetDoNotWaitForEachOther) {
  const env::Address address = start({.queued_request_max_bytes = 200000});
  constexpr std::size_t kSize = 500000;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Client client(address);
      const std::string content(kSize, static_cast<char>('a' + i));
      for (int round = 0; round < 5; ++round) {
        client.send(content);
        EXPECT_EQ(client.receive(), content);
      }
    });
  }
  threads.clear();
  finish_tasks();
  EXPECT_EQ(server_->queued_request_bytes(), 0U);
}

TEST_F(ServerLimitsTest, IdleConnectionsAreClosedAndWorkingOnesAreNot) {
  const env::Address address = start({.max_idle = milliseconds(50)});
  Client working(address);
  working.send("later x");
  Reply reply = script_.take("later x");
  Client idle(address);
  EXPECT_EQ(idle.receive(), "closed");
  EXPECT_FALSE(working.has_input());
  reply.send(answer("x"));
  EXPECT_EQ(working.receive(), "x");
  EXPECT_EQ(working.receive(), "closed");
}

TEST_F(ServerLimitsTest, OneAddressHasABoundedNumberOfConnections) {
  const env::Address address = start(
      {.max_connections_per_ip = 100, .max_connections_per_ip_overrides = {{"127.0.0.1", 2}}});
  auto first = std::make_unique<Client>(address);
  Client second(address);
  first->send("1");
  second.send("2");
  EXPECT_EQ(first->receive(), "1");
  EXPECT_EQ(second.receive(), "2");
  EXPECT_EQ(Client(address).receive(), "closed");
  first.reset();
  script_.wait_for(script_.closed_count, 1);
  Client third(address);
  third.send("3");
  EXPECT_EQ(third.receive(), "3");
}

TEST_F(ServerLimitsTest, AtTheLimitOfConnectionsNewOnesWait) {
  const env::Address address = start({.max_connections = 2});
  auto first = std::make_unique<Client>(address);
  Client second(address);
  first->send("1");
  second.send("2");
  EXPECT_EQ(first->receive(), "1");
  EXPECT_EQ(second.receive(), "2");
  Client third(address);
  third.send("3");
  EXPECT_EQ(script_.opened(), 2U);
  EXPECT_EQ(server_->connection_count(), 2U);
  first.reset();
  EXPECT_EQ(third.receive(), "3");
}

TEST_F(ServerLimitsTest, AListenerThatMakesRoomIsNotKeptOut) {
  const env::Address address = start({.max_connections = 2});
  const env::Address other = on_home([this] {
    return server_->listen({.name = "OTHER", .address = {"127.0.0.1", 0}, .makes_room = true})
        .value();
  });
  on_home([this] {
    server_->start();
    return 0;
  });
  Client idle(address);
  Client busy(address);
  for (Client* client : {&idle, &busy}) {
    client->send("x");
    EXPECT_EQ(client->receive(), "x");
  }
  std::vector<std::unique_ptr<Client>> inner;
  for (Client* client : {&idle, &busy}) {
    inner.push_back(std::make_unique<Client>(other));
    inner.back()->send("inner");
    EXPECT_EQ(inner.back()->receive(), "inner");
    EXPECT_EQ(client->receive(), "closed");
  }
  // Nobody else is there to go; those of its own stay.
  inner.push_back(std::make_unique<Client>(other));
  for (const auto& client : inner) {
    client->send("again");
    EXPECT_EQ(client->receive(), "again");
  }
  // The others wait as they did.
  Client waiting(address);
  waiting.send("waited");
  inner.clear();
  EXPECT_EQ(waiting.receive(), "waited");
}

TEST_F(ServerLimitsTest, ConnectionsComeNoFasterThanAllowed) {
  const env::Address address = start({.max_connection_creation_rate = 20});
  const auto begin = world_.clock().monotonic();
  std::vector<Client> clients;
  for (int i = 0; i < 26; ++i) clients.emplace_back(address);
  for (Client& client : clients) client.send("x");
  for (Client& client : clients) EXPECT_EQ(client.receive(), "x");
  // 20 at once, then one each 50 ms.
  EXPECT_GE(world_.clock().monotonic() - begin, milliseconds(250));
}

}  // namespace
}  // namespace odradek::net
