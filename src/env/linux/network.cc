// SPDX-License-Identifier: Apache-2.0
#include "env/linux/network.h"

#include <fmt/core.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "env/linux/acceptor.h"
#include "env/linux/socket.h"
#include "env/linux/stream.h"

namespace odradek::env {
namespace {

class LinuxListener final : public Listener {
 public:
  explicit LinuxListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  ~LinuxListener() override { acceptor_->close(); }

  Address address() const override { return acceptor_->address(); }
  void pause() override { acceptor_->set_paused(true); }
  void resume() override { acceptor_->set_paused(false); }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

// One call of connect(): tries the addresses of a host one after the other until the time is up.
// On its loop, but for the look-up of the name.
class ConnectAttempt final : public std::enable_shared_from_this<ConnectAttempt> {
 public:
  ConnectAttempt(Address address, const SocketOptions& options, LinuxLoop& loop, Duration timeout,
                 Network::ConnectHandler handler)
      : address_(std::move(address)),
        options_(options),
        loop_(loop),
        timeout_(timeout),
        handler_(std::move(handler)) {}

  const Address& address() const { return address_; }
  LinuxLoop& loop() { return loop_; }

  void start_clock() {
    timer_ = loop_.run_after(timeout_, [self = shared_from_this()] { self->time_out(); });
  }
  void set_candidates(base::Result<std::vector<SocketAddress>> candidates) {
    if (!candidates) {
      finish(base::fail(std::move(candidates)));
      return;
    }
    candidates_ = *std::move(candidates);
    try_next();
  }

 private:
  std::string what() const { return "cannot connect to " + address_.to_string(); }

  void try_next() {
    while (!finished() && next_ < candidates_.size()) {
      if (start(candidates_[next_++])) return;
    }
    finish(std::unexpected(last_error_));
  }

  // Whether the attempt is under way.
  bool start(const SocketAddress& to) {
    auto opened = open_connecting_socket(to.family(), options_);
    if (!opened) {
      last_error_ = std::move(opened).error();
      return false;
    }
    const int done =
        retry_interrupted([&] { return ::connect(opened->get(), to.get(), to.length); });
    if (done != 0 && errno != EINPROGRESS) {
      last_error_ = network_error(what(), errno).error();
      return false;
    }
    socket_.emplace(loop_.context(), opened->release());
    socket_->async_wait(LoopDescriptor::wait_write,
                        [self = shared_from_this(), to](const boost::system::error_code& error) {
                          if (!error && !self->finished()) self->answered(to);
                        });
    return true;
  }

  void answered(const SocketAddress& by) {
    int error = 0;
    socklen_t length = sizeof(error);
    ::getsockopt(socket_->native_handle(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      last_error_ = network_error(what(), error).error();
      socket_.reset();
      try_next();
      return;
    }
    Address local = local_address_of(socket_->native_handle()).to_address();
    if (local == by.to_address()) {
      // Nobody listens there: the kernel gave this socket the very port that it asked for, and TCP
      // connects it to itself. Kept, it would be in the way of who comes to listen.
      last_error_ = network_error(what(), ECONNREFUSED).error();
      socket_.reset();
      try_next();
      return;
    }
    finish(std::make_unique<LinuxStream>(loop_, std::move(*socket_), by.to_address(),
                                         std::move(local)));
  }

  void time_out() {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_).count();
    finish(base::fail(base::ErrorCode::kNetworkException,
                      fmt::format("{}: no answer within {} ms", what(), waited)));
  }

  bool finished() const { return !handler_; }
  void finish(base::Result<std::unique_ptr<Stream>> result) {
    if (finished()) return;
    loop_.cancel(timer_);
    socket_.reset();
    std::exchange(handler_, nullptr)(std::move(result));
  }

  const Address address_;
  const SocketOptions options_;
  LinuxLoop& loop_;
  const Duration timeout_;
  Network::ConnectHandler handler_;
  std::vector<SocketAddress> candidates_;
  std::size_t next_ = 0;
  base::Error last_error_{base::ErrorCode::kNetworkException, "the host has no address", 0};
  std::optional<LoopDescriptor> socket_;
  Executor::TimerId timer_ = 0;
};

}  // namespace

LinuxNetwork::LinuxNetwork(WorkerPool& workers) : resolver_(workers.make_queue("resolver", 2)) {}

base::Result<std::unique_ptr<Listener>> LinuxNetwork::listen(const Address& address,
                                                             const ListenOptions& options,
                                                             Executor& acceptor,
                                                             std::function<Executor&()> choose_loop,
                                                             AcceptHandler on_accept) {
  auto opened = open_listening_socket(address, options);
  if (!opened) return base::fail(std::move(opened));
  Address bound{address.host, local_address_of(opened->get()).to_address().port};
  auto working =
      std::make_shared<Acceptor>(dynamic_cast<LinuxLoop&>(acceptor), *std::move(opened),
                                 std::move(bound), std::move(choose_loop), std::move(on_accept));
  if (options.start_paused) working->set_paused(true);
  working->start();
  return std::make_unique<LinuxListener>(std::move(working));
}

void LinuxNetwork::connect(const Address& address, const SocketOptions& options, Executor& loop,
                           Duration timeout, ConnectHandler handler) {
  auto attempt = std::make_shared<ConnectAttempt>(address, options, dynamic_cast<LinuxLoop&>(loop),
                                                  timeout, std::move(handler));
  attempt->loop().post([this, attempt] {
    attempt->start_clock();
    auto numeric = resolve(attempt->address(), true);
    if (numeric) {
      attempt->set_candidates(std::move(numeric));
      return;
    }
    resolver_->submit([attempt] {
      attempt->loop().post([attempt, found = resolve(attempt->address(), false)]() mutable {
        attempt->set_candidates(std::move(found));
      });
    });
  });
}

}  // namespace odradek::env
