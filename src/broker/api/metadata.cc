// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/metadata.h"
#include "metadata/controller/offline_directory.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/authorized_operations.h"
#include "broker/api/cluster_view.h"
#include "broker/cluster/leader_doubts.h"
#include "broker/internal_topics.h"
#include "broker/replication/replication.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/topic_name.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::MetadataRequest;
using wire::MetadataResponse;
using TopicAnswer = MetadataResponse::MetadataResponseTopic;

bool was_here_lately(const Services& services, base::BrokerId id) {
  const LeaderDoubts* const doubts = services.replication.leader_doubts();
  return doubts != nullptr && doubts->was_here_lately(id);
}

// Who serves, and this one even while it does not yet: a client may forget every broker that it is
// not told of, those it began with as well (librdkafka does), and while all of them start nobody
// serves.
void add_brokers(const Services& services, const metadata::ClusterImage& image,
                 const net::ConnectionInfo& connection, MetadataResponse& response) {
  for (const auto& [id, broker] : image.brokers) {
    const bool is_this_broker = id == services.node_id;
    if (broker->fenced && !is_this_broker && !was_here_lately(services, id)) continue;
    const auto endpoint = endpoint_for(*broker, is_this_broker, services.listeners, connection);
    if (!endpoint) continue;
    response.brokers.push_back({id, endpoint->host, endpoint->port, broker->rack});
  }
}

MetadataResponse::MetadataResponsePartition describe_partition(
    const Services& services, const metadata::ClusterImage& image,
    const metadata::PartitionImage& partition, std::int32_t index) {
  MetadataResponse::MetadataResponsePartition answer;
  answer.partition_index = index;
  answer.leader_id = partition.leader;
  answer.leader_epoch = partition.leader_epoch;
  answer.replica_nodes = partition.replicas;
  answer.isr_nodes = partition.in_sync_replicas;
  if (!is_live(services, image, partition.leader)) {
    answer.error_code = ErrorCode::kLeaderNotAvailable;
    answer.leader_id = base::kNoBroker;
  }
  for (std::size_t i = 0; i < partition.replicas.size(); ++i) {
    if (metadata::is_online(image, partition, i)) continue;
    answer.offline_replicas.push_back(partition.replicas[i]);
  }
  return answer;
}

class MetadataAnswer {
 public:
  MetadataAnswer(Services& services, const MetadataRequest& request, const RequestContext& context)
      : services_(services), request_(request), context_(context), image_(services.image.load()) {}

  MetadataResponse run() {
    response_.cluster_id = services_.cluster_id;
    response_.controller_id = shown_controller(services_, *image_);
    if (request_.include_cluster_authorized_operations) {
      response_.cluster_authorized_operations = kAllClusterOperations;
    }
    add_brokers(services_, *image_, *context_.connection, response_);
    if (wants_all()) {
      add_all_topics();
    } else {
      std::set<std::pair<std::optional<std::string>, base::TopicId>> answered;
      for (const auto& topic : *request_.topics) {
        if (answered.emplace(topic.name, topic.topic_id).second) add_topic(topic);
      }
    }
    return std::move(response_);
  }

 private:
  // Version 0 has no null: an empty list means all topics.
  bool wants_all() const {
    return !request_.topics || (context_.version == 0 && request_.topics->empty());
  }

  void add_all_topics() {
    std::map<std::string, std::shared_ptr<const metadata::TopicImage>> sorted;
    image_->topics_by_name.for_each(
        [&sorted](const std::string& name, const auto& topic) { sorted.emplace(name, topic); });
    for (const auto& [name, topic] : sorted) add_present(*topic);
  }

  void add_topic(const MetadataRequest::MetadataRequestTopic& wanted) {
    if (!wanted.topic_id.is_zero()) {
      const auto& topic = image_->find_topic(wanted.topic_id);
      if (topic != nullptr) {
        add_present(*topic);
      } else {
        add_missing({}, wanted.topic_id, ErrorCode::kUnknownTopicId);
      }
      return;
    }
    const std::string name = wanted.name.value_or("");
    if (const auto& topic = image_->find_topic(name)) {
      add_present(*topic);
    } else {
      add_missing(name, {},
                  metadata::check_topic_name(name) ? ErrorCode::kUnknownTopicOrPartition
                                                   : ErrorCode::kInvalidTopicException);
    }
  }

  void add_present(const metadata::TopicImage& topic) {
    TopicAnswer& answer = response_.topics.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.id;
    answer.is_internal = is_internal_topic(topic.name);
    if (request_.include_topic_authorized_operations) {
      answer.topic_authorized_operations = kAllTopicOperations;
    }
    answer.partitions.reserve(topic.partitions.size());
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      answer.partitions.push_back(describe_partition(services_, *image_, topic.partitions[i],
                                                     static_cast<std::int32_t>(i)));
    }
  }

  void add_missing(std::optional<std::string> name, const base::TopicId& id, ErrorCode code) {
    TopicAnswer& answer = response_.topics.emplace_back();
    answer.name = std::move(name);
    // Before version 12 a response has a name for every topic.
    if (!answer.name && context_.version < 12) answer.name = "";
    answer.topic_id = id;
    answer.error_code = code;
  }

  Services& services_;
  const MetadataRequest& request_;
  const RequestContext& context_;
  std::shared_ptr<const metadata::ClusterImage> image_;
  MetadataResponse response_;
};

// Versions 10 and 11 carry topic ids that no server may answer (KAFKA-12701).
bool names_ids_too_early(const MetadataRequest& request, wire::Version version) {
  return version < 12 && request.topics &&
         std::ranges::any_of(
             *request.topics, [](const auto& topic) { return !topic.topic_id.is_zero(); });
}

MetadataResponse refuse_all(const MetadataRequest& request) {
  MetadataResponse response;
  for (const auto& topic : *request.topics) {
    TopicAnswer& answer = response.topics.emplace_back();
    answer.error_code = ErrorCode::kInvalidRequest;
    answer.name = topic.name.value_or("");
    answer.topic_id = topic.topic_id;
  }
  return response;
}

// Names that the request may have created: auto.create.topics.enable, and the client does not mind.
std::vector<std::string> names_to_create(const Services& services, const MetadataRequest& request) {
  std::vector<std::string> names;
  if (!request.topics || !request.allow_auto_topic_creation ||
      !services.settings.flag("auto.create.topics.enable")) {
    return names;
  }
  const auto image = services.image.load();
  for (const auto& topic : *request.topics) {
    const bool is_candidate = topic.topic_id.is_zero() && topic.name &&
                              image->find_topic(*topic.name) == nullptr &&
                              metadata::check_topic_name(*topic.name);
    if (is_candidate) names.push_back(*topic.name);
  }
  return names;
}

// What says that nobody could create it now becomes what makes every client ask again.
ErrorCode code_for(ErrorCode code) {
  const bool is_passing = code == ErrorCode::kRequestTimedOut || code == ErrorCode::kNotController;
  return is_passing ? ErrorCode::kUnknownTopicOrPartition : code;
}

// Creates the topics, then answers: the client finds them there at the first asking.
class CreateThenAnswer : public std::enable_shared_from_this<CreateThenAnswer> {
 public:
  CreateThenAnswer(Services& services, MetadataRequest request,
                   Responder<MetadataResponse> responder)
      : services_(services), request_(std::move(request)), responder_(std::move(responder)) {}

  void start(const std::vector<std::string>& names) {
    open_ = names.size();
    for (const std::string& name : names) {
      auto done = [self = shared_from_this(), name](base::Result<> created) {
        self->created(name, std::move(created));
      };
      if (is_internal_topic(name)) {
        services_.admin.ensure_internal_topic(name, std::move(done));
      } else {
        services_.admin.create_automatically(name, std::move(done));
      }
    }
  }

 private:
  void created(const std::string& name, base::Result<> result) {
    if (!result) {
      const std::lock_guard lock(mutex_);
      errors_[name] = code_for(result.error().code);
    }
    if (--open_ > 0) return;
    MetadataResponse response = MetadataAnswer(services_, request_, responder_.context()).run();
    for (TopicAnswer& topic : response.topics) {
      if (topic.error_code == ErrorCode::kNone || !topic.name) continue;
      if (const auto failed = errors_.find(*topic.name); failed != errors_.end()) {
        topic.error_code = failed->second;
      }
    }
    responder_.send(response);
  }

  Services& services_;
  const MetadataRequest request_;
  Responder<MetadataResponse> responder_;
  std::atomic<std::size_t> open_ = 0;
  std::mutex mutex_;
  std::map<std::string, ErrorCode> errors_;
};

// The other brokers that lead what is asked for, and serve, as the newest image has it.
class LeadersAskedFor {
 public:
  LeadersAskedFor(const Services& services, const MetadataRequest& request, wire::Version version)
      : self_(services.node_id), image_(services.image.load()) {
    if (!request.topics || (version == 0 && request.topics->empty())) {
      image_->topics_by_id.for_each([this](const auto&, const auto& topic) { add(*topic); });
      return;
    }
    for (const auto& wanted : *request.topics) {
      const auto& topic = wanted.topic_id.is_zero() ? image_->find_topic(wanted.name.value_or(""))
                                                    : image_->find_topic(wanted.topic_id);
      if (topic) add(*topic);
    }
  }

  LeaderDoubts::Leaders take() { return std::move(leaders_); }

 private:
  void add(const metadata::TopicImage& topic) {
    for (const auto& partition : topic.partitions) {
      if (partition.leader == self_ || leaders_.contains(partition.leader)) continue;
      const metadata::BrokerImage* const broker = image_->find_broker(partition.leader);
      if (broker != nullptr && !broker->fenced) leaders_.emplace(partition.leader, broker->epoch);
    }
  }

  const base::BrokerId self_;
  const std::shared_ptr<const metadata::ClusterImage> image_;
  LeaderDoubts::Leaders leaders_;
};

void answer(Services& services, const MetadataRequest& request,
            Responder<MetadataResponse>& responder) {
  responder.send(MetadataAnswer(services, request, responder.context()).run());
}

// Clients ask just when a leader has died: they hear of the next one. Each loop writes the answers
// of its own connections.
void settle_then_answer(Services& services, LeaderDoubts& doubts, MetadataRequest request,
                        Responder<MetadataResponse> responder) {
  const auto asked = std::make_shared<const MetadataRequest>(std::move(request));
  const wire::Version version = responder.context().version;
  doubts.settle(
      [&services, asked, version] { return LeadersAskedFor(services, *asked, version).take(); },
      [&services, asked, responder = std::move(responder)]() mutable {
        env::Executor& loop = responder.context().connection->executor;
        if (loop.is_current()) return answer(services, *asked, responder);
        loop.post([&services, asked, responder = std::move(responder)]() mutable {
          answer(services, *asked, responder);
        });
      });
}

}  // namespace

void handle_metadata(Services& services, MetadataRequest request,
                     Responder<MetadataResponse> responder) {
  if (names_ids_too_early(request, responder.context().version)) {
    responder.send(refuse_all(request));
    return;
  }
  const auto names = names_to_create(services, request);
  if (names.empty()) {
    LeaderDoubts* const doubts = services.replication.leader_doubts();
    if (doubts == nullptr || services.stopping) return answer(services, request, responder);
    return settle_then_answer(services, *doubts, std::move(request), std::move(responder));
  }
  std::make_shared<CreateThenAnswer>(services, std::move(request), std::move(responder))
      ->start(names);
}

}  // namespace odradek::broker::api
