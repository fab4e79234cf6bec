// SPDX-License-Identifier: Apache-2.0
#include "net/peer_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "env/linux/linux_world.h"
#include "net/blocking_client.h"
#include "net/server.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/leave_group.h"

namespace odradek::net {
namespace {

using testing::HasSubstr;
using wire::ApiKey;
using wire::HeartbeatRequest;
using wire::HeartbeatResponse;

// A server that knows ApiVersions to version 2 and Heartbeat 1 to 2. The member id of a heartbeat
// tells it what to do; the generation comes back as throttle time.
class FakeKafka final : public RequestHandler {
 public:
  std::unique_ptr<Session> open(std::shared_ptr<const ConnectionInfo> info) override;

  std::atomic<int> connections = 0;
  std::atomic<int> last_heartbeat_version = -1;
  std::atomic<bool> speaks_kafka = true;
  std::atomic<bool> greets = true;
};

class FakeSession final : public Session {
 public:
  explicit FakeSession(FakeKafka& kafka) : kafka_(kafka) {}

  void handle(base::SharedBytes frame, Reply reply) override {
    if (!kafka_.speaks_kafka) {
      base::OutputChain chain;
      chain.append(base::SharedBytes::copy(base::as_bytes("HTTP/1.1 400 Bad Request\r\n")));
      reply.send(std::move(chain));
      return;
    }
    wire::Reader reader(std::move(frame));
    const auto header = wire::decode_request_header(reader).value();
    if (!kafka_.greets) {
      kept_.push_back(std::move(reply));
    } else if (header.request_api_key == static_cast<int>(ApiKey::kApiVersions)) {
      answer_versions(header, std::move(reply));
    } else {
      answer_heartbeat(header, reader, std::move(reply));
    }
  }

 private:
  static void answer_versions(const wire::RequestHeader& header, Reply reply) {
    wire::ApiVersionsResponse response;
    response.api_keys = {{18, 0, 2},
                         {static_cast<std::int16_t>(ApiKey::kHeartbeat), 1, 2},
                         {static_cast<std::int16_t>(ApiKey::kLeaveGroup), 90, 99}};
    const bool known = header.request_api_version <= 2;
    if (!known) response.error_code = base::ErrorCode::kUnsupportedVersion;
    reply.send(wire::frame_response(response, known ? header.request_api_version : 0,
                                    header.correlation_id)
                   .value());
  }
  void answer_heartbeat(const wire::RequestHeader& header, wire::Reader& reader, Reply reply) {
    kafka_.last_heartbeat_version = header.request_api_version;
    const auto request = HeartbeatRequest::decode(reader, header.request_api_version).value();
    if (request.member_id == "close") {
      reply.close_connection("as told");
    } else if (request.member_id == "wait") {
      kept_.push_back(std::move(reply));
    } else {
      HeartbeatResponse response;
      response.throttle_time_ms = request.generation_id;
      reply.send(wire::frame_response(response, header.request_api_version, header.correlation_id)
                     .value());
    }
  }

  FakeKafka& kafka_;
  std::vector<Reply> kept_;
};

std::unique_ptr<Session> FakeKafka::open(std::shared_ptr<const ConnectionInfo>) {
  ++connections;
  return std::make_unique<FakeSession>(*this);
}

HeartbeatRequest heartbeat(std::string member, std::int32_t generation) {
  HeartbeatRequest request;
  request.group_id = "group";
  request.member_id = std::move(member);
  request.generation_id = generation;
  return request;
}

class PeerClientTest : public testing::Test {
 protected:
  PeerClientTest() : world_({.loop_count = 2}), server_(world_, kafka_, {}) {
    address_ = server_.listen({.name = "TEST", .address = {"127.0.0.1", 0}}).value();
    server_.start();
    world_.start();
  }
  ~PeerClientTest() override {
    std::promise<void> stopped;
    world_.loop(0).post(
        [&] { server_.stop(std::chrono::milliseconds(10), [&] { stopped.set_value(); }); });
    stopped.get_future().wait();
    world_.stop();
  }
  BlockingClient client(const env::Address& address) {
    return {world_.network(), world_.loop(1), address};
  }

  FakeKafka kafka_;
  env::LinuxWorld world_;
  Server server_;
  env::Address address_;
};

TEST_F(PeerClientTest, UsesTheNewestVersionThatBothKnow) {
  BlockingClient one = client(address_);
  ASSERT_TRUE(one.connect());
  const auto response = one.call<HeartbeatResponse>(heartbeat("m", 7));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->throttle_time_ms, 7);
  EXPECT_EQ(kafka_.last_heartbeat_version, 2);
  EXPECT_EQ(kafka_.connections, 1);
}

TEST_F(PeerClientTest, SaysWhichVersionsThereAre) {
  BlockingClient one = client(address_);
  EXPECT_EQ(one.call<wire::LeaveGroupResponse>(wire::LeaveGroupRequest{}).error().message,
            address_.to_string() + ": the server offers LeaveGroup 90 to 99, this client 0 to 5");
}

TEST_F(PeerClientTest, ManyRequestsAreInFlightTogether) {
  auto peer = std::make_unique<PeerClient>(world_.network(), world_.loop(1), address_);
  std::vector<int> answers;
  std::promise<void> done;
  world_.loop(1).post([&] {
    for (int i = 0; i < 500; ++i) {
      peer->call<HeartbeatResponse>(heartbeat("m", i), std::chrono::seconds(10),
                                    [&](base::Result<HeartbeatResponse> response) {
                                      answers.push_back(response.value().throttle_time_ms);
                                      if (answers.size() == 500) done.set_value();
                                    });
    }
  });
  done.get_future().wait();
  EXPECT_TRUE(std::ranges::is_sorted(answers));
  std::promise<void> stopped;
  world_.loop(1).post([&] {
    peer.reset();
    stopped.set_value();
  });
  stopped.get_future().wait();
}

TEST_F(PeerClientTest, AServerThatIsNotThereIsOneSentence) {
  BlockingClient one = client({"127.0.0.1", 1});
  EXPECT_EQ(one.connect().error().message, "cannot connect to 127.0.0.1:1: Connection refused");
  const auto answer = one.call<HeartbeatResponse>(heartbeat("m", 1));
  EXPECT_EQ(answer.error().code, base::ErrorCode::kNetworkException);
}

TEST_F(PeerClientTest, ALostConnectionFailsWhatIsInFlightAndIsMadeAgain) {
  BlockingClient one = client(address_);
  ASSERT_TRUE(one.call<HeartbeatResponse>(heartbeat("m", 1)));
  const auto lost = one.call<HeartbeatResponse>(heartbeat("close", 1));
  EXPECT_EQ(lost.error().message, address_.to_string() + ": closed by the peer");
  EXPECT_TRUE(one.call<HeartbeatResponse>(heartbeat("m", 1)));
  EXPECT_EQ(kafka_.connections, 2);
}

TEST_F(PeerClientTest, AnAnswerThatDoesNotComeIsATimeout) {
  BlockingClient one = client(address_);
  ASSERT_TRUE(one.connect());
  const auto late =
      one.call<HeartbeatResponse>(heartbeat("wait", 1), std::chrono::milliseconds(20));
  EXPECT_EQ(late.error().code, base::ErrorCode::kRequestTimedOut);
  EXPECT_EQ(late.error().message, address_.to_string() + ": no answer to Heartbeat within 20 ms");
  EXPECT_TRUE(one.call<HeartbeatResponse>(heartbeat("m", 1)));
}

TEST_F(PeerClientTest, AGreetingThatIsLateMayTakeLongerNextTime) {
  kafka_.greets = false;
  BlockingClient one{world_.network(),
                     world_.loop(1),
                     address_,
                     {.connect_timeout = std::chrono::seconds(1),
                      .longest_greeting = std::chrono::milliseconds(2500)}};
  for (const std::string most : {"1000", "2000", "2500"}) {
    EXPECT_THAT(one.connect().error().message, HasSubstr(" to ApiVersions within " + most + " ms"));
  }
  kafka_.greets = true;
  ASSERT_TRUE(one.connect());
  kafka_.greets = false;
  EXPECT_FALSE(one.call<HeartbeatResponse>(heartbeat("m", 1), std::chrono::milliseconds(20)));
  EXPECT_THAT(one.connect().error().message, HasSubstr(" within 1000 ms")) << "it begins anew";
}

TEST_F(PeerClientTest, AnythingElseThanKafkaIsSaidSo) {
  kafka_.speaks_kafka = false;
  BlockingClient one = client(address_);
  EXPECT_THAT(one.connect().error().message,
              HasSubstr(address_.to_string() + ": not a Kafka server: "));
}

TEST_F(PeerClientTest, ClosingTheClientFailsWhatIsInFlight) {
  auto peer = std::make_unique<PeerClient>(world_.network(), world_.loop(1), address_);
  std::promise<base::Error> failed;
  world_.loop(1).post([&] {
    peer->call<HeartbeatResponse>(
        heartbeat("wait", 1), std::chrono::seconds(10),
        [&](base::Result<HeartbeatResponse> response) { failed.set_value(response.error()); });
    peer.reset();
  });
  EXPECT_THAT(failed.get_future().get().message, HasSubstr("the client was closed"));
}

TEST_F(PeerClientTest, WhatIsAbandonedIsDestroyedAndNotAnswered) {
  auto peer = std::make_unique<PeerClient>(world_.network(), world_.loop(1), address_);
  const auto kept_by_handler = std::make_shared<int>(0);
  std::promise<void> gone;
  world_.loop(1).post([&] {
    peer->call<HeartbeatResponse>(
        heartbeat("wait", 1), std::chrono::seconds(10),
        [kept_by_handler](const base::Result<HeartbeatResponse>&) { ++*kept_by_handler; });
    peer->abandon();
    peer.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  EXPECT_EQ(kept_by_handler.use_count(), 1);
  EXPECT_EQ(*kept_by_handler, 0);
}

}  // namespace
}  // namespace odradek::net
