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

std::vector<FetchTarget> all_targets(const FetchRequest& request) {
  std::vector<FetchTarget> targets;
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      targets.push_back({topic.topic, topic.topic_id, partition});
    }
  }
  return targets;
}

// What the request's session says is to be fetched.
struct FetchPlan {
  std::vector<FetchTarget> targets;
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
  auto targets = session->update(request);
  if (!targets) return base::fail(std::move(targets));
  return FetchPlan{std::move(*targets), std::move(session), true};
}

base::Result<FetchPlan> plan(FetchSessions& sessions, const FetchRequest& request,
                             bool by_topic_id) {
  const bool is_full =
      request.session_epoch == kFinalEpoch || request.session_epoch == kInitialEpoch;
  if (!is_full) return plan_incremental(sessions, request, by_topic_id);
  if (request.session_id != 0) sessions.remove(request.session_id);
  FetchPlan plan{all_targets(request), nullptr, false};
  if (request.session_epoch == kFinalEpoch) return plan;
  plan.session = sessions.create(by_topic_id);
  if (plan.session == nullptr) return plan;
  if (auto known = plan.session->update(request); !known) return base::fail(std::move(known));
  return plan;
}

FetchLimits limits_of(const Services& services, const FetchRequest& request) {
  FetchLimits limits;
  limits.max_wait_ms = std::min(request.max_wait_ms, kMaxWaitMs);
  limits.max_bytes = std::min<std::int64_t>(request.max_bytes, services.limits.fetch_max_bytes);
  limits.min_bytes = std::min<std::int64_t>(request.min_bytes, limits.max_bytes);
  limits.isolation = request.isolation_level == 0 ? replica::Isolation::kReadUncommitted
                                                  : replica::Isolation::kReadCommitted;
  return limits;
}

}  // namespace

void handle_fetch(Services& services, FetchRequest request, Responder<FetchResponse> responder) {
  const bool by_topic_id = responder.context().version >= 13;
  auto planned = plan(services.fetch_sessions, request, by_topic_id);
  if (!planned) {
    FetchResponse response;
    response.error_code = planned.error().code;
    responder.send(response);
    return;
  }
  std::make_shared<FetchOperation>(services, std::move(responder), std::move(planned->targets),
                                   limits_of(services, request), std::move(planned->session),
                                   planned->is_incremental)
      ->start();
}

}  // namespace odradek::broker::api
