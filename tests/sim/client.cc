// SPDX-License-Identifier: Apache-2.0
#include "sim/client.h"

#include <utility>

namespace odradek::sim_test {
namespace {

constexpr env::Duration kConnectTimeout = std::chrono::seconds(2);
constexpr env::Duration kRequestTimeout = std::chrono::seconds(30);

base::Error connection_lost() {
  return {base::ErrorCode::kNetworkException, "the connection is lost", 0};
}

}  // namespace

// A request that waits for its answer. It lives in the coroutine that made it.
struct Client::Exchange {
  Client& client;
  base::OutputChain frame;
  std::int32_t correlation_id = 0;
  env::MonotonicTime sent_at{};
  env::Executor::TimerId timer = 0;
  std::coroutine_handle<> waiting = nullptr;
  base::Result<base::SharedBytes> answer = std::unexpected(connection_lost());

  bool await_ready() const noexcept { return client.stream_ == nullptr; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    sent_at = client.world_.clock().monotonic();
    client.in_flight_.push_back(this);
    timer = client.loop_.run_after(
        kRequestTimeout, [&owner = client, now = client.generation_] { owner.fail(now); });
    client.to_write_.push_back(std::move(frame));
    client.write_next();
  }
  base::Result<base::SharedBytes> await_resume() { return std::move(answer); }
  void finish() {
    client.loop_.cancel(timer);
    waiting.resume();
  }
};

// Comes back when the attempt to connect is over, either way.
struct Client::Connecting {
  Client& client;

  bool await_ready() const noexcept { return client.stream_ != nullptr; }
  void await_suspend(std::coroutine_handle<> handle) {
    client.waiting_for_connection_.push_back(handle);
    if (std::exchange(client.is_connecting_, true)) return;
    client.world_.network().connect(
        client.broker_, {}, client.loop_, kConnectTimeout,
        [&owner = client](base::Result<std::unique_ptr<env::Stream>> stream) {
          owner.opened(stream ? std::move(*stream) : nullptr);
        });
  }
  void await_resume() const noexcept {}
};

Client::Client(env::sim::SimHost& host, env::Address broker, std::string client_id)
    : world_(host.world()),
      loop_(world_.loop(0)),
      broker_(std::move(broker)),
      client_id_(std::move(client_id)),
      random_(world_.random().next()) {}

Client::~Client() = default;

Pause Client::pause(env::Duration duration) { return {loop_, duration}; }

base::Timestamp Client::now() { return world_.clock().wall(); }

env::Duration Client::oldest_request_age() const {
  if (in_flight_.empty()) return {};
  return world_.clock().monotonic() - in_flight_.front()->sent_at;
}

void Client::close() { fail(generation_); }

void Client::give_up() {
  has_given_up_ = true;
  close();
}

Task<base::Result<base::SharedBytes>> Client::exchange(base::Result<base::OutputChain> frame,
                                                       std::int32_t correlation_id) {
  if (!frame) co_return base::fail(std::move(frame));
  if (has_given_up_) {
    // By way of the loop: a caller that goes on with its next call must not grow the stack.
    co_await pause();
    co_return base::fail(base::ErrorCode::kUnknownServerError, "given up");
  }
  co_await Connecting{*this};
  Exchange exchange{*this, std::move(*frame), correlation_id};
  co_return co_await exchange;
}

void Client::opened(std::unique_ptr<env::Stream> stream) {
  is_connecting_ = false;
  ++generation_;
  stream_ = std::move(stream);
  received_.clear();
  to_write_.clear();
  is_writing_ = false;
  if (stream_) wait_for_bytes();
  for (const auto waiting : std::exchange(waiting_for_connection_, {})) waiting.resume();
}

void Client::wait_for_bytes() {
  stream_->wait_readable([this, now = generation_](base::Result<> readable) {
    if (now != generation_) return;
    if (readable) {
      read();
    } else {
      fail(now);
    }
  });
}

void Client::read() {
  std::uint8_t buffer[8192];
  for (;;) {
    const auto count = stream_->try_read(buffer);
    if (!count) return fail(generation_);
    if (*count == 0) return wait_for_bytes();
    received_.insert(received_.end(), buffer, buffer + *count);
    if (!take_frames()) return;
  }
}

// False: an answer made its receiver close the connection, or it was not the next request's.
bool Client::take_frames() {
  const std::uint64_t now = generation_;
  while (received_.size() >= 4) {
    const auto size = base::load_big_endian<std::uint32_t>(received_.data());
    if (received_.size() < 4 + std::size_t{size}) break;
    const auto first = received_.begin() + 4;
    auto answer = base::SharedBytes::copy({&*first, size});
    received_.erase(received_.begin(), first + size);
    const auto correlation_id = size < 4 ? -1 : base::load_big_endian<std::int32_t>(answer.data());
    if (in_flight_.empty() || in_flight_.front()->correlation_id != correlation_id) {
      fail(now);
      return false;
    }
    Exchange* exchange = in_flight_.front();
    in_flight_.pop_front();
    exchange->answer = std::move(answer);
    exchange->finish();
    if (now != generation_) return false;
  }
  return true;
}

void Client::write_next() {
  if (is_writing_ || to_write_.empty()) return;
  is_writing_ = true;
  auto chain = std::move(to_write_.front());
  to_write_.pop_front();
  stream_->write(std::move(chain), [this, now = generation_](base::Result<> written) {
    if (now != generation_) return;
    is_writing_ = false;
    if (!written) return fail(now);
    write_next();
  });
}

void Client::fail(std::uint64_t generation) {
  if (generation != generation_ || !stream_) return;
  ++generation_;
  stream_.reset();
  for (Exchange* exchange : std::exchange(in_flight_, {})) exchange->finish();
}

}  // namespace odradek::sim_test
