// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/admin.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <mutex>

#include "net/server.h"
#include "wire/api.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/metadata.h"

namespace odradek::cli {
namespace {

using base::BrokerId;
using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::ApiKey;
using wire::CreateTopicsRequest;
using wire::CreateTopicsResponse;

class FakeBroker;

// Two brokers, one of which is the controller.
struct FakeCluster {
  std::atomic<int> controller = 1;
  // What the metadata still says.
  std::atomic<int> known_controller = 1;
  std::map<int, env::Address> addresses;
};

// Creates topics as the controller, once `on_create` has been told.
class FakeBroker final : public net::RequestHandler {
 public:
  FakeBroker(FakeCluster& cluster, int id) : cluster_(cluster), id_(id) {}

  std::unique_ptr<net::Session> open(std::shared_ptr<const net::ConnectionInfo>) override;
  void answer(const wire::RequestHeader& header, net::Reply reply);

  std::atomic<int> asked = 0;
  std::atomic<bool> hangs_up = false;
  std::function<void()> on_create = [] {};

 private:
  void answer_versions(const wire::RequestHeader& header, net::Reply reply) {
    wire::ApiVersionsResponse response;
    for (const ApiKey api : {ApiKey::kApiVersions, ApiKey::kMetadata, ApiKey::kCreateTopics}) {
      const wire::ApiDescription& known = wire::describe_api(api);
      response.api_keys.push_back(
          {static_cast<std::int16_t>(api), known.min_version, known.latest_stable_version});
    }
    send(response, header, std::move(reply));
  }
  void answer_metadata(const wire::RequestHeader& header, net::Reply reply) {
    wire::MetadataResponse response;
    for (const auto& [id, address] : cluster_.addresses) {
      auto& broker = response.brokers.emplace_back();
      broker.node_id = BrokerId(id);
      broker.host = address.host;
      broker.port = address.port;
    }
    response.controller_id = BrokerId(cluster_.known_controller);
    send(response, header, std::move(reply));
  }
  void answer_creation(const wire::RequestHeader& header, net::Reply reply) {
    ++asked;
    CreateTopicsResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    if (cluster_.controller != id_) topic.error_code = ErrorCode::kNotController;
    on_create();
    send(response, header, std::move(reply));
  }
  template <typename Response>
  static void send(const Response& response, const wire::RequestHeader& header, net::Reply reply) {
    reply.send(
        wire::frame_response(response, header.request_api_version, header.correlation_id).value());
  }

  FakeCluster& cluster_;
  const int id_;
};

class FakeSession final : public net::Session {
 public:
  explicit FakeSession(FakeBroker& broker) : broker_(broker) {}
  void handle(base::SharedBytes frame, net::Reply reply) override {
    wire::Reader reader(std::move(frame));
    broker_.answer(wire::decode_request_header(reader).value(), std::move(reply));
  }

 private:
  FakeBroker& broker_;
};

std::unique_ptr<net::Session> FakeBroker::open(std::shared_ptr<const net::ConnectionInfo>) {
  return std::make_unique<FakeSession>(*this);
}

void FakeBroker::answer(const wire::RequestHeader& header, net::Reply reply) {
  if (hangs_up) return reply.close_connection("as told");
  switch (static_cast<ApiKey>(header.request_api_key)) {
    case ApiKey::kApiVersions:
      return answer_versions(header, std::move(reply));
    case ApiKey::kMetadata:
      return answer_metadata(header, std::move(reply));
    default:
      return answer_creation(header, std::move(reply));
  }
}

// A command asks broker 1, and the controller changes under it.
class AdminTest : public ::testing::Test {
 protected:
  AdminTest() : first_server_(world_, first_, {}), second_server_(world_, second_, {}) {
    cluster_.addresses[1] =
        first_server_.listen({.name = "A", .address = {"127.0.0.1", 0}}).value();
    cluster_.addresses[2] =
        second_server_.listen({.name = "A", .address = {"127.0.0.1", 0}}).value();
    first_server_.start();
    second_server_.start();
    world_.start();
  }
  ~AdminTest() override {
    for (net::Server* server : {&first_server_, &second_server_}) {
      std::promise<void> stopped;
      world_.loop(0).post([&] { server->stop(milliseconds(10), [&] { stopped.set_value(); }); });
      stopped.get_future().wait();
    }
    world_.stop();
  }

  // The error of the topic, or of the request.
  ErrorCode create(env::Duration timeout = seconds(30)) {
    auto admin = Admin::connect({cluster_.addresses.at(1)}, {}, timeout);
    EXPECT_TRUE(admin) << admin.error().message;
    if (!admin) return admin.error().code;
    CreateTopicsRequest request;
    request.topics.emplace_back().name = "t";
    const auto answer = (*admin)->ask_controller<CreateTopicsResponse>(std::move(request));
    return answer ? answer->topics.at(0).error_code : answer.error().code;
  }

  FakeCluster cluster_;
  FakeBroker first_{cluster_, 1};
  FakeBroker second_{cluster_, 2};
  env::LinuxWorld world_{{.loop_count = 1}};
  net::Server first_server_;
  net::Server second_server_;
};

TEST_F(AdminTest, AsksTheControllerOnce) {
  cluster_.controller = cluster_.known_controller = 2;
  EXPECT_EQ(create(), ErrorCode::kNone);
  EXPECT_EQ(first_.asked, 0);
  EXPECT_EQ(second_.asked, 1);
}

TEST_F(AdminTest, WhereTheControllerHasChangedTheNextOneIsAsked) {
  cluster_.controller = 2;
  // The metadata says so a while later.
  first_.on_create = [this] {
    if (first_.asked == 3) cluster_.known_controller = 2;
  };
  EXPECT_EQ(create(), ErrorCode::kNone);
  EXPECT_EQ(first_.asked, 3);
  EXPECT_EQ(second_.asked, 1);
}

TEST_F(AdminTest, WhereTheServerIsGoneAnotherOneIsAsked) {
  first_.on_create = [this] {
    cluster_.controller = cluster_.known_controller = 2;
    first_.hangs_up = true;
  };
  cluster_.controller = 0;
  EXPECT_EQ(create(), ErrorCode::kNone);
  EXPECT_EQ(second_.asked, 1);
}

TEST_F(AdminTest, WhereThereIsNoControllerTheTimeOutEndsIt) {
  cluster_.controller = 0;
  EXPECT_EQ(create(seconds(1)), ErrorCode::kNotController);
  EXPECT_GT(first_.asked, 1);
}

}  // namespace
}  // namespace odradek::cli
