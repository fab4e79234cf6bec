// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/cluster/controller_calls.h"
#include "env/sim/sim_world.h"
#include "net/server.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"
#include "wire/reader.h"

// Controllers for tests: one behind the wire on a simulated host, one in the same process.
namespace odradek::broker {

// A server that speaks the protocol and answers what a test taught it; other requests close the
// connection, as an answer of nothing leaves one waiting.
class FakeController final : public net::RequestHandler {
 public:
  static constexpr std::uint16_t kPort = 9090;

  explicit FakeController(env::sim::SimHost& host) : host_(host), server_(host.world(), *this, {}) {
    EXPECT_TRUE(server_.listen({.name = "INTERNAL", .address = {"", kPort}}));
    server_.start();
  }

  env::Address address() const { return {host_.name(), kPort}; }
  int connections() const { return connections_; }
  // Of ApiVersions, which is answered untaught.
  int version_questions() const { return version_questions_; }

  template <typename Request, typename Response>
  void answer(std::function<std::optional<Response>(const Request&)> function) {
    answers_[static_cast<std::int16_t>(Request::kApiKey)] = [function = std::move(function)](
                                                                const wire::RequestHeader& header,
                                                                wire::Reader& reader,
                                                                net::Reply reply,
                                                                std::vector<net::Reply>& kept) {
      const auto request = Request::decode(reader, header.request_api_version);
      ASSERT_TRUE(request) << request.error().message;
      const auto response = function(*request);
      if (!response) {
        kept.push_back(std::move(reply));
        return;
      }
      reply.send(wire::frame_response(*response, header.request_api_version, header.correlation_id)
                     .value());
    };
  }

  std::unique_ptr<net::Session> open(std::shared_ptr<const net::ConnectionInfo>) override {
    ++connections_;
    return std::make_unique<FakeSession>(*this);
  }

 private:
  using Answer = std::function<void(const wire::RequestHeader&, wire::Reader&, net::Reply,
                                    std::vector<net::Reply>& kept)>;

  class FakeSession final : public net::Session {
   public:
    explicit FakeSession(FakeController& owner) : owner_(owner) {}
    void handle(base::SharedBytes frame, net::Reply reply) override {
      wire::Reader reader(std::move(frame));
      const auto header = wire::decode_request_header(reader).value();
      if (header.request_api_key == static_cast<int>(wire::ApiKey::kApiVersions)) {
        ++owner_.version_questions_;
        wire::ApiVersionsResponse response;
        for (const auto& api : wire::all_apis()) {
          response.api_keys.push_back(
              {static_cast<std::int16_t>(api.key), api.min_version, api.latest_stable_version});
        }
        reply.send(wire::frame_response(response, header.request_api_version, header.correlation_id)
                       .value());
        return;
      }
      const auto found = owner_.answers_.find(header.request_api_key);
      if (found == owner_.answers_.end()) {
        reply.close_connection("not taught");
        return;
      }
      found->second(header, reader, std::move(reply), kept_);
    }

   private:
    FakeController& owner_;
    std::vector<net::Reply> kept_;
  };

  env::sim::SimHost& host_;
  int connections_ = 0;
  int version_questions_ = 0;
  std::map<std::int16_t, Answer> answers_;
  net::Server server_;
};

}  // namespace odradek::broker
