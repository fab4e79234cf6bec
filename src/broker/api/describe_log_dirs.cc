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

// What a request sees of this broker's logs, as one moment had them.
struct View {
  Wanted wanted;
  Logs logs;
  std::vector<log::move::FutureLog> futures;
};

struct Row {
  std::uint64_t size_bytes = 0;
  std::int64_t offset_lag = 0;
};
// By partition, and whether it is a copy on its way here.
using Rows = std::map<std::pair<base::TopicPartition, bool>, Row>;

// A leader's log lags behind nothing; a copy does behind its log.
Rows rows_of(const log::LogManager& manager, const Directory& directory, const View& view) {
  Rows rows;
  for (const auto& log : view.logs) {
    if (&log->directory() != &directory) continue;
    rows[{log->name(), false}] = {log->size_bytes(), 0};
  }
  for (const log::move::FutureLog& future : view.futures) {
    const auto log = manager.get(future.name);
    if (future.target != &directory || log == nullptr) continue;
    rows[{future.name, true}] = {future.size_bytes, log->log_end_offset() - future.end_offset};
  }
  return rows;
}

void add_partitions(const log::LogManager& manager, const Directory& directory, const View& view,
                    DirectoryAnswer& answer) {
  for (const auto& [key, row] : rows_of(manager, directory, view)) {
    const auto& [name, is_future] = key;
    if (view.wanted && !view.wanted->contains(name)) continue;
    if (answer.topics.empty() || answer.topics.back().name != name.topic) {
      answer.topics.emplace_back().name = name.topic;
    }
    auto& partition = answer.topics.back().partitions.emplace_back();
    partition.partition_index = name.partition;
    partition.partition_size = static_cast<std::int64_t>(row.size_bytes);
    partition.offset_lag = row.offset_lag;
    partition.is_future_key = is_future;
  }
}

void describe(Services& services, const Directory& directory, const View& view,
              DirectoryAnswer& answer) {
  const auto space = services.world.disk().space(directory.path());
  if (directory.failure() || !space) {
    answer.error_code = ErrorCode::kKafkaStorageError;
    return;
  }
  answer.total_bytes = static_cast<std::int64_t>(space->total_bytes);
  answer.usable_bytes = static_cast<std::int64_t>(space->usable_bytes);
  answer.is_cordoned = services.logs.is_cordoned(directory);
  add_partitions(services.logs, directory, view, answer);
}

}  // namespace

// Off the loops, for there may be many logs, and off the directories' queues: nothing here reads a
// disk, and a directory whose disk is slow has to be described, too.
void handle_describe_log_dirs(Services& services, DescribeLogDirsRequest request,
                              Responder<DescribeLogDirsResponse> responder) {
  services.encoding.submit(
      [&services, request = std::move(request), responder = std::move(responder)]() mutable {
        const View view{wanted_partitions(request), services.logs.all(),
                        services.logs.mover().futures()};
        DescribeLogDirsResponse response;
        for (const auto& directory : services.logs.directories()) {
          DirectoryAnswer& answer = response.results.emplace_back();
          answer.log_dir = services.world.disk().absolute_path(directory->path());
          describe(services, *directory, view, answer);
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
