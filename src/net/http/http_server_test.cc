// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_server.h"

#include <future>

#include "net/server_test_fixture.h"

namespace odradek::net::http {
namespace {

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() : world_({.loop_count = 1}) { world_.start(); }
  ~HttpServerTest() override {
    on_loop([this] { server_.reset(); });
    world_.stop();
  }

  // Until the server closes.
  std::string ask(std::string_view bytes) {
    Client client(address_);
    client.send_raw(bytes);
    return client.read_to_end();
  }
  void on_loop(const std::function<void()>& what) {
    std::promise<void> done;
    world_.loop(0).post([&] {
      what();
      done.set_value();
    });
    done.get_future().get();
  }

  env::LinuxWorld world_;
  std::unique_ptr<HttpServer> server_ =
      std::make_unique<HttpServer>(world_, [](const Request& request) -> Response {
        if (request.path == "/there") return {.body = "yes\n"};
        return {.status = 404, .body = "no\n"};
      });
  const env::Address address_ = server_->listen({"127.0.0.1", 0}).value();
};

TEST_F(HttpServerTest, AnswersAGet) {
  EXPECT_EQ(ask("GET /there?x=1 HTTP/1.1\r\nHost: here\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\nyes\n");
  EXPECT_THAT(ask("GET /elsewhere HTTP/1.0\r\n\r\n"),
              testing::StartsWith("HTTP/1.1 404 Not Found"));
}

TEST_F(HttpServerTest, AHeadHasNoBody) {
  EXPECT_THAT(ask("HEAD /there HTTP/1.1\r\n\r\n"), testing::EndsWith("close\r\n\r\n"));
}

TEST_F(HttpServerTest, ARequestMayComeInPieces) {
  Client client(address_);
  for (const std::string_view piece : {"GE", "T /the", "re HTTP/1.1\r", "\n\r", "\n"}) {
    client.send_raw(piece);
  }
  EXPECT_THAT(client.read_to_end(), testing::EndsWith("yes\n"));
}

TEST_F(HttpServerTest, WhatIsNoReadingIsRefused) {
  EXPECT_THAT(ask("POST /there HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
              testing::AllOf(testing::StartsWith("HTTP/1.1 405 "),
                             testing::HasSubstr("Allow: GET, HEAD\r\n")));
  EXPECT_THAT(ask(framed("\0\1 a Kafka client")), testing::StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n"),
              testing::StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ConnectionsHaveABound) {
  std::vector<Client> idle;
  for (int i = 0; i < 32; ++i) idle.emplace_back(address_);
  EXPECT_EQ(ask("GET /there HTTP/1.1\r\n\r\n"), "");
  idle.pop_back();
  while (ask("GET /there HTTP/1.1\r\n\r\n").empty()) {
  }
}

}  // namespace
}  // namespace odradek::net::http
