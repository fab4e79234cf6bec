// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/registration.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::BrokerRegistrationRequest;

constexpr const char* kMetadataVersion = "metadata.version";

bool is_reserved(const base::Uuid& directory) {
  return directory <= base::Uuid{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99}};
}

std::string address_of(const BrokerImage& broker) {
  if (broker.endpoints.empty()) return "an unknown address";
  return fmt::format("{}:{}", broker.endpoints.front().host, broker.endpoints.front().port);
}

bool is_same_disks(std::vector<base::Uuid> left, std::vector<base::Uuid> right) {
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left == right;
}

// What the request names may be written down.
class Registrar {
 public:
  Registrar(const ControllerView& view, const BrokerSessions& sessions,
            const RegistrationInputs& inputs, const BrokerRegistrationRequest& request)
      : view_(view),
        sessions_(sessions),
        inputs_(inputs),
        request_(request),
        existing_(view.image.find_broker(request.broker_id)) {}

  RegistrationDecision run() {
    RegistrationDecision decision;
    if (auto valid = check(); !valid) {
      decision.reply = base::fail(std::move(valid));
      return decision;
    }
    wire::RegisterBrokerRecord record = to_record();
    if (is_same_incarnation()) {
      record.fenced = existing_->fenced;
      record.in_controlled_shutdown = existing_->in_controlled_shutdown;
      record.broker_epoch = existing_->epoch;
    } else {
      Changes changes =
          broker_came_back(view_, request_.broker_id, restart(), request_.log_dirs, cause());
      record.broker_epoch = view_.image.end_offset.value() + std::ssize(changes.records);
      decision.records = std::move(changes.records);
      decision.events = std::move(changes.events);
      decision.events.emplace_back(
          BrokerEvent{request_.broker_id, record.broker_epoch, BrokerStep::kRegistered, cause()});
    }
    wire::BrokerRegistrationResponse response;
    response.broker_epoch = record.broker_epoch;
    decision.reply = response;
    decision.records.emplace_back(std::move(record));
    return decision;
  }

 private:
  bool is_same_incarnation() const {
    return existing_ != nullptr && existing_->incarnation_id == request_.incarnation_id;
  }

  bool is_restart_in_order() const {
    return existing_ != nullptr && request_.previous_broker_epoch == existing_->epoch;
  }
  Restart restart() const { return is_restart_in_order() ? Restart::kClean : Restart::kCrash; }

  Cause cause() const {
    Reason reason = Reason::kBrokerRegistered;
    if (existing_ != nullptr) {
      const auto has = [this](const base::Uuid& directory) {
        return std::ranges::find(request_.log_dirs, directory) != request_.log_dirs.end();
      };
      reason = !std::ranges::all_of(existing_->log_directories, has) ? Reason::kDiskReplaced
               : is_restart_in_order()                               ? Reason::kBrokerRestarted
                                                                     : Reason::kBrokerCrashed;
    }
    return {reason, request_.broker_id};
  }

  base::Result<> check() const {
    if (request_.cluster_id != inputs_.cluster_id) {
      return base::fail(ErrorCode::kInconsistentClusterId,
                        fmt::format("Expected cluster ID {}, but got cluster ID {}",
                                    inputs_.cluster_id, request_.cluster_id));
    }
    if (auto alone = check_alone(); !alone) return alone;
    if (auto valid = check_directories(); !valid) return valid;
    return check_features();
  }

  base::Result<> check_alone() const {
    if (existing_ == nullptr || is_same_incarnation()) return {};
    if (!sessions_.is_alive(existing_->id, existing_->epoch, inputs_.now_ms)) return {};
    if (inputs_.is_old_address_dead &&
        is_same_disks(existing_->log_directories, request_.log_dirs)) {
      return {};
    }
    return base::fail(
        ErrorCode::kDuplicateBrokerRegistration,
        fmt::format("Another broker is registered with broker id {}: the one at {}. If the broker "
                    "was recently restarted this resolves itself once the session of the one "
                    "before is over, within {} ms.",
                    existing_->id.value(), address_of(*existing_), sessions_.timeout_ms()));
  }

  base::Result<> check_directories() const {
    const auto invalid = [](std::string message) {
      return base::fail(ErrorCode::kInvalidRegistration, std::move(message));
    };
    if (request_.log_dirs.empty()) return invalid("No directories specified in request");
    std::set<base::Uuid> seen;
    for (const base::Uuid& directory : request_.log_dirs) {
      if (is_reserved(directory)) return invalid("Reserved directory ID in request");
      if (!seen.insert(directory).second) return invalid("Duplicate directory ID in request");
    }
    for (const auto& [id, broker] : view_.image.brokers) {
      if (id == request_.broker_id) continue;
      for (const base::Uuid& directory : broker->log_directories) {
        if (!seen.contains(directory)) continue;
        return invalid(fmt::format("Broker {} is already registered with directory {}", id.value(),
                                   directory.to_string()));
      }
    }
    return {};
  }

  base::Result<> check_features() const {
    std::map<std::string, std::pair<std::int16_t, std::int16_t>> supported;
    for (const auto& feature : request_.features) {
      supported[feature.name] = {feature.min_supported_version, feature.max_supported_version};
    }
    if (!supported.contains(kMetadataVersion)) {
      return base::fail(ErrorCode::kInvalidRegistration,
                        "Request features do not contain 'metadata.version'");
    }
    for (const auto& [name, level] : view_.image.features) supported.try_emplace(name, 0, 0);
    for (const auto& [name, range] : supported) {
      const auto finalized = view_.image.features.find(name);
      const std::int16_t level = finalized == view_.image.features.end() ? 0 : finalized->second;
      if (range.first <= level && level <= range.second) continue;
      return base::fail(
          ErrorCode::kUnsupportedVersion,
          fmt::format("Unable to register because the broker does not support finalized version "
                      "{} of {}. The broker wants a version between {} and {}, inclusive.",
                      level, name, range.first, range.second));
    }
    return {};
  }

  wire::RegisterBrokerRecord to_record() const {
    wire::RegisterBrokerRecord record;
    record.broker_id = request_.broker_id;
    record.incarnation_id = request_.incarnation_id;
    record.rack = request_.rack;
    record.fenced = true;
    record.log_dirs = request_.log_dirs;
    for (const auto& listener : request_.listeners) {
      record.end_points.push_back(
          {listener.name, listener.host, listener.port, listener.security_protocol});
    }
    for (const auto& feature : request_.features) {
      record.features.push_back(
          {feature.name, feature.min_supported_version, feature.max_supported_version});
    }
    return record;
  }

  const ControllerView& view_;
  const BrokerSessions& sessions_;
  const RegistrationInputs& inputs_;
  const BrokerRegistrationRequest& request_;
  const BrokerImage* existing_;
};

}  // namespace

RegistrationDecision register_broker(const ControllerView& view, const BrokerSessions& sessions,
                                     const RegistrationInputs& inputs,
                                     const BrokerRegistrationRequest& request) {
  return Registrar(view, sessions, inputs, request).run();
}

base::Result<> check_broker_epoch(const ClusterImage& image, base::BrokerId broker,
                                  std::int64_t broker_epoch) {
  const BrokerImage* registered = image.find_broker(broker);
  if (registered == nullptr) {
    return base::fail(ErrorCode::kStaleBrokerEpoch,
                      fmt::format("No broker registration found for broker id {}", broker.value()));
  }
  if (registered->epoch != broker_epoch) {
    return base::fail(ErrorCode::kStaleBrokerEpoch,
                      fmt::format("Expected broker epoch {}, but got broker epoch {}",
                                  registered->epoch, broker_epoch));
  }
  return {};
}

}  // namespace odradek::metadata
