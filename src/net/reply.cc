// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/assert.h"
#include "net/connection.h"
#include "net/request_handler.h"

namespace odradek::net {
namespace {

using Kind = Outcome::Kind;

void finish(std::shared_ptr<Connection>& connection, std::uint64_t sequence, Outcome outcome) {
  ODRADEK_ASSERT(connection != nullptr);
  const std::shared_ptr<Connection> last = std::exchange(connection, nullptr);
  last->complete(sequence, std::move(outcome));
}

}  // namespace

Reply::Reply(std::shared_ptr<Connection> connection, std::uint64_t sequence)
    : connection_(std::move(connection)), sequence_(sequence) {}

Reply::Reply(Reply&& other) noexcept
    : connection_(std::move(other.connection_)), sequence_(other.sequence_) {}

Reply& Reply::operator=(Reply&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(sequence_, other.sequence_);
  return *this;
}

Reply::~Reply() {
  if (pending()) {
    finish(connection_, sequence_, {Kind::kAbandoned, {}, "a request was left without an answer"});
  }
}

void Reply::send(base::OutputChain response) {
  finish(connection_, sequence_, {Kind::kAnswered, std::move(response), {}});
}

void Reply::send_nothing() { finish(connection_, sequence_, {Kind::kAnswered, {}, {}}); }

void Reply::send_and_close(base::OutputChain response, std::string reason) {
  finish(connection_, sequence_, {Kind::kClose, std::move(response), std::move(reason)});
}

void Reply::close_connection(std::string reason) {
  finish(connection_, sequence_, {Kind::kClose, {}, std::move(reason)});
}

bool Reply::connected() const { return connection_ != nullptr && !connection_->closed(); }

}  // namespace odradek::net
