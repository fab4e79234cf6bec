// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/election.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "base/log.h"

namespace odradek::quorum::zookeeper {
namespace {

// After a refusal; doubled with each one that follows it.
constexpr env::Duration kFirstPause = std::chrono::milliseconds(50);

}  // namespace

Operation check_of(const Lead& lead) {
  return Operation::check(path::kControllerEpoch, lead.epoch_version);
}

void Election::resume(bool is_new) {
  if (is_new) {
    is_watched_ = false;
    has_attempted_ = false;
  }
  is_observing_ = true;
  session_.sync([this](Outcome<> done) {
    is_observing_ = false;
    if (done) observe();
  });
}

void Election::on_expired() {
  is_watched_ = false;
  has_attempted_ = false;
  lose("its session with ZooKeeper has expired");
  if (std::exchange(controller_, std::nullopt)) handlers_.on_controller(controller_);
}

void Election::stand(bool is_standing) {
  is_standing_ = is_standing;
  observe();
}

void Election::lose(const std::string& why) {
  if (!std::exchange(lead_, std::nullopt)) return;
  has_attempted_ = false;
  base::log::warn("quorum", "broker {} is no longer the controller: {}", broker_.value(), why);
  handlers_.on_lost(why);
  observe();
}

// The epoch is read before and after: a controller and the epoch of another one are not put
// together.
void Election::observe() {
  if (!session_.is_connected()) return;
  if (is_observing_) {
    again_ = true;
    return;
  }
  is_observing_ = true;
  again_ = false;
  auto seen = std::make_shared<Observation>();
  session_.get(path::kControllerEpoch,
               [this, seen](Outcome<Node> node) { seen->before = to_lead(node); });
  Watch watch;
  if (!std::exchange(is_watched_, true)) {
    watch = [this](WatchEvent) {
      is_watched_ = false;
      observe();
    };
  }
  // Watched also while nobody has it.
  session_.exists(
      path::kController,
      [this, seen](Outcome<std::optional<Stat>> found) {
        if (found) return;
        is_watched_ = false;
        seen->is_complete = false;
      },
      std::move(watch));
  session_.get(path::kController, [seen](Outcome<Node> node) {
    if (!node) {
      seen->is_complete = seen->is_complete && node.error().code == Code::kNoNode;
      return;
    }
    const auto broker = parse_controller(node->bytes.view());
    seen->controller = ControllerInfo{broker.value_or(base::BrokerId(-1)),
                                      {},
                                      node->stat.ephemeral_owner,
                                      node->stat.created_zxid};
  });
  session_.get(path::kControllerEpoch, [this, seen](Outcome<Node> node) {
    is_observing_ = false;
    const auto after = to_lead(node);
    if (!node && node.error().code != Code::kNoNode) return;  // the next connection begins again
    if (!node && is_standing_) return make_epoch();
    if (!seen->is_complete || !after) return;
    if (seen->before != after || again_) return observe();
    finish(*seen, after);
  });
}

std::optional<Lead> Election::to_lead(const Outcome<Node>& node) {
  if (!node) return std::nullopt;
  const std::int32_t version = node->stat.version;
  auto epoch = parse_epoch(node->bytes.view());
  // None is above it.
  if (epoch == std::numeric_limits<std::int32_t>::max()) epoch.reset();
  if (!epoch && std::exchange(unreadable_version_, version) != version) {
    base::log::error("quorum", "{} is no epoch: {}; the next controller writes it anew",
                     path::kControllerEpoch, base::as_text(node->bytes.view()));
  }
  return Lead{base::LeaderEpoch(epoch.value_or(0)), version};
}

// Somebody has removed it.
void Election::make_epoch() {
  const auto epoch = handlers_.newest_epoch();
  base::log::error("quorum", "{} is missing: it is made anew", path::kControllerEpoch);
  session_.multi(
      {Operation::create(path::kControllerEpoch, to_bytes(fmt::format("{}", epoch.value())))},
      [this](Outcome<> done) {
        if (done) return observe();
        if (!is_passing(done.error())) observe_later();
      });
}

void Election::observe_later() {
  constexpr int kMostDoublings = 6;
  const auto pause = kFirstPause * (1 << std::min(refusals_++, kMostDoublings));
  session_.after(pause, [this] { observe(); });
}

void Election::finish(const Observation& seen, const std::optional<Lead>& after) {
  std::optional<ControllerInfo> found = seen.controller;
  if (found) found->lead = *after;
  const bool is_ours = found && found->session == session_.id();
  if (!is_ours)
    lose(found ? fmt::format("broker {} is", found->broker.value())
               : std::string("its /controller was removed"));
  if (std::exchange(controller_, found) != found) handlers_.on_controller(controller_);
  if (!found) {
    has_attempted_ = false;
    if (is_standing_) attempt(*after);
    return;
  }
  if (!is_ours || lead_) return;
  if (!std::exchange(has_attempted_, false)) return renew(*after);
  refusals_ = 0;
  lead_ = *after;
  base::log::info("quorum", "broker {} is the controller, epoch {}", broker_.value(),
                  lead_->epoch.value());
  handlers_.on_elected(*lead_);
}

void Election::attempt(const Lead& last) {
  has_attempted_ = true;
  const std::string epoch =
      fmt::format("{}", std::max(last.epoch, handlers_.newest_epoch()).value() + 1);
  session_.multi({Operation::set(path::kControllerEpoch, to_bytes(epoch), last.epoch_version),
                  Operation::create(path::kController, controller_text(broker_, clock_.wall()),
                                    Operation::Life::kEphemeral)},
                 [this](Outcome<> done) {
                   if (done) return observe();
                   // What became of it is read first.
                   if (is_passing(done.error())) return;
                   has_attempted_ = false;
                   on_refused(done.error());
                 });
}

void Election::renew(const Lead& last) {
  session_.multi({check_of(last), Operation::remove(path::kController)}, [this](Outcome<> done) {
    if (done) return observe();
    if (!is_passing(done.error())) on_refused(done.error());
  });
}

// Another one was faster: that is seen at once. What nobody's haste explains may stay.
void Election::on_refused(const Failure& failure) {
  const bool was_overtaken = failure.code == Code::kNodeExists || failure.code == Code::kNoNode ||
                             failure.code == Code::kBadVersion;
  if (was_overtaken) return observe();
  if (failure.code == Code::kSessionExpired || failure.code == Code::kClosed) return;
  if (refusals_ == 0) {
    base::log::error("quorum", "this broker can't become the controller, tried again: {}",
                     failure.message);
  }
  observe_later();
}

void Election::remove(const ControllerInfo& dead, Session::DoneHandler done) {
  session_.multi({check_of(dead.lead), Operation::remove(path::kController)}, std::move(done));
}

}  // namespace odradek::quorum::zookeeper
