// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/fetch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/fetch/fetch_operation.h"
#include "broker/fetch/fetch_session.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::FetchRequest;
using wire::FetchResponse;

constexpr std::int32_t kFinalEpoch = -1;
constexpr std::int32_t kInitialEpoch = 0;
// A parked fetch keeps its connection's memory, though the client may be gone: not for as long as a
// client may say.
constexpr std::int32_t kMaxWaitMs = 5 * 60 * 1000;

std::vector<FetchTargetRef> all_targets(const FetchRequest& request) {
  const auto all = std::make_shared<std::vector<FetchTarget>>();
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      all->push_back({topic.topic, topic.topic_id, partition});
    }
  }
  std::vector<FetchTargetRef> targets;
  targets.reserve(all->size());
  for (const FetchTarget& target : *all) targets.emplace_back(all, &target);
  return targets;
}

// Since version 15 the replica and its broker's epoch stand in a struct of their own (KIP-903).
std::optional<FetchingReplica> replica_of(const FetchRequest& request) {
  constexpr base::BrokerId kFirstBroker{0};
  if (request.replica_state.replica_id >= kFirstBroker) {
    return FetchingReplica{request.replica_state.replica_id, request.replica_state.replica_epoch};
  }
  if (request.replica_id >= kFirstBroker) return FetchingReplica{request.replica_id, -1};
  return std::nullopt;
}

// What is to be fetched: what the session says, or, without one, what the request names.
struct FetchPlan {
  std::vector<FetchTargetRef> targets;
  std::shared_ptr<FetchSession> session;
  bool is_incremental = false;
};

base::Result<FetchPlan> plan_incremental(FetchSessions& sessions, const FetchRequest& request,
                                         bool by_topic_id) {
  auto session = sessions.find(request.session_id);
  if (session == nullptr) return base::fail(ErrorCode::kFetchSessionIdNotFound);
  if (session->by_topic_id() != by_topic_id) {
    return base::fail(ErrorCode::kFetchSessionTopicIdError);
  }
  if (auto known = session->update(request); !known) return base::fail(std::move(known));
  return FetchPlan{{}, std::move(session), true};
}

base::Result<FetchPlan> plan(FetchSessions& sessions, const FetchRequest& request,
                             bool by_topic_id) {
  const bool is_full =
      request.session_epoch == kFinalEpoch || request.session_epoch == kInitialEpoch;
  if (!is_full) return plan_incremental(sessions, request, by_topic_id);
  if (request.session_id != 0) sessions.remove(request.session_id);
  const auto by = replica_of(request) ? FetchedBy::kFollower : FetchedBy::kConsumer;
  auto session =
      request.session_epoch == kInitialEpoch ? sessions.create(by_topic_id, by) : nullptr;
  if (session == nullptr) return FetchPlan{all_targets(request), nullptr, false};
  if (auto known = session->update(request); !known) return base::fail(std::move(known));
  return FetchPlan{{}, std::move(session), false};
}

constexpr wire::Version kNamesRack = 11;

// Consumers of that version on know what to do where a follower answers (KIP-392); where to read is
// said by leaders that were given a selector, the one that knows racks.
void set_readable(const Services& services, const FetchRequest& request, wire::Version version,
                  FetchLimits& limits) {
  if (version < kNamesRack) return;
  limits.readable = replica::Readable::kFromAnyReplica;
  if (request.rack_id.empty()) return;
  const auto selector = services.settings.current()->value("replica.selector.class");
  if (!selector.value_or("").empty()) limits.rack = request.rack_id;
}

FetchLimits limits_of(const Services& services, const FetchRequest& request,
                      wire::Version version) {
  FetchLimits limits;
  limits.max_wait_ms = std::min(request.max_wait_ms, kMaxWaitMs);
  limits.max_bytes = std::min<std::int64_t>(request.max_bytes, services.limits.fetch_max_bytes);
  limits.min_bytes = std::min<std::int64_t>(request.min_bytes, limits.max_bytes);
  limits.isolation = request.isolation_level == 0 ? replica::Isolation::kReadUncommitted
                                                  : replica::Isolation::kReadCommitted;
  if (const auto replica = replica_of(request)) {
    limits.replica = replica;
    limits.isolation = replica::Isolation::kLogEnd;
    limits.max_bytes = request.max_bytes;
  } else {
    set_readable(services, request, version, limits);
  }
  return limits;
}

// Brokers talk to each other over one listener; from another one a follower's fetch is what Apache
// Kafka takes for one that its principal may not send.
bool is_refused(const Services& services, const FetchRequest& request,
                const net::ConnectionInfo& connection) {
  return replica_of(request) && connection.listener != services.inter_broker_listener;
}

FetchResponse refuse_all(const FetchRequest& request) {
  FetchResponse response;
  for (const auto& topic : request.topics) {
    auto& answer = response.responses.emplace_back();
    answer.topic = topic.topic;
    answer.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions) {
      auto& data = answer.partitions.emplace_back();
      data.partition_index = partition.partition;
      data.error_code = ErrorCode::kTopicAuthorizationFailed;
      data.high_watermark = base::kNoOffset;
      data.records.emplace();
    }
  }
  return response;
}

}  // namespace

void handle_fetch(Services& services, FetchRequest request, Responder<FetchResponse> responder) {
  const wire::Version version = responder.context().version;
  const bool by_topic_id = version >= 13;
  if (is_refused(services, request, *responder.context().connection)) {
    return responder.send(refuse_all(request));
  }
  auto planned = plan(services.fetch_sessions, request, by_topic_id);
  if (!planned) {
    FetchResponse response;
    response.error_code = planned.error().code;
    responder.send(response);
    return;
  }
  std::make_shared<FetchOperation>(services, std::move(responder), std::move(planned->targets),
                                   limits_of(services, request, version),
                                   std::move(planned->session), planned->is_incremental)
      ->start();
}

}  // namespace odradek::broker::api
