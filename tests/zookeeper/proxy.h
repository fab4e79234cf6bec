// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace odradek::zookeeper_test {

// Stands between the clients of one host and the server on a port of this machine, so that the way
// can be cut. Threads: any.
class Proxy {
 public:
  explicit Proxy(std::uint16_t server_port);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const { return port_; }
  // Closes what is open.
  void drop();
  // Closes what is open, and whatever comes, until `heal`.
  void cut();
  void heal();
  // The next connection is taken, read from and never answered.
  void ignore_next() { ignores_next_ = true; }

 private:
  struct Pair {
    int client;
    int server;  // -1: ignored
  };
  void run();
  void accept_one();
  void close_all();
  void wake();

  const std::uint16_t server_port_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::uint16_t port_ = 0;
  std::vector<Pair> pairs_;  // of the thread
  std::atomic<bool> is_cut_ = false;
  std::atomic<bool> ignores_next_ = false;
  std::atomic<bool> must_drop_ = false;
  std::atomic<bool> must_stop_ = false;
  std::thread thread_;
};

}  // namespace odradek::zookeeper_test
