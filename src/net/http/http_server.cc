// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_server.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <set>
#include <utility>

namespace odradek::net::http {
namespace {

namespace beast = boost::beast::http;

constexpr std::uint32_t kMaxRequestBytes = 8192;
constexpr std::size_t kMaxConnections = 32;
constexpr env::Duration kDeadline = std::chrono::seconds(10);

Response refusal(beast::status status) {
  return {.status = static_cast<unsigned>(status),
          .body = fmt::format("{}\n", std::string_view(beast::obsolete_reason(status)))};
}

std::string head_of(const Response& response) {
  const auto reason = beast::obsolete_reason(beast::int_to_status(response.status));
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n",
      response.status, std::string_view(reason), response.content_type, response.body.size(),
      response.status == 405 ? "Allow: GET, HEAD\r\n" : "");
}

}  // namespace

struct HttpServer::State {
  env::World& world;
  Handler handler;
  std::unique_ptr<env::Listener> listener;
  std::set<std::shared_ptr<Connection>> connections;
};

// Holds on to itself by State::connections until it ends. Lives on loop 0.
class HttpServer::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::weak_ptr<State> state, env::Executor& loop, std::unique_ptr<env::Stream> stream)
      : state_(std::move(state)), loop_(loop), stream_(std::move(stream)) {
    parser_.header_limit(kMaxRequestBytes);
  }

  void start() {
    timer_ = loop_.run_after(kDeadline, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->end();
    });
    wait();
  }

  void end() {
    loop_.cancel(std::exchange(timer_, 0));
    stream_->close();
    if (const auto state = state_.lock()) state->connections.erase(shared_from_this());
  }

 private:
  void wait() {
    stream_->wait_readable([weak = weak_from_this()](base::Result<> readable) {
      const auto self = weak.lock();
      if (!self) return;
      if (readable) {
        self->read();
      } else {
        self->end();
      }
    });
  }

  void read() {
    std::array<std::uint8_t, 2 * std::size_t{kMaxRequestBytes}> bytes;
    const auto size = stream_->try_read(bytes);
    if (!size) return end();
    received_.append(reinterpret_cast<const char*>(bytes.data()), *size);
    boost::system::error_code error;
    const std::size_t taken =
        parser_.put(boost::asio::buffer(received_.data(), received_.size()), error);
    received_.erase(0, taken);
    if (parser_.is_header_done()) return answer(respond(), parser_.get().method_string() == "HEAD");
    if (error == beast::error::need_more) return wait();
    const bool is_too_long = error == beast::error::header_limit;
    answer(refusal(is_too_long ? beast::status::request_header_fields_too_large
                               : beast::status::bad_request),
           false);
  }

  Response respond() const {
    const auto& request = parser_.get();
    const bool is_read =
        request.method() == beast::verb::get || request.method() == beast::verb::head;
    if (!is_read) return refusal(beast::status::method_not_allowed);
    const std::string target(request.target());
    const auto state = state_.lock();
    if (!state) return refusal(beast::status::service_unavailable);
    const std::size_t mark = std::min(target.find('?'), target.size());
    return state->handler({.method = std::string(request.method_string()),
                           .path = target.substr(0, mark),
                           .query = target.substr(std::min(mark + 1, target.size()))});
  }

  void answer(const Response& response, bool is_head_only) {
    base::OutputChain chain;
    chain.append(base::SharedBytes::copy(base::as_bytes(head_of(response))));
    if (!is_head_only) chain.append(base::SharedBytes::copy(base::as_bytes(response.body)));
    stream_->write(std::move(chain), [weak = weak_from_this()](base::Result<>) {
      if (const auto self = weak.lock()) self->end();
    });
  }

  const std::weak_ptr<State> state_;
  env::Executor& loop_;
  const std::unique_ptr<env::Stream> stream_;
  beast::request_parser<beast::empty_body> parser_;
  std::string received_;
  env::Executor::TimerId timer_ = 0;
};

HttpServer::HttpServer(env::World& world, Handler handler)
    : state_(std::make_shared<State>(State{world, std::move(handler), nullptr, {}})) {}

HttpServer::~HttpServer() {
  state_->listener.reset();
  for (const auto& connection : std::exchange(state_->connections, {})) connection->end();
}

base::Result<env::Address> HttpServer::listen(const env::Address& address) {
  env::Executor& loop = state_->world.loop(0);
  auto listener = state_->world.network().listen(
      address, {}, loop, [&loop]() -> env::Executor& { return loop; },
      [weak = std::weak_ptr(state_), &loop](std::unique_ptr<env::Stream> stream) {
        const auto state = weak.lock();
        if (!state || state->connections.size() >= kMaxConnections) return stream->close();
        auto connection = std::make_shared<Connection>(weak, loop, std::move(stream));
        state->connections.insert(connection);
        connection->start();
      });
  if (!listener) return base::fail(std::move(listener));
  state_->listener = *std::move(listener);
  return state_->listener->address();
}

}  // namespace odradek::net::http
