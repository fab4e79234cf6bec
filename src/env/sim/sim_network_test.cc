// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_network.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "env/sim/sim_world.h"

namespace odradek::env::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Reads a stream until its end and keeps what came.
struct Reader {
  explicit Reader(std::unique_ptr<Stream> opened) : stream(std::move(opened)) { wait(); }

  void wait() {
    stream->wait_readable([this](base::Result<> ready) {
      if (!ready) {
        failure = ready.error();
      } else {
        read();
      }
    });
  }
  void read() {
    std::uint8_t buffer[3000];
    for (;;) {
      const auto count = stream->try_read(buffer);
      if (!count) {
        failure = count.error();
        return;
      }
      if (*count == 0) return wait();
      ++reads;
      text += base::as_text(base::ByteView(buffer).first(*count));
    }
  }

  std::unique_ptr<Stream> stream;
  std::string text;
  int reads = 0;
  std::optional<base::Error> failure;
};

// A host that listens and one that connects.
struct Pair {
  explicit Pair(std::uint64_t seed)
      : simulation(seed),
        server(simulation.add_host("server")),
        client(simulation.add_host("client")) {}

  void listen(const Address& address = {"", 9092}) {
    World& world = server.world();
    auto result = world.network().listen(
        address, {}, world.loop(0), [&world]() -> Executor& { return world.loop(1); },
        [this](std::unique_ptr<Stream> stream) {
          accepted = std::make_unique<Reader>(std::move(stream));
        });
    ASSERT_TRUE(result) << result.error().message;
    listener = std::move(*result);
  }
  void connect(const Address& address = {"server", 9092}, Duration timeout = seconds(5)) {
    World& world = client.world();
    world.network().connect(address, {}, world.loop(0), timeout,
                            [this](base::Result<std::unique_ptr<Stream>> result) {
                              is_answered = true;
                              if (result) {
                                connected = std::move(*result);
                              } else {
                                refusal = result.error();
                              }
                            });
  }
  void connect_both() {
    listen();
    connect();
    ASSERT_TRUE(simulation.run_until([&] { return connected && accepted; }, seconds(1)));
  }
  void send(std::string_view text) {
    base::OutputChain chain;
    chain.append(base::SharedBytes::copy(base::as_bytes(text)));
    connected->write(std::move(chain), [this](base::Result<> result) { written = result; });
  }
  bool run_until(const std::function<bool()>& condition) {
    return simulation.run_until(condition, seconds(60));
  }

  SimWorld simulation;
  SimHost& server;
  SimHost& client;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Reader> accepted;
  std::unique_ptr<Stream> connected;
  bool is_answered = false;
  std::optional<base::Error> refusal;
  std::optional<base::Result<>> written;
};

std::string long_text(std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + ',';
  return text;
}

TEST(SimNetworkTest, BytesArriveInOrderInPiecesAndThenTheEnd) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Pair pair(seed);
    pair.connect_both();
    const std::string text = long_text(300000);
    pair.send(text);
    ASSERT_TRUE(pair.run_until([&] { return pair.written.has_value(); }));
    EXPECT_TRUE(*pair.written);
    pair.connected->close();
    ASSERT_TRUE(pair.run_until([&] { return pair.accepted->failure.has_value(); }));
    EXPECT_EQ(pair.accepted->text, text);
    EXPECT_GT(pair.accepted->reads, 10);
    EXPECT_EQ(pair.accepted->failure->code, base::ErrorCode::kNetworkException);
    EXPECT_EQ(pair.accepted->failure->os_error, 0);
  }
}

TEST(SimNetworkTest, TheSameSeedGivesTheSameDigest) {
  const auto digest = [](std::uint64_t seed) {
    Pair pair(seed);
    pair.connect_both();
    pair.send(long_text(100000));
    pair.run_until([&] { return pair.accepted->text.size() >= 100000; });
    return pair.simulation.trace_digest();
  };
  EXPECT_EQ(digest(7), digest(7));
  EXPECT_NE(digest(7), digest(8));
}

TEST(SimNetworkTest, BothEndsKnowTheAddresses) {
  Pair pair(1);
  pair.connect_both();
  EXPECT_EQ(pair.connected->peer_address(), (Address{pair.server.address(), 9092}));
  EXPECT_EQ(pair.accepted->stream->local_address(), pair.connected->peer_address());
  EXPECT_EQ(pair.accepted->stream->peer_address(), pair.connected->local_address());
  EXPECT_EQ(&pair.accepted->stream->executor(), &pair.server.world().loop(1));
}

TEST(SimNetworkTest, AWriterWaitsForAReaderThatDoesNotRead) {
  Pair pair(1);
  pair.connect_both();
  base::OutputChain chain;
  chain.append(base::SharedBytes::copy(base::as_bytes(long_text(1000000))));
  std::optional<base::Result<>> written;
  // Nobody reads the connecting end.
  pair.accepted->stream->write(std::move(chain), [&](base::Result<> result) { written = result; });
  pair.simulation.run_for(seconds(60));
  EXPECT_FALSE(written);
  Reader reader(std::move(pair.connected));
  ASSERT_TRUE(pair.run_until([&] { return reader.text.size() >= 1000000; }));
  EXPECT_TRUE(written && *written);
}

TEST(SimNetworkTest, AFileRangeIsReadWhenItIsSent) {
  Pair pair(1);
  pair.connect_both();
  auto file = pair.client.world().disk().open("/file", OpenMode::kCreate).value();
  EXPECT_TRUE(file->write_at(0, base::as_bytes("head-old-tail")));
  base::OutputChain chain;
  chain.append(base::SharedBytes::copy(base::as_bytes("<")));
  chain.append(base::FileRange{file, 5, 8});
  chain.append(base::SharedBytes::copy(base::as_bytes(">")));
  pair.connected->write(std::move(chain), [](base::Result<>) {});
  EXPECT_TRUE(file->write_at(5, base::as_bytes("new")));
  EXPECT_TRUE(pair.run_until([&] { return pair.accepted->text.size() >= 10; }));
  EXPECT_EQ(pair.accepted->text, "<new-tail>");
}

TEST(SimNetworkTest, AFileCutShortBreaksTheConnection) {
  Pair pair(1);
  pair.connect_both();
  auto file = pair.client.world().disk().open("/file", OpenMode::kCreate).value();
  EXPECT_TRUE(file->write_at(0, base::as_bytes("short")));
  base::OutputChain chain;
  chain.append(base::FileRange{file, 0, 50});
  pair.connected->write(std::move(chain), [&](base::Result<> result) { pair.written = result; });
  ASSERT_TRUE(pair.run_until([&] { return pair.accepted->failure.has_value(); }));
  EXPECT_EQ(pair.accepted->failure->os_error, ECONNRESET);
  ASSERT_TRUE(pair.written);
  EXPECT_FALSE(*pair.written);
}

TEST(SimNetworkTest, NobodyListeningRefuses) {
  Pair pair(1);
  pair.connect();
  ASSERT_TRUE(pair.run_until([&] { return pair.is_answered; }));
  EXPECT_EQ(pair.refusal->os_error, ECONNREFUSED);
  pair.listen({"127.0.0.1", 9092});
  pair.is_answered = false;
  pair.connect();
  ASSERT_TRUE(pair.run_until([&] { return pair.is_answered; }));
  EXPECT_EQ(pair.refusal->os_error, ECONNREFUSED);
  pair.refusal.reset();
  pair.connect({"nowhere", 9092});
  ASSERT_TRUE(pair.run_until([&] { return pair.refusal.has_value(); }));
  EXPECT_EQ(pair.refusal->os_error, EHOSTUNREACH);
}

TEST(SimNetworkTest, APortIsTakenOnce) {
  Pair pair(1);
  pair.listen({"", 0});
  EXPECT_NE(pair.listener->address().port, 0);
  const Address taken{"127.0.0.1", pair.listener->address().port};
  World& world = pair.server.world();
  const auto listen = [&](const Address& address) {
    return world.network().listen(
        address, {}, world.loop(0), [&]() -> Executor& { return world.loop(0); },
        [](std::unique_ptr<Stream>) {});
  };
  EXPECT_EQ(listen(taken).error().os_error, EADDRINUSE);
  EXPECT_EQ(listen({"10.9.9.9", 1}).error().os_error, EADDRNOTAVAIL);
  pair.listener.reset();
  EXPECT_TRUE(listen(taken));
}

TEST(SimNetworkTest, ABlockedDirectionHoldsBytesBackUntilItIsHealed) {
  Pair pair(1);
  pair.connect_both();
  pair.simulation.network().block("client", "server");
  pair.send("late");
  pair.simulation.run_for(seconds(30));
  EXPECT_EQ(pair.accepted->text, "");
  std::string answer;
  pair.simulation.network().heal("client", "server");
  ASSERT_TRUE(pair.run_until([&] { return pair.accepted->text == "late"; }));
}

TEST(SimNetworkTest, AConnectionThroughABlockedLinkTimesOut) {
  Pair pair(1);
  pair.listen();
  pair.simulation.network().block("server", "client");
  pair.connect({"server", 9092}, seconds(3));
  ASSERT_TRUE(pair.run_until([&] { return pair.is_answered; }));
  EXPECT_EQ(pair.refusal->os_error, ETIMEDOUT);
  pair.simulation.network().heal_all();
  pair.connect();
  EXPECT_TRUE(pair.run_until([&] { return pair.connected != nullptr; }));
}

TEST(SimNetworkTest, AKilledProcessResetsAndAPowerCutIsSilentUntilTheHostIsBack) {
  Pair killed(1);
  killed.connect_both();
  killed.client.kill();
  ASSERT_TRUE(killed.run_until([&] { return killed.accepted->failure.has_value(); }));
  EXPECT_EQ(killed.accepted->failure->os_error, ECONNRESET);

  Pair cut(1);
  cut.connect_both();
  cut.server.cut_power();
  std::optional<base::Result<>> readable;
  cut.connected->wait_readable([&](base::Result<> result) { readable = result; });
  cut.send("into the dark");
  cut.simulation.run_for(seconds(30));
  EXPECT_FALSE(readable);
  EXPECT_TRUE(*cut.written);
  cut.server.restart();
  cut.send("anybody there?");
  ASSERT_TRUE(cut.run_until([&] { return readable.has_value(); }));
  std::uint8_t byte = 0;
  EXPECT_EQ(cut.connected->try_read({&byte, 1}).error().os_error, ECONNRESET);
}

TEST(SimNetworkTest, AResetReachesBothEndsAndClosingCompletesWhatIsPending) {
  Pair pair(1);
  pair.connect_both();
  pair.simulation.network().reset_connections("server", "client");
  ASSERT_TRUE(pair.run_until([&] { return pair.accepted->failure.has_value(); }));
  EXPECT_EQ(pair.accepted->failure->os_error, ECONNRESET);

  Pair closing(2);
  closing.connect_both();
  std::optional<base::Result<>> readable;
  closing.connected->wait_readable([&](base::Result<> result) { readable = result; });
  closing.send(long_text(1000000));
  closing.connected.reset();
  ASSERT_TRUE(closing.run_until([&] { return readable && closing.written; }));
  EXPECT_EQ(readable->error().code, base::ErrorCode::kNetworkException);
  EXPECT_FALSE(*closing.written);
}

TEST(SimNetworkTest, APausedListenerLeavesConnectionsInTheBacklog) {
  Pair pair(1);
  pair.listen();
  pair.listener->pause();
  pair.connect();
  ASSERT_TRUE(pair.run_until([&] { return pair.connected != nullptr; }));
  pair.simulation.run_for(milliseconds(100));
  EXPECT_FALSE(pair.accepted);
  pair.listener->resume();
  EXPECT_TRUE(pair.run_until([&] { return pair.accepted != nullptr; }));
}

}  // namespace
}  // namespace odradek::env::sim
