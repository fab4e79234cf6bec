// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_replica_log_dirs.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "broker/api/apis.h"
#include "broker/api/topic_lookup.h"
#include "log/directory/log_directory.h"
#include "log/log_manager.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::AlterReplicaLogDirsRequest;
using wire::AlterReplicaLogDirsResponse;
using Directory = log::directory::LogDirectory;
// The directory asked for, by partition index, by topic; the last one counts.
using Moves = std::map<std::string, std::map<std::int32_t, std::string>>;

Moves moves_of(const AlterReplicaLogDirsRequest& request) {
  Moves moves;
  for (const auto& directory : request.dirs) {
    for (const auto& topic : directory.topics) {
      for (const std::int32_t partition : topic.partitions) {
        moves[topic.name][partition] = directory.path;
      }
    }
  }
  return moves;
}

// Null when log.dirs does not have it.
const Directory* find_directory(Services& services, const std::string& path) {
  const auto& directories = services.logs.directories();
  const auto found = std::ranges::find_if(directories, [&](const auto& directory) {
    return services.world.disk().absolute_path(directory->path()) == path;
  });
  return found == directories.end() ? nullptr : found->get();
}

// While a log moves, its new directory is called <topic>-<partition>.<32 digits>-future.
bool can_be_moved(const base::TopicPartition& partition) {
  constexpr std::size_t kSuffixLength = 1 + 32 + 7;
  constexpr std::size_t kMaxFileName = 255;
  return partition.to_string().size() + kSuffixLength <= kMaxFileName;
}

// Only a partition that is where it is asked to be is answered with success: no log moves between
// directories as yet, and a client that were told otherwise would wait for it for ever.
ErrorCode alter(Services& services, const metadata::ClusterImage& image, const std::string& topic,
                std::int32_t index, const std::string& path) {
  if (!can_be_moved({topic, index})) return ErrorCode::kInvalidTopicException;
  const Directory* directory = find_directory(services, path);
  if (directory == nullptr) return ErrorCode::kLogDirNotFound;
  if (directory->failure()) return ErrorCode::kKafkaStorageError;
  const auto partition = find_partition(services, image, topic, index);
  if (!partition) {
    // What AlterReplicaLogDirs has always said of a partition that another broker has.
    const ErrorCode code = partition.error().code;
    return code == ErrorCode::kNotLeaderOrFollower ? ErrorCode::kReplicaNotAvailable : code;
  }
  if (&(*partition)->log().directory() == directory) return ErrorCode::kNone;
  base::log::warn("broker", "{}-{} stays in {}: moving it to {} is not there yet", topic, index,
                  (*partition)->log().directory().path(), path);
  return ErrorCode::kUnsupportedVersion;
}

}  // namespace

void handle_alter_replica_log_dirs(Services& services, AlterReplicaLogDirsRequest request,
                                   Responder<AlterReplicaLogDirsResponse> responder) {
  AlterReplicaLogDirsResponse response;
  const auto image = services.image.load();
  for (const auto& [topic, partitions] : moves_of(request)) {
    auto& answer = response.results.emplace_back();
    answer.topic_name = topic;
    for (const auto& [index, path] : partitions) {
      answer.partitions.push_back({index, alter(services, *image, topic, index, path)});
    }
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
