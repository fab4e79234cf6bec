// SPDX-License-Identifier: Apache-2.0
// The whole way of a request through the kernel and the server, without any work on it: 200 bytes
// in, 64 bytes out, over loopback. CPU of the server's loop alone is counted.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "env/linux/linux_world.h"
#include "net/server.h"

namespace odradek::net {
namespace {

constexpr std::size_t kRequestBytes = 200;
constexpr std::size_t kResponseBytes = 64;

class Echo final : public RequestHandler {
  class EchoSession final : public Session {
    void handle(base::SharedBytes frame, Reply reply) override {
      auto response = base::SharedBytes::allocate(kResponseBytes);
      base::store_big_endian<std::int32_t>(response.mutable_view().data(), kResponseBytes - 4);
      std::copy_n(frame.data(), kResponseBytes - 4, response.mutable_view().data() + 4);
      base::OutputChain chain;
      chain.append(std::move(response));
      reply.send(std::move(chain));
    }
  };
  std::unique_ptr<Session> open(std::shared_ptr<const ConnectionInfo>) override {
    return std::make_unique<EchoSession>();
  }
};

int connect_to(const env::Address& address) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) std::abort();
  const int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return socket;
}

double loop_cpu_seconds(env::Executor& loop) {
  std::promise<double> promise;
  loop.post([&] {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    promise.set_value(static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
  });
  return promise.get_future().get();
}

// Each round sends one request on every connection and reads every answer.
void echo(benchmark::State& state) {
  env::LinuxWorld world({.loop_count = 1});
  Echo handler;
  Server server(world, handler, {});
  const env::Address address =
      server.listen({.name = "BENCH", .address = {"127.0.0.1", 0}}).value();
  server.start();
  world.start();
  std::vector<int> sockets;
  for (int i = 0; i < state.range(0); ++i) sockets.push_back(connect_to(address));
  std::string request(kRequestBytes, 'x');
  base::store_big_endian<std::int32_t>(reinterpret_cast<std::uint8_t*>(request.data()),
                                       kRequestBytes - 4);
  char response[kResponseBytes];
  const double before = loop_cpu_seconds(world.loop(0));
  for (auto round : state) {
    for (const int socket : sockets) ::send(socket, request.data(), request.size(), 0);
    for (const int socket : sockets) {
      if (::recv(socket, response, sizeof(response), MSG_WAITALL) != kResponseBytes) std::abort();
    }
  }
  const auto requests = static_cast<double>(state.iterations() * state.range(0));
  state.counters["server_cpu_us"] = (loop_cpu_seconds(world.loop(0)) - before) / requests * 1e6;
  state.counters["requests"] = benchmark::Counter(requests, benchmark::Counter::kIsRate);
  for (const int socket : sockets) ::close(socket);
  std::promise<void> stopped;
  world.loop(0).post([&] { server.stop(std::chrono::seconds(1), [&] { stopped.set_value(); }); });
  stopped.get_future().wait();
  world.stop();
}

BENCHMARK(echo)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace odradek::net
