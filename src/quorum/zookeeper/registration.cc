// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/registration.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "base/log.h"
#include "quorum/zookeeper/layout.h"

namespace odradek::quorum::zookeeper {
namespace {

// After a registration that was refused or removed; doubled with each one in a row.
constexpr env::Duration kFirstPause = std::chrono::milliseconds(50);
// Until /brokers/ids, which somebody removed, is looked for again.
constexpr env::Duration kUntilThere = std::chrono::seconds(1);

// Equal texts are equal identities.
base::SharedBytes identity_text(const BrokerIdentity& identity) {
  std::vector<std::string> directories = identity.directory_ids;
  std::ranges::sort(directories);
  std::string list;
  for (const std::string& directory : directories) {
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", directory);
  }
  return to_bytes(fmt::format(R"({{"version":1,"cluster_id":"{}","directory_ids":[{}]}})",
                              identity.cluster_id, list));
}

}  // namespace

void Registration::begin(BrokerIdentity identity, base::SharedBytes node) {
  identity_ = std::move(identity);
  identity_text_ = identity_text(identity_);
  node_ = std::move(node);
  is_wanted_ = true;
  resume();
}

void Registration::resume() {
  if (!is_wanted_ || !session_.is_connected()) return;
  ++attempt_;
  if (registered_in_ == session_.id()) return watch();
  if (registered_in_ != 0) before_ = registered_in_;
  create();
}

// Each registration writes the identity, so that its version tells one from the next.
std::vector<Operation> Registration::own_nodes(std::int32_t identity_version) const {
  const std::string path = identity_path(identity_.broker);
  return {identity_version < 0 ? Operation::create(path, identity_text_)
                               : Operation::set(path, identity_text_, identity_version),
          Operation::create(broker_path(identity_.broker), node_, Operation::Life::kEphemeral)};
}

void Registration::create() {
  session_.sync([](Outcome<>) {});
  session_.get(identity_path(identity_.broker), [this, attempt = attempt_](Outcome<Node> identity) {
    if (attempt != attempt_) return;
    if (!identity && identity.error().code != Code::kNoNode) return;
    session_.multi(own_nodes(identity ? identity->stat.version : -1),
                   [this, attempt](Outcome<> created) {
                     if (attempt != attempt_) return;
                     if (created) return look();
                     if (is_passing(created.error())) return;
                     if (created.error().code == Code::kNoNode) return make_parents();
                     look();
                   });
  });
}

void Registration::make_parents() {
  const auto is_last = [](const char* path) { return path == path::kIdentities; };
  for (const char* path : {path::kBrokers, path::kBrokerIds, path::kIdentities}) {
    session_.multi({Operation::create(path, {})},
                   [this, path, is_last, attempt = attempt_](const Outcome<>& made) {
                     if (attempt != attempt_) return;
                     if (made) {
                       base::log::warn("quorum", "somebody removed {}: it is made anew", path);
                     }
                     if (is_last(path) && (made || !is_passing(made.error()))) create_later();
                   });
  }
}

void Registration::create_later() {
  constexpr int kMostDoublings = 6;
  const auto pause = kFirstPause * (1 << std::min(failures_++, kMostDoublings));
  session_.after(pause, [this, attempt = attempt_] {
    if (attempt == attempt_ && session_.is_connected()) create();
  });
}

void Registration::look() {
  auto other = std::make_shared<std::optional<Node>>();
  session_.get(broker_path(identity_.broker), [other](Outcome<Node> node) {
    if (node) *other = std::move(*node);
  });
  session_.get(identity_path(identity_.broker),
               [this, other, attempt = attempt_](Outcome<Node> identity) {
                 if (attempt != attempt_) return;
                 if (!identity && identity.error().code != Code::kNoNode) return;
                 if (!*other) return create_later();  // gone meanwhile
                 consider(**other, identity);
               });
}

void Registration::consider(const Node& other, const Outcome<Node>& identity) {
  const SessionId owner = other.stat.ephemeral_owner;
  if (owner == session_.id()) {
    registered_in_ = owner;
    failures_ = 0;
    handlers_.on_registered(other.stat.created_zxid);
    return watch();
  }
  if (!identity) return refuse(other, "nothing says which cluster and directories it has");
  if (identity->bytes != identity_text_) {
    return refuse(other,
                  fmt::format("it is {}, this one is {}", base::as_text(identity->bytes.view()),
                              base::as_text(identity_text_.view())));
  }
  const std::int32_t version = identity->stat.version;
  if (owner == before_) return take_over(version);
  probe_(other.bytes, [this, other, version, attempt = attempt_](bool answers) {
    if (attempt != attempt_) return;
    if (answers) return refuse(other, "it is alive: its address answers");
    take_over(version);
  });
}

// A watch survives a lost connection, and nothing else than the node's end is of interest: what is
// written into it by hand is not read.
void Registration::watch() {
  const SessionId session = session_.id();
  if (!is_wanted_ || registered_in_ != session || watched_in_ == session) return;
  watched_in_ = session;
  session_.get(
      broker_path(identity_.broker),
      [this, session](Outcome<Node> node) {
        if (watched_in_ != session || (node && node->stat.ephemeral_owner == session)) return;
        watched_in_ = 0;
        if (node || node.error().code == Code::kNoNode) on_vanished();
      },
      [this, session](WatchEvent event) {
        if (watched_in_ != session) return;
        watched_in_ = 0;
        event == WatchEvent::kDeleted ? on_vanished() : watch();
      });
}

void Registration::on_vanished() {
  if (!is_wanted_ || registered_in_ == 0 || registered_in_ != session_.id()) return;
  base::log::warn("quorum",
                  "somebody removed {}, while its session lives: this broker registers "
                  "anew",
                  broker_path(identity_.broker));
  registered_in_ = 0;
  ++attempt_;
  create();
}

void Registration::take_over(std::int32_t identity_version) {
  auto operations = own_nodes(identity_version);
  operations.insert(operations.begin() + 1, Operation::remove(broker_path(identity_.broker)));
  session_.multi(std::move(operations), [this, attempt = attempt_](Outcome<> done) {
    if (attempt != attempt_) return;
    if (done) {
      base::log::info("quorum", "broker {} takes over the registration of its last run",
                      identity_.broker.value());
    }
    if (done || !is_passing(done.error())) look();
  });
}

void Registration::refuse(const Node& other, const std::string& why) {
  is_wanted_ = false;
  handlers_.on_refused(
      {base::ErrorCode::kDuplicateBrokerRegistration,
       fmt::format("another broker has the id {}: {}; {}", identity_.broker.value(),
                   base::as_text(other.bytes.view()), why),
       0});
}

struct LiveBrokers::Round {
  std::vector<Broker> brokers;
  std::size_t left = 0;
  bool is_complete = true;
};

void LiveBrokers::resume(bool is_new) {
  if (is_new) is_watched_ = false;
  is_reading_ = false;
  read();
}

void LiveBrokers::read() {
  if (!session_.is_connected()) return;
  if (is_reading_) {
    again_ = true;
    return;
  }
  is_reading_ = true;
  again_ = false;
  Watch watch;
  if (!std::exchange(is_watched_, true)) {
    watch = [this](WatchEvent) {
      is_watched_ = false;
      read();
    };
  }
  session_.children(
      path::kBrokerIds,
      [this](Outcome<std::vector<std::string>> names) {
        if (names) return read_nodes(*names);
        is_watched_ = false;
        is_reading_ = false;
        if (names.error().code == Code::kNoNode) session_.after(kUntilThere, [this] { read(); });
      },
      std::move(watch));
}

void LiveBrokers::read_nodes(const std::vector<std::string>& names) {
  auto round = std::make_shared<Round>();
  round->left = names.size() + 1;
  const auto finish = [this, round] {
    if (--round->left > 0) return;
    is_reading_ = false;
    if (!round->is_complete) return;
    if (again_) return read();
    std::ranges::sort(round->brokers, {}, [](const Broker& broker) { return broker.id.value(); });
    if (std::exchange(is_known_, true) && brokers_ == round->brokers) return;
    brokers_ = round->brokers;
    handler_(brokers_);
  };
  for (const std::string& name : names) {
    std::int32_t id = -1;
    std::from_chars(name.data(), name.data() + name.size(), id);
    session_.get(broker_path(base::BrokerId(id)), [round, finish, id](Outcome<Node> node) {
      if (node) {
        round->brokers.push_back({base::BrokerId(id), node->bytes, node->stat.created_zxid});
      } else if (node.error().code != Code::kNoNode) {
        round->is_complete = false;
      }
      finish();
    });
  }
  finish();
}

}  // namespace odradek::quorum::zookeeper
