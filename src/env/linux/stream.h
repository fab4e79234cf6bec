// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <memory>

#include "env/linux/descriptor.h"
#include "env/linux/loop.h"
#include "env/network.h"

namespace odradek::env {

// A nonblocking descriptor whose readiness a loop reports.
using LoopDescriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

// A connected TCP socket. Sends first and waits only when the socket takes no more.
class LinuxStream final : public Stream {
 public:
  // Takes over a connected socket of the loop. Call on the loop.
  LinuxStream(LinuxLoop& loop, LoopDescriptor socket, Address peer, Address local);
  ~LinuxStream() override;

  void wait_readable(std::move_only_function<void(base::Result<>)> handler) override;
  base::Result<std::size_t> try_read(base::MutableByteView buffer) override;
  base::Result<> try_write(base::OutputChain& chain) override;
  void write(base::OutputChain chain,
             std::move_only_function<void(base::Result<>)> handler) override;
  void close() override;

  Executor& executor() override;
  Address peer_address() const override;
  Address local_address() const override;

 private:
  // Outlives the stream while an operation is pending.
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace odradek::env
