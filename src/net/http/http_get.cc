// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_get.h"

#include <fmt/core.h>

#include <array>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace odradek::net::http {
namespace {

using base::ErrorCode;
using Outcome = base::Result<std::string>;

// Lives until it has told, and nothing of it is pending. On the loop.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(env::Executor& loop, std::string request, env::Duration timeout,
           std::promise<Outcome> told)
      : loop_(loop), request_(std::move(request)), timeout_(timeout), told_(std::move(told)) {}

  void run(env::Network& network, const env::Address& address) {
    timer_ = loop_.run_after(timeout_, [self = shared_from_this()] {
      self->tell(base::fail(ErrorCode::kRequestTimedOut, "no answer in time"));
    });
    network.connect(address, {}, loop_, timeout_,
                    [self = shared_from_this()](base::Result<std::unique_ptr<env::Stream>> stream) {
                      if (!stream) return self->tell(base::fail(std::move(stream)));
                      self->stream_ = *std::move(stream);
                      self->ask();
                    });
  }

 private:
  void ask() {
    base::OutputChain chain;
    chain.append(base::SharedBytes::copy(base::as_bytes(request_)));
    stream_->write(std::move(chain), [self = shared_from_this()](base::Result<> written) {
      if (!written) return self->tell(base::fail(std::move(written)));
      self->wait();
    });
  }

  void wait() {
    if (!stream_) return;
    stream_->wait_readable([self = shared_from_this()](base::Result<> readable) {
      if (!readable) return self->tell(base::fail(std::move(readable)));
      self->read();
    });
  }

  // The server closes the connection at the end of its answer.
  void read() {
    std::array<std::uint8_t, 65536> bytes;
    while (stream_) {
      const auto size = stream_->try_read(bytes);
      if (!size) {
        return tell(size.error().os_error == 0 ? body() : Outcome(base::fail(size.error())));
      }
      if (*size == 0) return wait();
      received_.append(reinterpret_cast<const char*>(bytes.data()), *size);
    }
  }

  Outcome body() const {
    const std::size_t end = received_.find("\r\n\r\n");
    if (!received_.starts_with("HTTP/1.") || end == std::string::npos) {
      return base::fail(ErrorCode::kInvalidRequest, "what answers there does not speak HTTP");
    }
    const std::string status = received_.substr(9, received_.find("\r\n") - 9);
    if (!status.starts_with("200")) return base::fail(ErrorCode::kInvalidRequest, status);
    return received_.substr(end + 4);
  }

  void tell(Outcome outcome) {
    if (std::exchange(is_told_, true)) return;
    loop_.cancel(timer_);
    if (stream_) stream_->close();
    told_.set_value(std::move(outcome));
  }

  env::Executor& loop_;
  const std::string request_;
  const env::Duration timeout_;
  std::promise<Outcome> told_;
  std::unique_ptr<env::Stream> stream_;
  std::string received_;
  env::Executor::TimerId timer_ = 0;
  bool is_told_ = false;
};

}  // namespace

Outcome get(env::Network& network, env::Executor& loop, const env::Address& address,
            const std::string& target, env::Duration timeout) {
  std::promise<Outcome> told;
  auto answer = told.get_future();
  auto request = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", target,
                             address.to_string());
  loop.post(
      [&network, address,
       exchange = std::make_shared<Exchange>(loop, std::move(request), timeout, std::move(told))] {
        exchange->run(network, address);
      });
  return answer.get();
}

}  // namespace odradek::net::http
