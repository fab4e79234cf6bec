// SPDX-License-Identifier: Apache-2.0
#include "zookeeper/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace odradek::zookeeper_test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int open_socket() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) std::abort();
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

// False: the connection is over.
bool pump(int from, int to) {
  std::array<char, 65536> buffer;
  const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  if (to < 0) return true;
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t more =
        send(to, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  return true;
}

void close_pair(int client, int server) {
  close(client);
  if (server >= 0) close(server);
}

}  // namespace

Proxy::Proxy(std::uint16_t server_port) : server_port_(server_port), listener_(open_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      pipe(wake_) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
  must_stop_ = true;
  wake();
  thread_.join();
  close(listener_);
  close(wake_[0]);
  close(wake_[1]);
}

void Proxy::wake() {
  if (write(wake_[1], "x", 1) != 1) std::abort();
}

void Proxy::drop() {
  must_drop_ = true;
  wake();
}

void Proxy::cut() {
  is_cut_ = true;
  drop();
}

void Proxy::heal() { is_cut_ = false; }

void Proxy::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  if (ignores_next_.exchange(false)) {
    pairs_.push_back({client, -1});
    return;
  }
  const int server = open_socket();
  const sockaddr_in address = loopback(server_port_);
  if (is_cut_ ||
      connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(server);
    return;
  }
  pairs_.push_back({client, server});
}

void Proxy::close_all() {
  for (const Pair& pair : pairs_) close_pair(pair.client, pair.server);
  pairs_.clear();
}

void Proxy::run() {
  while (!must_stop_) {
    std::vector<pollfd> polled = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      polled.push_back({pair.client, POLLIN, 0});
      polled.push_back({pair.server, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) {
      std::array<char, 64> ignored;
      (void)!read(wake_[0], ignored.data(), ignored.size());
    }
    if (must_drop_.exchange(false)) {
      close_all();
      continue;
    }
    std::vector<Pair> kept;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const Pair& pair = pairs_[i];
      const bool is_open = (polled[2 + 2 * i].revents == 0 || pump(pair.client, pair.server)) &&
                           (polled[3 + 2 * i].revents == 0 || pump(pair.server, pair.client));
      if (is_open) {
        kept.push_back(pair);
      } else {
        close_pair(pair.client, pair.server);
      }
    }
    pairs_ = std::move(kept);
    if (polled[1].revents != 0) accept_one();
  }
  close_all();
}

}  // namespace odradek::zookeeper_test
