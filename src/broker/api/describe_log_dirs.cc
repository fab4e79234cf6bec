// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_log_dirs.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "broker/api/apis.h"
#include "broker/api/disk_answer.h"
#include "log/log_manager.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::DescribeLogDirsRequest;
using wire::DescribeLogDirsResponse;
using Directory = log::directory::LogDirectory;
using DirectoryAnswer = DescribeLogDirsResponse::DescribeLogDirsResult;
using Logs = std::vector<std::shared_ptr<log::Log>>;
// Nothing stands for all partitions.
using Wanted = std::optional<std::set<base::TopicPartition>>;

Wanted wanted_partitions(const DescribeLogDirsRequest& request) {
  if (!request.topics) return std::nullopt;
  std::set<base::TopicPartition> wanted;
  for (const auto& topic : *request.topics) {
    for (const std::int32_t partition : topic.partitions) wanted.insert({topic.topic, partition});
  }
  return wanted;
}

std::map<base::TopicPartition, std::shared_ptr<log::Log>> logs_in(const Directory& directory,
                                                                  const Logs& logs,
                                                                  const Wanted& wanted) {
  std::map<base::TopicPartition, std::shared_ptr<log::Log>> found;
  for (const auto& log : logs) {
    if (&log->directory() != &directory || (wanted && !wanted->contains(log->name()))) continue;
    found.emplace(log->name(), log);
  }
  return found;
}

// A leader's log lags behind nothing, and no partition is on its way to another directory.
void add_partitions(const Directory& directory, const Logs& logs, const Wanted& wanted,
                    DirectoryAnswer& answer) {
  for (const auto& [name, log] : logs_in(directory, logs, wanted)) {
    if (answer.topics.empty() || answer.topics.back().name != name.topic) {
      answer.topics.emplace_back().name = name.topic;
    }
    auto& partition = answer.topics.back().partitions.emplace_back();
    partition.partition_index = name.partition;
    partition.partition_size = static_cast<std::int64_t>(log->size_bytes());
  }
}

void describe(env::World& world, const Directory& directory, const Logs& logs, const Wanted& wanted,
              DirectoryAnswer& answer) {
  const auto space = world.disk().space(directory.path());
  if (directory.failure() || !space) {
    answer.error_code = ErrorCode::kKafkaStorageError;
    return;
  }
  answer.total_bytes = static_cast<std::int64_t>(space->total_bytes);
  answer.usable_bytes = static_cast<std::int64_t>(space->usable_bytes);
  add_partitions(directory, logs, wanted, answer);
}

}  // namespace

void handle_describe_log_dirs(Services& services, DescribeLogDirsRequest request,
                              Responder<DescribeLogDirsResponse> responder) {
  auto answers = std::make_shared<DiskAnswer<DescribeLogDirsResponse>>(std::move(responder));
  const auto wanted = std::make_shared<const Wanted>(wanted_partitions(request));
  const auto logs = std::make_shared<const Logs>(services.logs.all());
  const auto& directories = services.logs.directories();
  answers->response().results.resize(directories.size());
  for (std::size_t i = 0; i < directories.size(); ++i) {
    Directory& directory = *directories[i];
    DirectoryAnswer& answer = answers->response().results[i];
    answer.log_dir = services.world.disk().absolute_path(directory.path());
    answers->add(directory, [&world = services.world, &directory, logs, wanted, &answer] {
      describe(world, directory, *logs, *wanted, answer);
    });
  }
  answers->finish();
}

}  // namespace odradek::broker::api
