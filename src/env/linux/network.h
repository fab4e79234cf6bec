// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "env/network.h"

namespace odradek::env {

// Sockets of the kernel, on the loops of one LinuxWorld. A listener on localhost takes IPv4 where
// the name has both, as Apache Kafka does. Host names are looked up on the worker pool.
class LinuxNetwork final : public Network {
 public:
  explicit LinuxNetwork(WorkerPool& workers);

  base::Result<std::unique_ptr<Listener>> listen(const Address& address,
                                                 const ListenOptions& options, Executor& acceptor,
                                                 std::function<Executor&()> choose_loop,
                                                 AcceptHandler on_accept) override;
  void connect(const Address& address, const SocketOptions& options, Executor& loop,
               Duration timeout, ConnectHandler handler) override;

 private:
  std::unique_ptr<WorkQueue> resolver_;
};

}  // namespace odradek::env
