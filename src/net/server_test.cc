// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

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

namespace odradek::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

std::string framed(std::string_view content) {
  std::string bytes(4, '\0');
  base::store_big_endian(reinterpret_cast<std::uint8_t*>(bytes.data()),
                         static_cast<std::int32_t>(content.size()));
  return bytes.append(content);
}

base::OutputChain answer(std::string_view content) {
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
    return opened_;
  }
  // Who came last.
  std::shared_ptr<const ConnectionInfo> last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  // Guarded by mutex_.
  std::size_t opened_ = 0;
  std::size_t closed_ = 0;

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
  void closed() override { script_.count(script_.closed_); }

 private:
  Script& script_;
  env::Executor& loop_;
};

std::unique_ptr<Session> Script::open(std::shared_ptr<const ConnectionInfo> connection) {
  {
    const std::lock_guard lock(mutex_);
    last_ = connection;
  }
  count(opened_);
  return std::make_unique<ScriptSession>(*this, connection->executor);
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() : world_({.loop_count = 2}) {}
  ~ServerTest() override {
    world_.loop(0).post([this] { server_->stop(seconds(10), [this] { stopped_.set_value(); }); });
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

TEST_F(ServerTest, AnswersAndTellsTheSessionWhoItIs) {
  Client client(start());
  client.send("hello");
  EXPECT_EQ(client.receive(), "hello");
  EXPECT_EQ(script_.last()->listener, "TEST");
  EXPECT_EQ(script_.last()->security_protocol, "PLAINTEXT");
  EXPECT_EQ(script_.last()->peer.host, "127.0.0.1");
  EXPECT_EQ(script_.last()->local.host, "127.0.0.1");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrderWhateverTheOrderOfAnswers) {
  Client client(start());
  client.send_raw(framed("later 1") + framed("now 2") + framed("later 3") + framed("nothing") +
                  framed("now 5"));
  Reply third = script_.take("later 3");
  Reply first = script_.take("later 1");
  third.send(answer("three"));
  EXPECT_FALSE(client.has_input());
  first.send(answer("one"));
  EXPECT_EQ(client.receive(), "one");
  EXPECT_EQ(client.receive(), "now 2");
  EXPECT_EQ(client.receive(), "three");
  EXPECT_EQ(client.receive(), "now 5");
}

TEST_F(ServerTest, AnswersComeFromAnyThread) {
  Client client(start());
  std::string requests;
  for (int i = 0; i < 90; ++i) requests += framed("later " + std::to_string(i));
  client.send_raw(requests);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = thread; i < 90; i += 3) {
        const std::string name = "later " + std::to_string(i);
        script_.take(name).send(answer(name));
      }
    });
  }
  for (int i = 0; i < 90; ++i) EXPECT_EQ(client.receive(), "later " + std::to_string(i));
}

TEST_F(ServerTest, BytesMayComeOneByOne) {
  Client client(start());
  const std::string bytes = framed("slowly") + framed("but surely");
  for (const char byte : bytes) client.send_raw({&byte, 1});
  EXPECT_EQ(client.receive(), "slowly");
  EXPECT_EQ(client.receive(), "but surely");
}

TEST_F(ServerTest, LargeRequestsAndAnswersPass) {
  Client client(start());
  const std::string content(30U << 20U, 'x');
  std::thread sender([&] { client.send(content); });
  EXPECT_EQ(client.receive(), content);
  sender.join();
  client.send("small");
  EXPECT_EQ(client.receive(), "small");
  finish_tasks();
  EXPECT_EQ(server_->queued_request_bytes(), 0U);
}

TEST_F(ServerTest, ATooLongOrNegativeLengthClosesOnlyItsConnection) {
  const env::Address address = start({.request_max_bytes = 1000});
  Client other(address);
  for (const std::string& length :
       {std::string("\x7f\xff\xff\xff"), std::string("\xff\xff\xff\xff"),
        std::string("\0\0\x03\xe9", 4)}) {
    Client client(address);
    client.send("before");
    client.send_raw(length);
    EXPECT_EQ(client.receive(), "before");
    EXPECT_EQ(client.receive(), "closed");
  }
  other.send("still here");
  EXPECT_EQ(other.receive(), "still here");
}

TEST_F(ServerTest, AHalfClosedClientGetsItsAnswers) {
  Client client(start());
  client.send_raw(framed("later a") + framed("b"));
  client.end_output();
  script_.take("later a").send(answer("a"));
  EXPECT_EQ(client.receive(), "a");
  EXPECT_EQ(client.receive(), "b");
  EXPECT_EQ(client.receive(), "closed");
  script_.wait_for(script_.closed_, 1);
}

TEST_F(ServerTest, ClosingComesAfterTheAnswersBeforeIt) {
  const env::Address address = start();
  Client client(address);
  client.send_raw(framed("later a") + framed("close") + framed("never"));
  script_.take("later a").send(answer("a"));
  EXPECT_EQ(client.receive(), "a");
  EXPECT_EQ(client.receive(), "closed");
  Client second(address);
  second.send_raw(framed("last") + framed("never"));
  EXPECT_EQ(second.receive(), "last");
  EXPECT_EQ(second.receive(), "closed");
}

TEST_F(ServerTest, ARequestThatNobodyAnswersClosesTheConnection) {
  const env::Address address = start();
  Client client(address);
  client.send("drop");
  EXPECT_EQ(client.receive(), "closed");
  Client second(address);
  second.send("later x");
  {
    const Reply dropped = script_.take("later x");
  }
  EXPECT_EQ(second.receive(), "closed");
}

TEST_F(ServerTest, AnswersAfterTheClientHasGoneAreIgnored) {
  const env::Address address = start();
  auto client = std::make_unique<Client>(address);
  client->send("later x");
  Reply reply = script_.take("later x");
  EXPECT_TRUE(reply.connected());
  const linger reset{1, 0};
  setsockopt(client->descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  client.reset();
  script_.wait_for(script_.closed_, 1);
  EXPECT_FALSE(reply.connected());
  reply.send(answer("too late"));
  Client next(address);
  next.send("served");
  EXPECT_EQ(next.receive(), "served");
}

TEST_F(ServerTest, OneConnectionHasABoundedNumberOfRequestsInFlight) {
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

TEST_F(ServerTest, ASlowReaderIsNotReadFrom) {
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

TEST_F(ServerTest, OverTheByteBudgetNobodyIsReadUntilThereIsRoom) {
  const env::Address address = start({.queued_request_max_bytes = 100000});
  Client first(address);
  first.send("later " + std::string(150000, 'a'));
  script_.wait_until_kept(1);
  EXPECT_GT(server_->queued_request_bytes(), 100000U);
  Client second(address);
  Client third(address);
  second.send("later second");
  third.send("later third");
  script_.wait_for(script_.opened_, 3);
  finish_tasks();
  EXPECT_EQ(script_.kept(), 1U);
  script_.take("later " + std::string(150000, 'a')).send(answer("first"));
  EXPECT_EQ(first.receive(), "first");
  script_.take("later second").send(answer("second"));
  script_.take("later third").send(answer("third"));
  EXPECT_EQ(second.receive(), "second");
  EXPECT_EQ(third.receive(), "third");
}

TEST_F(ServerTest, HalfSentRequestsBeyondTheBudgetDoNotWaitForEachOther) {
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

TEST_F(ServerTest, IdleConnectionsAreClosedAndWorkingOnesAreNot) {
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

TEST_F(ServerTest, OneAddressHasABoundedNumberOfConnections) {
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
  script_.wait_for(script_.closed_, 1);
  Client third(address);
  third.send("3");
  EXPECT_EQ(third.receive(), "3");
}

TEST_F(ServerTest, AtTheLimitOfConnectionsNewOnesWait) {
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

TEST_F(ServerTest, ConnectionsComeNoFasterThanAllowed) {
  const env::Address address = start({.max_connection_creation_rate = 20});
  const auto begin = world_.clock().monotonic();
  std::vector<Client> clients;
  for (int i = 0; i < 26; ++i) clients.emplace_back(address);
  for (Client& client : clients) client.send("x");
  for (Client& client : clients) EXPECT_EQ(client.receive(), "x");
  // 20 at once, then one each 50 ms.
  EXPECT_GE(world_.clock().monotonic() - begin, milliseconds(250));
}

TEST_F(ServerTest, StoppingFinishesWhatIsInFlight) {
  const env::Address address = start();
  Client idle(address);
  Client client(address);
  client.send("later x");
  Reply reply = script_.take("later x");
  std::promise<void> done;
  on_home([&] {
    server_->stop(seconds(20), [&] { done.set_value(); });
    return 0;
  });
  EXPECT_EQ(idle.receive(), "closed");
  reply.send(answer("x"));
  EXPECT_EQ(client.receive(), "x");
  EXPECT_EQ(client.receive(), "closed");
  done.get_future().wait();
  EXPECT_EQ(server_->connection_count(), 0U);
}

TEST_F(ServerTest, StoppingDoesNotWaitForEver) {
  Client client(start());
  client.send("later x");
  Reply reply = script_.take("later x");
  std::promise<void> done;
  on_home([&] {
    server_->stop(milliseconds(20), [&] { done.set_value(); });
    return 0;
  });
  done.get_future().wait();
  EXPECT_EQ(client.receive(), "closed");
  reply.send(answer("x"));
}

TEST_F(ServerTest, APortInUseNamesTheListener) {
  const env::Address address = start();
  const auto second =
      on_home([&] { return server_->listen({.name = "INTERNAL", .address = address}); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "listener INTERNAL: cannot listen on " + address.to_string() +
                                        ": Address already in use");
}

}  // namespace
}  // namespace odradek::net
