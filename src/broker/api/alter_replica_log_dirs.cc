// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_replica_log_dirs.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "broker/api/apis.h"
#include "broker/api/disk_answer.h"
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
Directory* find_directory(Services& services, const std::string& path) {
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

// In the order in which Apache Kafka checks.
base::Result<Directory*> check(Services& services, const base::TopicPartition& name,
                               const std::string& path) {
  if (!can_be_moved(name)) {
    return base::fail(ErrorCode::kInvalidTopicException, "the topic's name is too long");
  }
  Directory* directory = find_directory(services, path);
  if (directory == nullptr) {
    return base::fail(ErrorCode::kLogDirNotFound, path + " is none of log.dirs");
  }
  if (auto failure = directory->failure()) {
    return base::fail(ErrorCode::kKafkaStorageError, failure->message);
  }
  if (services.logs.is_cordoned(*directory)) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment, path + " is in cordoned.log.dirs");
  }
  return directory;
}

ErrorCode refuse(const base::TopicPartition& name, const std::string& path,
                 const base::Error& error) {
  base::log::warn("broker", "{} is not moved to {}: {}", name.to_string(), path, error.message);
  return error.code;
}

// Blocks.
ErrorCode begin(Services& services, const base::TopicPartition& name, Directory& directory) {
  auto begun = services.logs.begin_move(name, directory);
  return begun ? ErrorCode::kNone : refuse(name, directory.path(), begun.error());
}

}  // namespace

void handle_alter_replica_log_dirs(Services& services, AlterReplicaLogDirsRequest request,
                                   Responder<AlterReplicaLogDirsResponse> responder) {
  auto answers = std::make_shared<DiskAnswer<AlterReplicaLogDirsResponse>>(std::move(responder));
  const auto image = services.image.load();
  const Moves moves = moves_of(request);
  for (const auto& [topic, partitions] : moves) {
    auto& answer = answers->response().results.emplace_back();
    answer.topic_name = topic;
    for (const auto& [index, path] : partitions) answer.partitions.push_back({index, {}});
  }
  auto answer = answers->response().results.begin();
  for (const auto& [topic, partitions] : moves) {
    auto part = (answer++)->partitions.begin();
    for (const auto& [index, path] : partitions) {
      ErrorCode& code = (part++)->error_code;
      const base::TopicPartition name{topic, index};
      const auto directory = check(services, name, path);
      if (!directory) {
        code = refuse(name, path, directory.error());
        continue;
      }
      const auto partition = find_partition(services, *image, topic, index);
      if (!partition) {
        // It goes there once it comes; what AlterReplicaLogDirs has always said until then.
        services.logs.prefer(name, **directory);
        code = partition.error().code;
        if (code == ErrorCode::kNotLeaderOrFollower) code = ErrorCode::kReplicaNotAvailable;
        continue;
      }
      answers->add(**directory, [&services, name, &code, to = *directory] {
        code = begin(services, name, *to);
      });
    }
  }
  answers->finish();
}

}  // namespace odradek::broker::api
