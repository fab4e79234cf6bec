// SPDX-License-Identifier: Apache-2.0
#include "env/linux/acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <system_error>

#include "base/assert.h"
#include "base/log.h"
#include "env/linux/socket.h"

namespace odradek::env {
namespace {

// One wake-up takes at most so many, so that a storm of clients leaves time for those who are in.
constexpr int kAcceptsPerTurn = 64;
constexpr Duration kRest = std::chrono::milliseconds(250);

// The number from which on descriptors are kept for files: clients must not take what the logs
// need.
int first_kept_descriptor() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kMostKept = 512;
  const rlim_t end = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
  return static_cast<int>(end - std::min(end / 4, kMostKept));
}

Descriptor open_reserve() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Acceptor::Acceptor(LinuxLoop& loop, Descriptor listening, Address address,
                   std::function<Executor&()> choose_loop, Network::AcceptHandler on_accept)
    : loop_(loop),
      socket_(loop.context(), listening.release()),
      address_(std::move(address)),
      choose_loop_(std::move(choose_loop)),
      on_accept_(std::move(on_accept)),
      reserve_(open_reserve()) {}

void Acceptor::run_on_loop(void (Acceptor::*step)()) {
  if (loop_.is_current()) {
    (this->*step)();
  } else {
    loop_.post([self = shared_from_this(), step] { ((*self).*step)(); });
  }
}

void Acceptor::start() { run_on_loop(&Acceptor::wait); }

void Acceptor::set_paused(bool paused) {
  paused_ = paused;
  if (!paused) run_on_loop(&Acceptor::wait);
}

void Acceptor::close() {
  closed_ = true;
  run_on_loop(&Acceptor::close_on_loop);
}

void Acceptor::close_on_loop() {
  loop_.cancel(std::exchange(rest_timer_, 0));
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Acceptor::wait() {
  if (closed_ || paused_ || waiting_ || resting_) return;
  waiting_ = true;
  socket_.async_wait(LoopDescriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting_ = false;
                       if (!error) self->accept_some();
                     });
}

void Acceptor::accept_some() {
  const int end = first_kept_descriptor();
  if (!descriptors_left(end)) {
    rest(EMFILE);
    return;
  }
  for (int i = 0; i < kAcceptsPerTurn && !closed_ && !paused_; ++i) {
    SocketAddress peer;
    Descriptor accepted(
        ::accept4(socket_.native_handle(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.valid()) {
      starved_ = false;
      const bool was_last = accepted.get() + 1 >= end;
      hand_over(std::move(accepted), peer);
      if (was_last) break;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (!handle_accept_error(errno)) {
      return;
    }
  }
  wait();
}

// The kernel gives the lowest number that is free.
bool Acceptor::descriptors_left(int end) {
  const Descriptor lowest(::fcntl(socket_.native_handle(), F_DUPFD_CLOEXEC, 0));
  return lowest.valid() && lowest.get() < end;
}

bool Acceptor::somebody_waits() {
  pollfd listening{socket_.native_handle(), POLLIN, 0};
  return ::poll(&listening, 1, 0) == 1;
}

bool Acceptor::handle_accept_error(int os_error) {
  const bool out_of_resources =
      os_error == EMFILE || os_error == ENFILE || os_error == ENOBUFS || os_error == ENOMEM;
  if (out_of_resources) rest(os_error);
  // Anything else is one connection's trouble (it left, or its network failed).
  return !out_of_resources;
}

// Clients wait in the backlog meanwhile. One who has waited a whole rest for nothing is let in and
// closed at once, which tells it more than silence would.
void Acceptor::rest(int os_error) {
  if (starved_) {
    shed_one();
  } else {
    base::log::warn("env", "{}: accepting rests until descriptors are free: {} (see ulimit -n)",
                    address_.to_string(), std::generic_category().message(os_error));
  }
  starved_ = true;
  resting_ = true;
  rest_timer_ = loop_.run_after(kRest, [self = shared_from_this()] {
    self->resting_ = false;
    if (self->somebody_waits()) {
      self->accept_some();
    } else {
      self->starved_ = false;
      self->wait();
    }
  });
}

void Acceptor::shed_one() {
  reserve_.reset();
  Descriptor(::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
  reserve_ = open_reserve();
}

void Acceptor::hand_over(Descriptor accepted, const SocketAddress& peer) {
  tune_connection(accepted.get());
  Address local = local_address_of(accepted.get()).to_address();
  auto& loop = dynamic_cast<LinuxLoop&>(choose_loop_());
  auto arrive = [self = shared_from_this(), &loop, socket = std::move(accepted),
                 from = peer.to_address(), at = std::move(local)]() mutable {
    if (self->closed_) return;
    self->on_accept_(std::make_unique<LinuxStream>(
        loop, LoopDescriptor(loop.context(), socket.release()), std::move(from), std::move(at)));
  };
  if (loop.is_current()) {
    arrive();
  } else {
    loop.post(std::move(arrive));
  }
}

}  // namespace odradek::env
