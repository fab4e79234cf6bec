// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/engine.h"

#include <fmt/core.h>

#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace odradek::quorum::zookeeper {

ZookeeperEngine::ZookeeperEngine(EngineOptions options, const env::Clock& clock, Listener& listener,
                                 Registration::Probe probe, const MakeSession& make_session)
    : options_(std::move(options)),
      clock_(clock),
      listener_(listener),
      session_(make_session([this](SessionEvent event) { on_event(event); })),
      foundation_(*session_, options_.connect),
      log_(*session_, {.on_snapshot = [this](const Snapshot& told) { listener_.on_snapshot(told); },
                       .on_change = [this](const Change& change) { listener_.on_change(change); },
                       .on_damage =
                           [this](const base::Error& error) {
                             base::log::error("quorum", "{}", error.message);
                             listener_.on_damage(error);
                             fail_start(error);
                           }}),
      election_(*session_, clock, options_.broker,
                {.on_controller =
                     [this](const std::optional<ControllerInfo>& controller) {
                       listener_.on_controller(controller);
                       clear_own_controller();
                     },
                 .on_elected = [this](const Lead& lead) { on_elected(lead); },
                 .on_lost = [this](const std::string& why) { on_lost(why); },
                 .newest_epoch = [this] { return log_.newest_epoch(); }}),
      committer_(*session_, log_, election_),
      snapshots_(*session_, election_),
      registration_(*session_, std::move(probe),
                    {.on_registered =
                         [this](std::int64_t zxid) {
                           registered_in_ = session_->id();
                           listener_.on_registered(zxid);
                           clear_own_controller();
                         },
                     .on_refused =
                         [this](const base::Error& error) {
                           base::log::error("quorum", "{}", error.message);
                           listener_.on_refused(error);
                         }}),
      brokers_(*session_, [this](const std::vector<LiveBrokers::Broker>& brokers) {
        listener_.on_brokers(brokers);
      }) {}

ZookeeperEngine::~ZookeeperEngine() = default;

void ZookeeperEngine::start(Proposal proposal, StartHandler handler) {
  start_handler_ = std::move(handler);
  foundation_.lay(std::move(proposal),
                  [this](base::Result<Founded> founded) { on_founded(std::move(founded)); });
  session_->open();
}

void ZookeeperEngine::on_founded(base::Result<Founded> founded) {
  if (!founded) return fail_start(std::move(founded.error()));
  is_founded_ = true;
  found_ = std::move(*founded);
  log_.catch_up([this] {
    if (auto handler = std::exchange(start_handler_, {})) {
      handler(Started{found_.cluster_id, found_.origin, log_.position()});
    }
  });
  election_.resume(true);
  brokers_.resume(true);
}

void ZookeeperEngine::fail_start(base::Error error) {
  if (auto handler = std::exchange(start_handler_, {})) handler(base::fail(std::move(error)));
}

void ZookeeperEngine::on_event(SessionEvent event) {
  switch (event) {
    case SessionEvent::kConnected:
      return on_connected();
    case SessionEvent::kDisconnected:
      return listener_.on_reachable(false);
    case SessionEvent::kExpired:
      return on_expired();
    case SessionEvent::kAuthFailed:
      listener_.on_reachable(false);
      return on_credentials_refused();
    case SessionEvent::kNoChroot:
      return fail_start({base::ErrorCode::kInvalidConfig,
                         fmt::format("zookeeper.connect={}: the chroot can't be made: an access "
                                     "list or a node that is in its way does not let this broker",
                                     options_.connect),
                         0});
    case SessionEvent::kReadOnly:
      was_read_only_ = true;
      return;
    case SessionEvent::kUnreachable:
      return fail_start(
          {base::ErrorCode::kBrokerNotAvailable,
           fmt::format("zookeeper.connect={}: {} within zookeeper.connection.timeout.ms",
                       options_.connect,
                       was_read_only_ ? "only servers without a quorum, which are read-only, "
                                        "answered"
                                      : "nobody answered"),
           0});
  }
}

// The session is past repair then, and so is a broker that runs.
void ZookeeperEngine::on_credentials_refused() {
  base::Error error{base::ErrorCode::kSaslAuthenticationFailed,
                    "ZooKeeper refused zookeeper.digest.credentials", 0};
  if (start_handler_) return fail_start(std::move(error));
  base::log::error("quorum", "{}", error.message);
  listener_.on_refused(error);
}

void ZookeeperEngine::on_connected() {
  was_read_only_ = false;
  const bool is_new = std::exchange(last_session_, session_->id()) != session_->id();
  listener_.on_reachable(true);
  if (!is_founded_) return foundation_.resume();
  log_.resume(is_new);
  election_.resume(is_new);
  if (election_.lead()) {
    committer_.resume();
    snapshots_.resume();
  }
  registration_.resume();
  brokers_.resume(is_new);
}

void ZookeeperEngine::on_expired() {
  election_.on_expired();
  listener_.on_expired();
  session_->open();
}

void ZookeeperEngine::register_broker(BrokerIdentity identity, base::SharedBytes node) {
  registration_.begin(std::move(identity), std::move(node));
}

// Whoever has the registration is the broker: a /controller of it that is another session's is its
// last run's, and nobody waits for the end of that.
void ZookeeperEngine::clear_own_controller() {
  const auto& controller = election_.controller();
  if (!controller || controller->broker != options_.broker) return;
  if (controller->session == session_->id() || registered_in_ != session_->id()) return;
  election_.remove(*controller, [](Outcome<>) {});
}

void ZookeeperEngine::stand(bool is_standing) { election_.stand(is_standing); }

// The log cannot grow by another's hand any more: what stands in it now is all.
void ZookeeperEngine::on_elected(const Lead& lead) {
  committer_.forget_view();
  log_.catch_up([this, lead] {
    if (election_.lead() == lead && !lead_) begin_lead(lead);
  });
}

void ZookeeperEngine::begin_lead(const Lead& lead) {
  // Taken before all of the log was read here, from an epoch that somebody has written.
  if (lead.epoch <= log_.newest_epoch()) {
    return election_.lose(fmt::format("its epoch {} is not above {}, which the log has",
                                      lead.epoch.value(), log_.newest_epoch().value()));
  }
  lead_ = lead;
  listener_.on_elected(lead, log_.open_transaction());
}

void ZookeeperEngine::on_lost(const std::string& why) {
  const bool was_told = std::exchange(lead_, std::nullopt).has_value();
  committer_.abandon(why);
  snapshots_.abandon(why);
  if (was_told) listener_.on_lost(why);
  // From here on it follows like the others.
  log_.catch_up([] {});
}

void ZookeeperEngine::commit(const std::vector<base::SharedBytes>& records,
                             std::vector<ViewWrite> view, base::Timestamp now,
                             CommitHandler handler) {
  if (!lead_) {
    return handler(
        base::fail(base::ErrorCode::kNotController, "this broker is not the controller"));
  }
  ODRADEK_ASSERT(log_.open_transaction().empty());
  auto parts = split(log_.next(), lead_->epoch, now, records, std::move(view));
  if (!parts) return handler(base::fail(std::move(parts)));
  committer_.commit(std::move(*parts), std::move(handler));
}

void ZookeeperEngine::take_back(std::vector<ViewWrite> view, base::Timestamp now,
                                CommitHandler handler) {
  if (!lead_) {
    return handler(
        base::fail(base::ErrorCode::kNotController, "this broker is not the controller"));
  }
  ODRADEK_ASSERT(!log_.open_transaction().empty());
  auto parts = split_abort(log_.next(), lead_->epoch, now, std::move(view));
  if (!parts) return handler(base::fail(std::move(parts)));
  committer_.commit(std::move(*parts), std::move(handler));
}

bool ZookeeperEngine::wants_snapshot() const {
  return lead_ && snapshots_.is_idle() &&
         (log_.changes_since_snapshot() >= options_.max_changes_between_snapshots ||
          log_.bytes_since_snapshot() >= options_.max_bytes_between_snapshots);
}

void ZookeeperEngine::write_snapshot(const Position& position, base::Timestamp timestamp,
                                     const std::vector<base::SharedBytes>& records,
                                     SnapshotWriter::Handler handler) {
  if (!lead_) {
    return handler(
        base::fail(base::ErrorCode::kNotController, "this broker is not the controller"));
  }
  log_.snapshot_begins();
  snapshots_.write(position, timestamp, records, std::move(handler));
}

void ZookeeperEngine::remove_controller(const ControllerInfo& dead,
                                        std::move_only_function<void(bool)> done) {
  election_.remove(dead, [done = std::move(done)](const Outcome<>& removed) mutable {
    done(removed.has_value());
  });
}

void ZookeeperEngine::close(std::move_only_function<void()> done) {
  start_handler_ = {};
  session_->close(std::move(done));
}

}  // namespace odradek::quorum::zookeeper
