// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/sim/client.h"

#include <fmt/core.h>

#include <utility>

namespace odradek::quorum::zookeeper::sim {
namespace {

constexpr env::Duration kShortestPause = std::chrono::milliseconds(1);
constexpr env::Duration kLongestPause = std::chrono::milliseconds(100);

}  // namespace

void Client::post(std::move_only_function<void(Client&)> step) {
  executor_.post([weak = weak_from_this(), step = std::move(step)]() mutable {
    if (auto self = weak.lock(); self && self->on_event_) step(*self);
  });
}

void Client::tell(SessionEvent event) {
  post([event](Client& self) { self.on_event_(event); });
}

void Client::open() {
  if (is_closed_ || is_open_) return;
  is_open_ = true;
  is_unreachable_told_ = false;
  last_end_ = SessionEvent::kDisconnected;
  ensemble_.after(options_.connection_timeout, [weak = weak_from_this(), opened = ++opened_] {
    auto self = weak.lock();
    if (!self || self->opened_ != opened || !self->is_open_) return;
    if (self->connection_ || std::exchange(self->is_unreachable_told_, true)) return;
    self->tell(SessionEvent::kUnreachable);
  });
  connect_after({});
}

void Client::after(env::Duration pause, env::Task task) {
  executor_.run_after(pause, [weak = weak_from_this(), task = std::move(task)]() mutable {
    const auto self = weak.lock();
    if (self && self->on_event_ && !self->is_closed_) task();
  });
}

void Client::connect_after(env::Duration delay) {
  if (is_connecting_) return;
  is_connecting_ = true;
  ensemble_.after(delay + ensemble_.draw_delay(), [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    self->is_connecting_ = false;
    if (self->is_open_ && !self->is_closed_ && !self->connection_) self->ensemble_.accept(self);
  });
}

void Client::close(std::move_only_function<void()> done) {
  is_closed_ = true;
  fail_calls(Code::kClosed);
  is_connected_ = false;
  id_ = 0;
  auto connection = std::exchange(connection_, nullptr);
  if (connection) {
    ensemble_.send_to_server(connection, [&ensemble = ensemble_, connection] {
      ensemble.receive(connection, {.kind = Request::Kind::kClose});
    });
  }
  post([done = std::move(done)](Client& /*self*/) mutable { done(); });
}

void Client::abandon() {
  on_event_ = {};
  is_closed_ = true;
  pending_.clear();
  watches_.clear();
  is_connected_ = false;
  auto connection = std::exchange(connection_, nullptr);
  if (connection) ensemble_.break_connection(connection);
}

Outcome<> Client::check_connected() const {
  if (is_closed_) return fail(Code::kClosed, "the session with ZooKeeper is closed");
  if (is_connected_) return {};
  if (last_end_ == SessionEvent::kExpired) {
    return fail(Code::kSessionExpired, "the session with ZooKeeper has expired");
  }
  if (is_read_only_) return fail(Code::kReadOnly, "ZooKeeper's server has no quorum");
  return fail(Code::kConnectionLoss, "no connection to ZooKeeper");
}

std::string Client::full_path(const std::string& path) const {
  if (options_.chroot.empty()) return path;
  return path == "/" ? options_.chroot : options_.chroot + path;
}

void Client::refuse(Failure failure, Finish finish) {
  post([failure = std::move(failure), finish = std::move(finish)](Client& /*self*/) mutable {
    finish(std::unexpected(std::move(failure)));
  });
}

void Client::call(Request request, Finish finish, Watch watch) {
  if (auto good = check_path(request.path); !good) return refuse(good.error(), std::move(finish));
  if (auto ready = check_connected(); !ready) return refuse(ready.error(), std::move(finish));
  request.number = next_number_++;
  request.path = full_path(request.path);
  request.with_watch = static_cast<bool>(watch);
  for (Operation& operation : request.operations) operation.path = full_path(operation.path);
  pending_.emplace(request.number,
                   Pending{std::move(finish), std::move(watch), request.kind, request.path});
  ensemble_.send_to_server(
      connection_, [&ensemble = ensemble_, connection = connection_, request = std::move(request)] {
        ensemble.receive(connection, request);
      });
}

void Client::fail_calls(Code code) {
  for (auto& [number, pending] : std::exchange(pending_, {})) {
    refuse({code, fmt::format("ZooKeeper: {}", name_of(code)), std::nullopt},
           std::move(pending.finish));
  }
}

void Client::on_accepted(const std::shared_ptr<Connection>& connection) {
  if (is_closed_) return ensemble_.break_connection(connection);
  connection_ = connection;
  id_ = connection->session;
  is_connected_ = true;
  is_read_only_ = false;
  is_unreachable_told_ = true;  // somebody answered
  restore_watches();
  tell(SessionEvent::kConnected);
}

void Client::on_refused() {
  connect_after(ensemble_.random_.between(kShortestPause, kLongestPause));
}

void Client::on_read_only() {
  if (!std::exchange(is_read_only_, true)) tell(SessionEvent::kReadOnly);
  on_refused();
}

void Client::on_session_gone() {
  last_end_ = SessionEvent::kExpired;
  is_open_ = false;
  id_ = 0;
  seen_zxid_ = 0;
  fail_calls(Code::kSessionExpired);
  watches_.clear();
  tell(SessionEvent::kExpired);
}

void Client::on_broken(const Connection* connection) {
  if (connection_.get() != connection) return;
  connection_ = nullptr;
  is_connected_ = false;
  fail_calls(Code::kConnectionLoss);
  tell(SessionEvent::kDisconnected);
  on_refused();
}

void Client::restore_watches() {
  for (const auto& [number, watching] : watches_) {
    Request request{.kind = Request::Kind::kRestoreWatch, .number = number, .path = watching.path};
    request.watched_by = watching.kind;
    request.is_of_missing = watching.is_of_missing;
    request.seen_zxid = seen_zxid_;
    ensemble_.send_to_server(connection_, [&ensemble = ensemble_, connection = connection_,
                                           request] { ensemble.receive(connection, request); });
  }
}

void Client::on_answer(std::uint64_t number, Answer answer, std::int64_t zxid) {
  set_seen_zxid(zxid);
  auto found = pending_.extract(number);
  if (!found) return;
  Pending& pending = found.mapped();
  if (pending.watch && answer.outcome) {
    watches_.emplace(number, Watching{std::move(pending.watch), pending.kind, pending.path,
                                      !answer.stat && pending.kind == Request::Kind::kExists});
  }
  post([finish = std::move(pending.finish), answer = std::move(answer)](Client& /*self*/) mutable {
    if (!answer.outcome) return finish(std::unexpected(std::move(answer.outcome.error())));
    finish(std::move(answer));
  });
}

void Client::on_watch(std::uint64_t number, WatchEvent event, std::int64_t zxid) {
  set_seen_zxid(zxid);
  auto found = watches_.extract(number);
  if (!found) return;
  post(
      [watch = std::move(found.mapped().watch), event](Client& /*self*/) mutable { watch(event); });
}

}  // namespace odradek::quorum::zookeeper::sim
