// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "env/linux/linux_world.h"
#include "net/server.h"

namespace odradek::net {

inline std::string framed(std::string_view content) {
  std::string bytes(4, '\0');
  base::store_big_endian(reinterpret_cast<std::uint8_t*>(bytes.data()),
                         static_cast<std::int32_t>(content.size()));
  return bytes.append(content);
}

inline base::OutputChain answer(std::string_view content) {
  base::OutputChain chain;
  chain.append(base::SharedBytes::copy(base::as_bytes(framed(content))));
  return chain;
}

// A client with a blocking socket.
class Client {
 public:
  explicit Client(const env::Address& server) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port);
    inet_pton(AF_INET, server.host.c_str(), &to.sin_addr);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    // Nothing here takes so long; a test that waits for more fails instead of hanging.
    const timeval limit{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~Client() {
    if (socket_ >= 0) ::close(socket_);
  }

  void send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send(std::string_view content) { send_raw(framed(content)); }
  void end_output() { ::shutdown(socket_, SHUT_WR); }
  // The next answer; "closed" at the end of the stream, "nothing" after a long wait.
  std::string receive() {
    std::string header = receive_bytes(4);
    if (header.size() != 4) return header;
    const auto size =
        base::load_big_endian<std::int32_t>(reinterpret_cast<const std::uint8_t*>(header.data()));
    return receive_bytes(static_cast<std::size_t>(size));
  }
  // All that comes until the server closes.
  std::string read_to_end() {
    std::string bytes;
    for (char byte = 0; ::recv(socket_, &byte, 1, 0) == 1;) bytes += byte;
    return bytes;
  }
  // Whether something is there to be received now.
  bool has_input() {
    char byte = 0;
    return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  int descriptor() const { return socket_; }

 private:
  std::string receive_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
      const ssize_t got = ::recv(socket_, bytes.data() + filled, size - filled, 0);
      if (got == 0) return "closed";
      if (got < 0) return errno == ECONNRESET ? "closed" : "nothing";
      filled += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  int socket_;
};

// What a request says is what happens to it; "later ..." is kept for the test to answer.
class Script final : public RequestHandler {
 public:
  std::unique_ptr<Session> open(std::shared_ptr<const ConnectionInfo> connection) override;

  void keep(std::string name, Reply reply) {
    const std::lock_guard lock(mutex_);
    kept_.emplace(std::move(name), std::move(reply));
    changed_.notify_all();
  }
  // Waits for the request.
  Reply take(const std::string& name) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return kept_.contains(name); });
    return std::move(kept_.extract(name).mapped());
  }
  std::size_t kept() {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }
  void wait_for(std::size_t& count, std::size_t at_least) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count >= at_least; });
  }
  void count(std::size_t& count) {
    const std::lock_guard lock(mutex_);
    ++count;
    changed_.notify_all();
  }
  void wait_until_kept(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return kept_.size() >= count; });
  }

  std::size_t opened() {
    const std::lock_guard lock(mutex_);
    return opened_count;
  }
  // Who came last.
  std::shared_ptr<const ConnectionInfo> last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  // Guarded by mutex_.
  std::size_t opened_count = 0;
  std::size_t closed_count = 0;

 private:
  std::shared_ptr<const ConnectionInfo> last_;  // guarded by mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Reply> kept_;
};

class ScriptSession final : public Session {
 public:
  ScriptSession(Script& script, env::Executor& loop) : script_(script), loop_(loop) {}

  void handle(base::SharedBytes frame, Reply reply) override {
    EXPECT_TRUE(loop_.is_current());
    const std::string text(base::as_text(frame));
    if (text.starts_with("later")) {
      script_.keep(text, std::move(reply));
    } else if (text == "nothing") {
      reply.send_nothing();
    } else if (text == "close") {
      reply.close_connection("as told");
    } else if (text == "last") {
      reply.send_and_close(answer("last"), "as told");
    } else if (text.starts_with("big")) {
      reply.send(answer(std::string(std::stoul(text.substr(3)), 'b')));
    } else if (text != "drop") {
      reply.send(answer(text));
    }
  }
  void closed() override { script_.count(script_.closed_count); }

 private:
  Script& script_;
  env::Executor& loop_;
};

inline std::unique_ptr<Session> Script::open(std::shared_ptr<const ConnectionInfo> connection) {
  {
    const std::lock_guard lock(mutex_);
    last_ = connection;
  }
  count(opened_count);
  return std::make_unique<ScriptSession>(*this, connection->executor);
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() : world_({.loop_count = 2}) {}
  ~ServerTest() override {
    world_.loop(0).post(
        [this] { server_->stop(std::chrono::seconds(10), [this] { stopped_.set_value(); }); });
    stopped_.get_future().wait();
    world_.stop();
  }

  env::Address start(ServerOptions options = {}, ListenerOptions listener = {}) {
    server_ = std::make_unique<Server>(world_, script_, std::move(options));
    listener.name = "TEST";
    listener.address = {"127.0.0.1", 0};
    const env::Address address = server_->listen(std::move(listener)).value();
    server_->start();
    world_.start();
    return address;
  }
  template <typename Step>
  auto on_loop(std::size_t loop, Step step) {
    std::promise<decltype(step())> promise;
    world_.loop(loop).post([&] { promise.set_value(step()); });
    return promise.get_future().get();
  }
  // Both loops have ended their tasks and been through their sockets.
  void finish_tasks() {
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < 2; ++i) on_loop(i, [] { return 0; });
    }
  }
  template <typename Step>
  auto on_home(Step step) {
    return on_loop(0, std::move(step));
  }

  Script script_;
  env::LinuxWorld world_;
  std::unique_ptr<Server> server_;
  std::promise<void> stopped_;
};

}  // namespace odradek::net
