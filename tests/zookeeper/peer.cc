// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "zookeeper/harness.h"

namespace odradek::zookeeper_test {
namespace {

const char* name_of(WatchEvent event) {
  switch (event) {
    case WatchEvent::kCreated:
      return "created";
    case WatchEvent::kDeleted:
      return "deleted";
    case WatchEvent::kChanged:
      return "changed";
    case WatchEvent::kChildren:
      break;
  }
  return "children";
}

}  // namespace

Peer::Peer(Harness& harness, std::string host, const SessionOptions& options)
    : harness_(harness), host_(std::move(host)) {
  session_ = harness_.make_session(host_, options,
                                   [this](SessionEvent event) { note(zookeeper::name_of(event)); });
}

Peer::~Peer() {
  close();
  harness_.on_loop([this] { session_.reset(); });
}

void Peer::open() {
  harness_.on_loop([this] { session_->open(); });
}

bool Peer::connect() {
  open();
  return harness_.run_until([this] { return session_->is_connected(); });
}

void Peer::close() {
  if (std::exchange(is_closed_, true)) return;
  auto done = std::make_shared<bool>(false);
  harness_.on_loop([this, done] { session_->close([done] { *done = true; }); });
  (void)harness_.run_until([done] { return *done; });
}

zookeeper::SessionId Peer::id() {
  zookeeper::SessionId id = 0;
  harness_.on_loop([&] { id = session_->id(); });
  return id;
}

bool Peer::is_connected() {
  bool is_connected = false;
  harness_.on_loop([&] { is_connected = session_->is_connected(); });
  return is_connected;
}

template <typename Value, typename Start>
Outcome<Value> Peer::wait_for_answer(Start start) {
  auto answer = std::make_shared<std::optional<Outcome<Value>>>();
  harness_.on_loop(
      [&] { start([answer](Outcome<Value> given) { answer->emplace(std::move(given)); }); });
  if (!harness_.run_until([answer] { return answer->has_value(); })) {
    return zookeeper::fail(Code::kOther, "no answer came");
  }
  return std::move(**answer);
}

Outcome<zookeeper::Node> Peer::get(const std::string& path) {
  return wait_for_answer<zookeeper::Node>(
      [&](auto handler) { session_->get(path, std::move(handler)); });
}
Outcome<std::optional<zookeeper::Stat>> Peer::exists(const std::string& path) {
  return wait_for_answer<std::optional<zookeeper::Stat>>(
      [&](auto handler) { session_->exists(path, std::move(handler)); });
}
Outcome<std::vector<std::string>> Peer::children(const std::string& path) {
  return wait_for_answer<std::vector<std::string>>(
      [&](auto handler) { session_->children(path, std::move(handler)); });
}
Outcome<> Peer::sync() {
  return wait_for_answer<void>([&](auto handler) { session_->sync(std::move(handler)); });
}
Outcome<> Peer::multi(std::vector<Operation> operations) {
  return wait_for_answer<void>(
      [&](auto handler) { session_->multi(std::move(operations), std::move(handler)); });
}
Outcome<std::vector<std::int32_t>> Peer::multi_with_versions(std::vector<Operation> operations) {
  return wait_for_answer<std::vector<std::int32_t>>([&](auto handler) {
    session_->multi_with_versions(std::move(operations), std::move(handler));
  });
}

zookeeper::Watch Peer::noting(const std::string& name) {
  return [this, name](WatchEvent event) { note(name + ": " + name_of(event)); };
}
Outcome<> Peer::watch_node(const std::string& path, const std::string& name) {
  auto answer = wait_for_answer<zookeeper::Node>(
      [&](auto handler) { session_->get(path, std::move(handler), noting(name)); });
  if (!answer) return std::unexpected(answer.error());
  return {};
}
Outcome<> Peer::watch_exists(const std::string& path, const std::string& name) {
  auto answer = wait_for_answer<std::optional<zookeeper::Stat>>(
      [&](auto handler) { session_->exists(path, std::move(handler), noting(name)); });
  if (!answer) return std::unexpected(answer.error());
  return {};
}
Outcome<> Peer::watch_children(const std::string& path, const std::string& name) {
  auto answer = wait_for_answer<std::vector<std::string>>(
      [&](auto handler) { session_->children(path, std::move(handler), noting(name)); });
  if (!answer) return std::unexpected(answer.error());
  return {};
}

std::vector<std::string> Peer::events() {
  std::vector<std::string> copy;
  harness_.on_loop([&] { copy = events_; });
  return copy;
}

bool Peer::wait_for(const std::string& event) {
  return harness_.run_until(
      [this, event] { return std::ranges::find(events_, event) != events_.end(); });
}

}  // namespace odradek::zookeeper_test
