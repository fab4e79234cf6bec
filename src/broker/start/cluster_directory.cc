// SPDX-License-Identifier: Apache-2.0
#include "broker/start/cluster_directory.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "broker/runtime/first_records.h"
#include "metadata/image_builder.h"
#include "quorum/embedded/embedded_engine.h"

namespace odradek::broker {
namespace {

constexpr const char* kMark = "zookeeper.properties";

std::string mark_of(const std::string& directory) { return directory + '/' + kMark; }

// This broker's registration stays, as of a broker that is away; it begins again with the epochs of
// the new order.
void begin_epochs_anew(std::vector<metadata::MetadataRecord>& records) {
  for (auto& record : records) {
    if (auto* registration = std::get_if<wire::RegisterBrokerRecord>(&record)) {
      registration->broker_epoch = 0;
      registration->fenced = true;
    }
  }
}

}  // namespace

bool is_kept_in_zookeeper(env::Disk& disk, const std::string& metadata_directory) {
  return disk.exists(mark_of(metadata_directory));
}

base::Result<> keep_in_zookeeper(env::Disk& disk, const std::string& metadata_directory,
                                 const std::string& cluster_id) {
  if (is_kept_in_zookeeper(disk, metadata_directory)) return {};
  return disk.write_file(
      mark_of(metadata_directory),
      fmt::format("# The metadata of these logs is in ZooKeeper.\nversion=0\ncluster.id={}\n",
                  cluster_id));
}

base::Result<> check_kept_here(env::Disk& disk, const std::string& metadata_directory) {
  if (!is_kept_in_zookeeper(disk, metadata_directory)) return {};
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("zookeeper.connect is not set, and {} belongs to a broker whose "
                                "metadata is in ZooKeeper ({})",
                                metadata_directory, kMark));
}

bool has_metadata(env::Disk& disk, const std::string& metadata_directory) {
  return disk.exists(metadata_directory + "/__cluster_metadata-0");
}

base::Result<std::vector<metadata::MetadataRecord>> records_to_publish(
    env::Disk& disk, log::directory::LogDirectory& directory, base::BrokerId node, bool was_clean) {
  if (!has_metadata(disk, directory.path())) {
    return first_records(disk, directory.path());
  }
  quorum::EmbeddedOptions options;
  options.node_id = node;
  options.was_clean = was_clean;
  auto engine = quorum::EmbeddedEngine::open(directory, options);
  if (!engine) return base::fail(std::move(engine));
  metadata::ImageBuilder builder(std::make_shared<const metadata::ClusterImage>());
  auto loaded = (*engine)->load([&builder](const base::SharedBytes& bytes) -> base::Result<> {
    auto record = metadata::decode_record(bytes);
    if (!record) return base::fail(std::move(record));
    return builder.replay(*record);
  });
  if (!loaded) return base::fail(std::move(loaded));
  if (auto closed = (*engine)->close(); !closed) return base::fail(std::move(closed));
  const auto image = builder.build(loaded->end_offset, loaded->epoch);
  if (image->features.empty()) return first_records(disk, directory.path());
  base::log::info("broker", "the metadata in {} ({} topics) is what a new cluster begins with",
                  directory.path(), image->topics_by_id.size());
  auto records = metadata::snapshot_records(*image);
  begin_epochs_anew(records);
  return records;
}

}  // namespace odradek::broker
