// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "env/world.h"

namespace odradek::net::http {

struct Request {
  // GET or HEAD.
  std::string method;
  // The path, without the query.
  std::string path;
  // What follows the '?', as it came; empty: nothing does.
  std::string query = {};
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// A small HTTP/1.1 server for what operators and their tools read: one request a connection, GET
// and HEAD only. A request has 8 KiB and 10 seconds, and at most 32 connections are open at once;
// who comes beyond them is closed.
//
// Threads: construct and destroy on loop 0, or when the loops do not run. The handler runs on loop
// 0 and does not block.
class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;

  HttpServer(env::World& world, Handler handler);
  // Closes what is open; the handler is not called any more.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Opens the listener and lets clients in. Returns the address bound; errors as env::Network has
  // them.
  [[nodiscard]] base::Result<env::Address> listen(const env::Address& address);

 private:
  class Connection;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace odradek::net::http
