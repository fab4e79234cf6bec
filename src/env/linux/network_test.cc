// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <semaphore>
#include <string_view>
#include <thread>

#include "env/linux/linux_world.h"
#include "env/linux/socket.h"

namespace odradek::env {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::OutputChain chain_of(std::string_view text) {
  base::OutputChain chain;
  chain.append(base::SharedBytes::copy(base::as_bytes(text)));
  return chain;
}

class LinuxNetworkTest : public testing::Test {
 protected:
  using StreamResult = base::Result<std::unique_ptr<Stream>>;

  LinuxNetworkTest() : world_({.loop_count = 2}) { world_.start(); }
  ~LinuxNetworkTest() override { world_.stop(); }

  // Listens; accepted streams arrive in `accepted_` on loop 1.
  Address listen(const std::string& host, const ListenOptions& options = {}) {
    listener_ = world_.network()
                    .listen(
                        {host, 0}, options, world_.loop(0),
                        [this]() -> Executor& { return world_.loop(1); },
                        [this](std::unique_ptr<Stream> stream) {
                          EXPECT_TRUE(world_.loop(1).is_current());
                          accepted_.set_value(std::move(stream));
                        })
                    .value();
    return listener_->address();
  }
  StreamResult connect(const Address& address, Duration timeout = seconds(10)) {
    std::promise<StreamResult> promise;
    world_.network().connect(address, {}, world_.loop(0), timeout, [&](StreamResult result) {
      EXPECT_TRUE(world_.loop(0).is_current());
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  }
  // A connected pair: ours on loop 0, the server's on loop 1.
  void connect_pair(const std::string& host = "127.0.0.1") {
    const Address address = listen(host);
    client_ = connect({"127.0.0.1", address.port}).value();
    server_ = accepted_.get_future().get();
  }
  template <typename Step>
  auto on(Executor& loop, Step step) {
    std::promise<decltype(step())> promise;
    loop.post([&] { promise.set_value(step()); });
    return promise.get_future().get();
  }
  base::Result<> write(Stream& stream, base::OutputChain chain) {
    std::promise<base::Result<>> promise;
    stream.executor().post([&] {
      stream.write(std::move(chain), [&](base::Result<> done) { promise.set_value(done); });
    });
    return promise.get_future().get();
  }
  // Reads until `size` bytes came or the stream ended.
  std::string read(Stream& stream, std::size_t size) {
    std::string text;
    while (text.size() < size) {
      std::promise<base::Result<>> readable;
      stream.executor().post([&] {
        stream.wait_readable([&](base::Result<> done) { readable.set_value(std::move(done)); });
      });
      if (!readable.get_future().get()) break;
      std::array<std::uint8_t, 65536> buffer;
      const auto got = on(stream.executor(), [&] { return stream.try_read(buffer); });
      if (!got) break;
      text.append(base::as_text({buffer.data(), *got}));
    }
    return text;
  }
  void destroy_on_its_loop(std::unique_ptr<Stream>& stream) {
    if (!stream) return;
    Executor& loop = stream->executor();
    on(loop, [&] {
      stream.reset();
      return 0;
    });
  }
  void TearDown() override {
    destroy_on_its_loop(client_);
    destroy_on_its_loop(server_);
    listener_.reset();
  }

  LinuxWorld world_;
  std::unique_ptr<Listener> listener_;
  std::promise<std::unique_ptr<Stream>> accepted_;
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
};

TEST_F(LinuxNetworkTest, BytesGoBothWays) {
  connect_pair();
  ASSERT_TRUE(write(*client_, chain_of("question")));
  EXPECT_EQ(read(*server_, 8), "question");
  ASSERT_TRUE(write(*server_, chain_of("answer")));
  EXPECT_EQ(read(*client_, 6), "answer");
}

TEST_F(LinuxNetworkTest, EveryAddressTakesIpv4AndShowsItAsIpv4) {
  for (const char* host : {"", "0.0.0.0", "::"}) {
    accepted_ = {};
    connect_pair(host);
    EXPECT_EQ(server_->peer_address().host, "127.0.0.1");
    EXPECT_EQ(server_->local_address(), (Address{"127.0.0.1", listener_->address().port}));
    EXPECT_EQ(client_->local_address(), server_->peer_address());
    TearDown();
  }
}

TEST_F(LinuxNetworkTest, EveryAddressTakesIpv6) {
  const Address address = listen("");
  auto stream = connect({"::1", address.port});
  if (!stream) GTEST_SKIP() << "no IPv6 here: " << stream.error().message;
  client_ = *std::move(stream);
  server_ = accepted_.get_future().get();
  EXPECT_EQ(server_->peer_address().host, "::1");
}

TEST_F(LinuxNetworkTest, NamesAreResolved) {
  const Address address = listen("localhost");
  client_ = connect({"localhost", address.port}).value();
  server_ = accepted_.get_future().get();
  EXPECT_EQ(client_->peer_address(), (Address{"127.0.0.1", address.port}));
}

TEST_F(LinuxNetworkTest, APortInUseIsSaidSo) {
  const Address address = listen("127.0.0.1");
  const auto second = world_.network().listen(
      address, {}, world_.loop(0), [this]() -> Executor& { return world_.loop(0); },
      [](std::unique_ptr<Stream>) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_error, EADDRINUSE);
  EXPECT_EQ(second.error().message,
            "cannot listen on " + address.to_string() + ": Address already in use");
}

TEST_F(LinuxNetworkTest, ConnectErrorsNameTheAddressAndTheReason) {
  const Address address = listen("127.0.0.1");
  listener_.reset();
  on(world_.loop(0), [] { return 0; });  // the socket is closed on its loop
  EXPECT_EQ(connect(address).error().message,
            "cannot connect to " + address.to_string() + ": Connection refused");
  const auto unknown = connect({"no.such.host.invalid", 1});
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(
      unknown.error().message.starts_with("cannot resolve host name 'no.such.host.invalid': "))
      << unknown.error().message;
}

// A network of its own for the calling thread and those that it starts, where connections have the
// ports 40000 and 40001. False: not permitted here.
bool enter_network_of_two_ports() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback{};
  std::string_view("lo").copy(loopback.ifr_name, IFNAMSIZ);
  loopback.ifr_flags = IFF_UP;
  if (::ioctl(any.get(), SIOCSIFFLAGS, &loopback) != 0) return false;
  std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
  range << "40000 40001" << std::flush;
  return range.good();
}

// The kernel gives the port that nobody listens on to the very connection that asks for it.
TEST(LinuxNetworkOfTwoPortsTest, AConnectionToItselfIsNone) {
  bool is_permitted = false;
  std::vector<int> errors;
  std::thread([&] {
    is_permitted = enter_network_of_two_ports();
    if (!is_permitted) return;
    LinuxWorld world({.loop_count = 1});
    world.start();
    for (const std::uint16_t port : {40000, 40001}) {
      std::promise<int> error;
      world.network().connect({"127.0.0.1", port}, {}, world.loop(0), seconds(10),
                              [&error](const base::Result<std::unique_ptr<Stream>>& stream) {
                                error.set_value(stream ? 0 : stream.error().os_error);
                              });
      errors.push_back(error.get_future().get());
    }
    world.stop();
  }).join();
  if (!is_permitted) GTEST_SKIP() << "no network of its own is permitted here";
  EXPECT_EQ(errors, (std::vector<int>{ECONNREFUSED, ECONNREFUSED}));
}

TEST_F(LinuxNetworkTest, ConnectGivesUpInTime) {
  // A full backlog never answers: nobody accepts, and the kernel drops what comes.
  const Descriptor full = open_listening_socket({"127.0.0.1", 0}, {.backlog = 0}).value();
  const Address address = local_address_of(full.get()).to_address();
  std::vector<std::unique_ptr<Stream>> waiting;
  base::Result<std::unique_ptr<Stream>> last;
  while ((last = connect(address, milliseconds(100)))) {
    waiting.push_back(*std::move(last));
    ASSERT_LT(waiting.size(), 100U);
  }
  EXPECT_EQ(last.error().message,
            "cannot connect to " + address.to_string() + ": no answer within 100 ms");
  for (auto& stream : waiting) destroy_on_its_loop(stream);
}

TEST_F(LinuxNetworkTest, AFullSocketIsWaitedFor) {
  connect_pair();
  const std::string content(20U << 20U, 'x');
  std::promise<base::Result<>> written;
  on(world_.loop(0), [&] {
    auto chain = chain_of(content);
    EXPECT_TRUE(client_->try_write(chain));
    EXPECT_GT(chain.size(), 0U);
    EXPECT_LT(chain.size(), content.size());
    client_->write(std::move(chain),
                   [&](base::Result<> done) { written.set_value(std::move(done)); });
    return 0;
  });
  EXPECT_EQ(read(*server_, content.size()), content);
  EXPECT_TRUE(written.get_future().get());
}

TEST_F(LinuxNetworkTest, SendsRangesOfFilesAmongBytes) {
  connect_pair();
  const auto path =
      std::filesystem::temp_directory_path() / ("odradek-" + std::to_string(getpid()));
  const auto file = world_.disk().open(path, OpenMode::kCreate).value();
  std::filesystem::remove(path);
  std::string content(3U << 20U, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 8U);
  ASSERT_TRUE(file->write_at(0, base::as_bytes(content)));
  base::OutputChain chain = chain_of("<");
  chain.append(base::FileRange{file, 1000, 2U << 20U});
  chain.append(chain_of("|"));
  chain.append(base::FileRange{file, 0, 10});
  chain.append(chain_of(">"));
  const std::string expected =
      "<" + content.substr(1000, 2U << 20U) + "|" + content.substr(0, 10) + ">";
  auto written = std::async([&] { return write(*server_, std::move(chain)); });
  EXPECT_EQ(read(*client_, expected.size()), expected);
  EXPECT_TRUE(written.get());
}

TEST_F(LinuxNetworkTest, AFileThatShrankIsAnError) {
  connect_pair();
  const auto path =
      std::filesystem::temp_directory_path() / ("odradek-" + std::to_string(getpid()));
  const auto file = world_.disk().open(path, OpenMode::kCreate).value();
  std::filesystem::remove(path);
  base::OutputChain chain;
  chain.append(base::FileRange{file, 0, 10});
  EXPECT_EQ(write(*server_, std::move(chain)).error().code, base::ErrorCode::kNetworkException);
}

TEST_F(LinuxNetworkTest, TheEndOfTheStreamIsAnErrorWithoutANumber) {
  connect_pair();
  destroy_on_its_loop(client_);
  std::promise<base::Result<>> readable;
  on(world_.loop(1), [&] {
    server_->wait_readable([&](base::Result<> done) { readable.set_value(std::move(done)); });
    return 0;
  });
  EXPECT_TRUE(readable.get_future().get());
  std::array<std::uint8_t, 16> buffer;
  const auto got = on(world_.loop(1), [&] { return server_->try_read(buffer); });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, base::ErrorCode::kNetworkException);
  EXPECT_EQ(got.error().os_error, 0);
}

TEST_F(LinuxNetworkTest, ClosingCompletesWhatIsPending) {
  connect_pair();
  std::promise<base::Result<>> readable;
  std::promise<base::Result<>> written;
  on(world_.loop(1), [&] {
    server_->wait_readable([&](base::Result<> done) { readable.set_value(std::move(done)); });
    server_->write(chain_of(std::string(50U << 20U, 'x')),
                   [&](base::Result<> done) { written.set_value(std::move(done)); });
    server_.reset();
    return 0;
  });
  EXPECT_EQ(readable.get_future().get().error().code, base::ErrorCode::kNetworkException);
  EXPECT_EQ(written.get_future().get().error().code, base::ErrorCode::kNetworkException);
}

TEST_F(LinuxNetworkTest, APausedListenerLeavesClientsInTheBacklog) {
  const Address address = listen("127.0.0.1", {.start_paused = true});
  client_ = connect(address).value();
  auto accepted = accepted_.get_future();
  EXPECT_EQ(accepted.wait_for(milliseconds(50)), std::future_status::timeout);
  listener_->resume();
  server_ = accepted.get();
}

// Out of descriptors: the listener rests, and goes on by itself once there are some.
TEST_F(LinuxNetworkTest, AcceptingSurvivesTheEndOfDescriptors) {
  const Address address = listen("127.0.0.1");
  auto accepted = accepted_.get_future();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  std::vector<Descriptor> hoard;
  const rlimit low{256, limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  for (Descriptor one(dup(0)); one.valid(); one.reset(dup(0))) {
    hoard.emplace_back(one.release());
  }
  const auto to = resolve(address, true).value().front();
  ASSERT_EQ(::connect(client.get(), to.get(), to.length), 0);
  EXPECT_EQ(accepted.wait_for(milliseconds(50)), std::future_status::timeout);
  const auto freed = world_.clock().monotonic();
  hoard.clear();
  server_ = accepted.get();
  EXPECT_LT(world_.clock().monotonic() - freed, seconds(1));
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Connections leave descriptors for files.
TEST_F(LinuxNetworkTest, ConnectionsDoNotTakeTheLastDescriptors) {
  std::mutex mutex;
  std::vector<std::unique_ptr<Stream>> streams;
  auto listener = world_.network()
                      .listen(
                          {"127.0.0.1", 0}, {.backlog = 500}, world_.loop(0),
                          [this]() -> Executor& { return world_.loop(1); },
                          [&](std::unique_ptr<Stream> stream) {
                            const std::lock_guard lock(mutex);
                            streams.push_back(std::move(stream));
                          })
                      .value();
  const auto to = resolve(listener->address(), true).value().front();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit low{256, limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  // A client and its stream take two: more than fit below 192 of 256.
  std::vector<Descriptor> clients;
  for (int i = 0; i < 110; ++i) {
    clients.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(clients.back().get(), to.get(), to.length), 0);
  }
  // Enough turns of the acceptor to take them all.
  for (int turn = 0; turn < 10; ++turn) on(world_.loop(0), [] { return 0; });
  const Descriptor file(::open("/dev/null", O_RDONLY));
  EXPECT_TRUE(file.valid());
  const auto accepted = [&] {
    const std::lock_guard lock(mutex);
    return streams.size();
  };
  EXPECT_LT(accepted(), clients.size());
  clients.clear();
  setrlimit(RLIMIT_NOFILE, &limit);
  listener.reset();
  on(world_.loop(0), [] { return 0; });
  on(world_.loop(1), [&] {
    const std::lock_guard lock(mutex);
    streams.clear();
    return 0;
  });
}

}  // namespace
}  // namespace odradek::env
