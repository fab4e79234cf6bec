// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "env/linux/descriptor.h"
#include "env/linux/stream.h"
#include "env/network.h"

namespace odradek::env {

// A listening socket at work on its loop. Owned by its Listener and by what is pending.
class Acceptor final : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(LinuxLoop& loop, Descriptor listening, Address address,
           std::function<Executor&()> choose_loop, Network::AcceptHandler on_accept);

  const Address& address() const { return address_; }
  // Threads: any.
  void start();
  void set_paused(bool paused);  // before start(), too
  void close();

 private:
  void run_on_loop(void (Acceptor::*step)());
  void wait();
  void accept_some();
  // Whether a connection would get a number below `end`.
  bool descriptors_left(int end);
  bool somebody_waits();
  void hand_over(Descriptor accepted, const struct SocketAddress& peer);
  // Whether accepting may go on after the error.
  bool handle_accept_error(int os_error);
  void rest(int os_error);
  void shed_one();
  void close_on_loop();

  LinuxLoop& loop_;
  LoopDescriptor socket_;
  const Address address_;
  const std::function<Executor&()> choose_loop_;
  const Network::AcceptHandler on_accept_;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> paused_ = false;

  // On the loop only.
  bool waiting_ = false;
  bool resting_ = false;
  // Descriptors were missing at the last attempt, too.
  bool starved_ = false;
  Executor::TimerId rest_timer_ = 0;
  // Given up for a moment where none is left, so that a client can be told to go.
  Descriptor reserve_;
};

}  // namespace odradek::env
