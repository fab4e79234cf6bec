// SPDX-License-Identifier: Apache-2.0
#include "cli/zookeeper/tree.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "base/log.h"
#include "quorum/zookeeper/client_session.h"
#include "quorum/zookeeper/layout.h"

namespace odradek::cli {
namespace {

namespace zookeeper = quorum::zookeeper;
using zookeeper::Code;
using zookeeper::Operation;
using zookeeper::SessionEvent;

constexpr env::Duration kSessionTimeout = std::chrono::seconds(6);
constexpr env::Duration kRetryInterval = std::chrono::milliseconds(100);

env::LinuxWorldOptions one_loop() {
  env::LinuxWorldOptions options;
  options.loop_count = 1;
  options.worker_threads = 1;
  return options;
}

std::unexpected<base::Error> error_of(const zookeeper::Failure& failure) {
  return base::fail(failure.code == Code::kNoAuth ? base::ErrorCode::kClusterAuthorizationFailed
                                                  : base::ErrorCode::kBrokerNotAvailable,
                    failure.message);
}

}  // namespace

ZookeeperTree::ZookeeperTree(env::Duration timeout) : timeout_(timeout), world_(one_loop()) {
  world_.start();
}

ZookeeperTree::~ZookeeperTree() {
  if (!session_) return;
  // The session's own nodes go at once.
  std::promise<void> closed;
  world_.loop(0).post([&] { session_->close([&] { closed.set_value(); }); });
  closed.get_future().wait();
  std::promise<void> gone;
  world_.loop(0).post([&] {
    session_.reset();
    gone.set_value();
  });
  gone.get_future().wait();
}

base::Result<std::unique_ptr<ZookeeperTree>> ZookeeperTree::connect(const std::string& servers,
                                                                    env::Duration timeout) {
  base::log::set_level(base::log::Level::kWarn);
  std::unique_ptr<ZookeeperTree> tree(new ZookeeperTree(timeout));
  if (auto opened = tree->open(servers); !opened) return base::fail(std::move(opened));
  return tree;
}

base::Result<> ZookeeperTree::open(const std::string& servers) {
  auto parsed = zookeeper::parse_connect_string(servers);
  if (!parsed) return base::fail(std::move(parsed));
  // A session that knows of a chroot makes it.
  chroot_ = std::exchange(parsed->chroot, {});
  auto connected = first_.get_future();
  world_.loop(0).post([&] {
    zookeeper::ClientOptions options;
    options.connect = *parsed;
    options.session_timeout = kSessionTimeout;
    options.connection_timeout = timeout_;
    session_ = std::make_unique<zookeeper::ClientSession>(
        world_.loop(0), world_.workers(), std::move(options),
        [this](SessionEvent event) { on_event(event); });
    session_->open();
  });
  if (connected.get() != SessionEvent::kConnected) {
    return base::fail(base::ErrorCode::kBrokerNotAvailable,
                      fmt::format("ZooKeeper at {} does not answer", parsed->servers));
  }
  if (chroot_.empty()) return {};
  auto root = get("");
  if (!root) return base::fail(std::move(root));
  if (*root) return {};
  return base::fail(base::ErrorCode::kBrokerNotAvailable,
                    fmt::format("ZooKeeper at {} has no {}", parsed->servers, chroot_));
}

void ZookeeperTree::on_event(SessionEvent event) {
  if (event == SessionEvent::kExpired) session_->open();
  const bool is_telling = event == SessionEvent::kConnected ||
                          event == SessionEvent::kUnreachable || event == SessionEvent::kAuthFailed;
  if (is_telling && !std::exchange(is_first_told_, true)) first_.set_value(event);
}

template <typename T, typename Ask>
ZookeeperTree::Outcome<T> ZookeeperTree::answer_of(Ask ask) {
  const auto deadline = world_.clock().monotonic() + timeout_;
  while (true) {
    std::promise<Outcome<T>> answered;
    world_.loop(0).post([&] {
      ask(*session_, [&answered](Outcome<T> outcome) { answered.set_value(std::move(outcome)); });
    });
    Outcome<T> outcome = answered.get_future().get();
    const bool may_pass = !outcome && (zookeeper::is_passing(outcome.error()) ||
                                       outcome.error().code == Code::kSessionExpired);
    if (!may_pass || world_.clock().monotonic() >= deadline) return outcome;
    std::promise<void> paused;
    world_.loop(0).post(
        [&] { world_.loop(0).run_after(kRetryInterval, [&] { paused.set_value(); }); });
    paused.get_future().wait();
  }
}

base::Result<std::optional<std::string>> ZookeeperTree::get(const std::string& path) {
  auto node = answer_of<zookeeper::Node>([&](zookeeper::Session& session, auto done) {
    session.get(full_path(path), std::move(done));
  });
  if (node) return std::string(base::as_text(node->bytes.view()));
  if (node.error().code == Code::kNoNode) return std::nullopt;
  return error_of(node.error());
}

base::Result<std::vector<std::string>> ZookeeperTree::children(const std::string& path) {
  auto names = answer_of<std::vector<std::string>>([&](zookeeper::Session& session, auto done) {
    session.children(full_path(path), std::move(done));
  });
  if (names) return *std::move(names);
  if (names.error().code == Code::kNoNode) return std::vector<std::string>();
  return error_of(names.error());
}

ZookeeperTree::Outcome<void> ZookeeperTree::multi(const Operation& operation) {
  return answer_of<void>(
      [&](zookeeper::Session& session, auto done) { session.multi({operation}, std::move(done)); });
}

base::Result<> ZookeeperTree::make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    // ZooKeeper asks who may create in it before it says that the node is there.
    if (const auto known = get(parent); known && *known) continue;
    const auto made = multi(Operation::create(full_path(parent), {}));
    if (!made && made.error().code != Code::kNodeExists) return error_of(made.error());
  }
  return {};
}

base::Result<> ZookeeperTree::put(const std::string& path, const std::string& text) {
  const base::SharedBytes bytes = zookeeper::to_bytes(text);
  auto set = multi(Operation::set(full_path(path), bytes));
  if (set) return {};
  if (set.error().code != Code::kNoNode) return error_of(set.error());
  if (auto made = make_parents(path); !made) return made;
  auto created = multi(Operation::create(full_path(path), bytes));
  if (created) return {};
  if (created.error().code != Code::kNodeExists) return error_of(created.error());
  set = multi(Operation::set(full_path(path), bytes));
  if (set) return {};
  return error_of(set.error());
}

base::Result<bool> ZookeeperTree::claim(const std::string& path, const std::string& text) {
  if (auto made = make_parents(path); !made) return base::fail(std::move(made));
  auto created = multi(
      Operation::create(full_path(path), zookeeper::to_bytes(text), Operation::Life::kEphemeral));
  if (created) return true;
  if (created.error().code != Code::kNodeExists) return error_of(created.error());
  // It may be that of a call whose answer was lost.
  auto node = answer_of<zookeeper::Node>([&](zookeeper::Session& session, auto done) {
    session.get(full_path(path),
                [&session, done = std::move(done)](Outcome<zookeeper::Node> found) mutable {
                  if (found && found->stat.ephemeral_owner != session.id()) {
                    found = zookeeper::fail(Code::kNodeExists, "");
                  }
                  done(std::move(found));
                });
  });
  if (node) return true;
  if (node.error().code == Code::kNodeExists || node.error().code == Code::kNoNode) return false;
  return error_of(node.error());
}

base::Result<> ZookeeperTree::remove(const std::string& path) {
  auto below = children(path);
  if (!below) return base::fail(std::move(below));
  for (const std::string& name : *below) {
    if (auto removed = remove(path + "/" + name); !removed) return removed;
  }
  auto removed = multi(Operation::remove(full_path(path)));
  if (removed || removed.error().code == Code::kNoNode) return {};
  return error_of(removed.error());
}

}  // namespace odradek::cli
