// SPDX-License-Identifier: Apache-2.0
#include "broker/start/running_broker.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "broker/runtime/metadata_runtime.h"
#include "broker/runtime/replicas.h"
#include "broker/start/cluster_node.h"
#include "metadata/controller/cluster.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kArea = "broker";

}  // namespace

std::vector<base::Uuid> RunningBroker::directories_that(bool are_online) const {
  std::vector<base::Uuid> ids;
  for (const auto& directory : logs_->directories()) {
    const auto& identity = directory->identity();
    if (identity && !directory->failure() == are_online) ids.push_back(identity->directory_id);
  }
  return ids;
}

void RunningBroker::watch_disks() {
  if (auto lost = replicas_->offline_partitions(); !lost.empty()) take_offline(std::move(lost));
  logs_->watch_disks(
      {.on_full =
           [this](log::directory::LogDirectory&) {
             logs_->housekeeper().run_soon(log::kRetentionTask);
           },
       .on_room =
           [this](log::directory::LogDirectory&) {
             metadata_->submit(
                 [this](const metadata::ClusterImage& image) {
                   replicas_->create_all_missing(image);
                   return std::vector<metadata::MetadataRecord>{};
                 },
                 [](const base::Result<>&) {});
           },
       .on_failure = [this](log::directory::LogDirectory& directory,
                            const base::Error& error) { on_directory_failure(directory, error); }});
}

void RunningBroker::on_directory_failure(log::directory::LogDirectory& directory,
                                         const base::Error& error) {
  const bool is_last = directories_that(true).empty();
  if (is_last || (!cluster_ && &directory == &logs_->metadata_directory())) {
    base::Error fatal = error;
    fatal.message = fmt::format(
        "{}: {}", is_last ? "no log directory is left" : "the metadata log can't be written",
        error.message);
    return die_of(std::move(fatal));
  }
  std::vector<metadata::ReplicaPlace> lost;
  const base::Uuid id = directory.identity() ? directory.identity()->directory_id : base::Uuid{};
  for (const auto& log : logs_->logs_in(directory)) {
    lost.push_back({log->topic_id(), log->name().partition, id});
  }
  base::log::error(kArea, "{} partitions in {} are offline; the other directories go on",
                   lost.size(), directory.path());
  take_offline(std::move(lost));
}

void RunningBroker::die_of(base::Error error) {
  const std::lock_guard lock(fatal_mutex_);
  if (fatal_error_) return;
  fatal_error_ = std::move(error);
  if (fatal_handler_) fatal_handler_(*fatal_error_);
}

void RunningBroker::on_fatal(std::function<void(const base::Error&)> handler) {
  const std::lock_guard lock(fatal_mutex_);
  fatal_handler_ = std::move(handler);
  if (fatal_error_) fatal_handler_(*fatal_error_);
}

void RunningBroker::take_offline(std::vector<metadata::ReplicaPlace> lost) {
  if (cluster_) return cluster_->member().set_offline_directories(directories_that(false));
  metadata_->submit(
      [this, lost = std::move(lost)](const metadata::ClusterImage& image) {
        return metadata::take_offline(image, node_id_, directories_that(true), lost);
      },
      [](const base::Result<>&) {});
}

// New partitions keep out of what cordoned.log.dirs names; the controller has to know.
void RunningBroker::cordon(const config::Settings& settings) {
  logs_->set_cordoned(settings.list("cordoned.log.dirs"));
  std::vector<base::Uuid> cordoned;
  for (const auto& directory : logs_->directories()) {
    const auto& identity = directory->identity();
    if (identity && logs_->is_cordoned(*directory)) cordoned.push_back(identity->directory_id);
  }
  if (cluster_) return cluster_->member().set_cordoned_directories(std::move(cordoned));
  metadata_->submit(
      [this, cordoned = std::move(cordoned)](const metadata::ClusterImage& image) {
        return metadata::cordon(image, node_id_, cordoned);
      },
      [](const base::Result<>&) {});
}

}  // namespace odradek::broker
