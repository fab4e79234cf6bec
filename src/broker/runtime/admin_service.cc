// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/admin_service.h"

#include <algorithm>
#include <atomic>
#include <string_view>

#include "base/assert.h"
#include "base/log.h"
#include "broker/cluster/forwarder.h"
#include "broker/internal_topics.h"
#include "wire/frame.h"
#include "wire/join_pieces.h"
#include "wire/reader.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using Topic = wire::CreateTopicsRequest::CreatableTopic;

struct InternalTopic {
  std::string_view name;
  std::string_view partitions_key;
  std::string_view factor_key;
  std::string_view segment_key;
};

constexpr InternalTopic kInternalTopics[] = {
    {kGroupTopic, "offsets.topic.num.partitions", "offsets.topic.replication.factor",
     "offsets.topic.segment.bytes"},
    {kTransactionTopic, "transaction.state.log.num.partitions",
     "transaction.state.log.replication.factor", "transaction.state.log.segment.bytes"},
};

// Clients that ask for a topic wait meanwhile for what they want to know of others.
constexpr std::chrono::milliseconds kCreationTimeLimit = std::chrono::seconds(5);
// What nobody asked for by name is not worth a long wait for a broker that follows slowly.
constexpr std::chrono::milliseconds kFollowTimeLimit = std::chrono::seconds(1);

// Of a request for one topic: it is there, if not everywhere yet (REQUEST_TIMED_OUT).
base::Result<> outcome_of(const wire::CreateTopicsResponse& response) {
  if (response.topics.empty()) return base::fail(ErrorCode::kUnknownServerError, "no answer");
  const auto& topic = response.topics.front();
  constexpr ErrorCode kThere[] = {ErrorCode::kNone, ErrorCode::kTopicAlreadyExists,
                                  ErrorCode::kRequestTimedOut};
  if (std::ranges::find(kThere, topic.error_code) != std::end(kThere)) return {};
  return base::fail(topic.error_code, topic.error_message.value_or(""));
}

}  // namespace

metadata::ControllerInputs AdminService::inputs(const config::Settings& settings) {
  return {settings, [this] {
            env::Random& random = world_.random();
            const std::uint64_t high = random.next();
            return base::Uuid::from_random(high, random.next());
          }};
}

base::Result<> AdminService::not_everywhere_yet() {
  return base::fail(ErrorCode::kRequestTimedOut,
                    "it is done, and some brokers had not followed it within the request's "
                    "time-out");
}

std::unique_ptr<AdminService> AdminService::make_refusing(env::World& world,
                                                          const config::LiveSettings& settings,
                                                          MetadataRuntime& runtime,
                                                          base::Error error) {
  auto service = std::make_unique<AdminService>(world, settings, runtime, nullptr, EventSink());
  service->refusal_ = std::move(error);
  return service;
}

void AdminService::create_one(Topic topic, Done done) {
  wire::CreateTopicsRequest request;
  request.topics.push_back(std::move(topic));
  request.timeout_ms = static_cast<std::int32_t>(kFollowTimeLimit.count());
  if (forwarder_ != nullptr && !forwarder_->is_controller_here()) {
    create_one_elsewhere(request, std::move(done));
  } else {
    create_one_here(std::move(request), std::move(done));
  }
}

void AdminService::create_one_here(wire::CreateTopicsRequest request, Done done) {
  change_everywhere<wire::CreateTopicsResponse>(
      kFollowTimeLimit,
      [request = std::move(request)](const metadata::ClusterImage& image,
                                     const metadata::ControllerInputs& inputs) {
        return metadata::create_topics(image, inputs, request);
      },
      [done = std::move(done)](const wire::CreateTopicsResponse& response,
                               const base::Result<>& committed) mutable {
        const bool is_there = committed || committed.error().code == ErrorCode::kRequestTimedOut;
        done(is_there ? outcome_of(response) : committed);
      });
}

// In this broker's own name, as nobody has to say who they are as yet.
void AdminService::create_one_elsewhere(const wire::CreateTopicsRequest& request, Done done) {
  constexpr wire::Version kVersion = wire::CreateTopicsRequest::kLatestStableVersion;
  auto frame = wire::frame_request(request, kVersion, 0, "odradek");
  ODRADEK_ASSERT(frame.has_value());
  frame->remove_prefix(wire::kFrameSizeBytes);
  forwarder_->forward(wire::join_pieces(*frame), Principal{}, "127.0.0.1", kCreationTimeLimit,
                      [done = std::move(done)](base::Result<base::SharedBytes> answer) mutable {
                        if (!answer) return done(base::fail(std::move(answer)));
                        wire::Reader reader(std::move(*answer));
                        auto header = wire::decode_response_header(
                            reader, wire::ApiKey::kCreateTopics, kVersion);
                        if (!header) return done(base::fail(std::move(header)));
                        auto response = wire::CreateTopicsResponse::decode(reader, kVersion);
                        if (!response) return done(base::fail(std::move(response)));
                        done(outcome_of(*response));
                      });
}

void AdminService::ensure_internal_topic(const std::string& name, Done done) {
  const auto kind = std::ranges::find(kInternalTopics, name, &InternalTopic::name);
  if (kind == std::end(kInternalTopics)) {
    done(base::fail(ErrorCode::kInvalidTopicException, name + " is no internal topic"));
    return;
  }
  Topic topic;
  topic.name = name;
  topic.num_partitions = static_cast<std::int32_t>(settings_.number(kind->partitions_key));
  const std::int64_t wanted = settings_.number(kind->factor_key);
  // A node of its own is all the replicas that there can be. In a cluster fewer than are asked for
  // would stay fewer when more brokers come.
  const bool is_alone = forwarder_ == nullptr;
  topic.replication_factor = is_alone ? std::int16_t{1} : static_cast<std::int16_t>(wanted);
  topic.configs = {{"cleanup.policy", "compact"},
                   {"compression.type", "producer"},
                   {"segment.bytes", settings_.text(kind->segment_key)}};
  create_one(std::move(topic), [name, wanted, is_alone, key = kind->factor_key,
                                done = std::move(done)](base::Result<> created) mutable {
    if (created && is_alone && wanted > 1) {
      base::log::info("controller", "{} has one replica, not {}={}: this node is on its own", name,
                      key, wanted);
    }
    done(std::move(created));
  });
}

void AdminService::create_automatically(const std::string& name, Done done) {
  Topic topic;
  topic.name = name;
  topic.num_partitions = -1;
  topic.replication_factor = -1;
  create_one(std::move(topic), std::move(done));
}

void AdminService::when_events_are_kept(env::Task then) {
  constexpr auto kLongest = std::chrono::seconds(1);
  struct Waiter {
    std::atomic<bool> is_over = false;
    env::Task then;
  };
  const auto waiter = std::make_shared<Waiter>();
  waiter->then = std::move(then);
  const auto go_on = [waiter] {
    if (!waiter->is_over.exchange(true)) std::exchange(waiter->then, {})();
  };
  world_.loop(0).run_after(kLongest, go_on);
  // Decisions are settled one after the other: what is asked to decide nothing comes behind them.
  runtime_.submit(
      [](const metadata::ClusterImage&) { return std::vector<metadata::MetadataRecord>{}; },
      [go_on](const base::Result<>&) { go_on(); });
}

}  // namespace odradek::broker
