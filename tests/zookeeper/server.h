// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace odradek::zookeeper_test {

// A ZooKeeper of its own on a free port of this machine, in a directory that goes with it. It ends
// with this process, however that ends.
class Server {
 public:
  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  // SIGKILL, and the start of another process on the same directory and port.
  void kill();
  void start();

 private:
  std::string directory_;
  std::uint16_t port_;
  pid_t pid_ = -1;
};

}  // namespace odradek::zookeeper_test
