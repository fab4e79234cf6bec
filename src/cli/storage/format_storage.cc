// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/flag_checks.h"
#include "cli/storage/storage_actions.h"
#include "log/directory/log_directory.h"
#include "log/directory/meta_properties.h"
#include "quorum/embedded/snapshot_file.h"
#include "record/control_record.h"

namespace odradek::cli {
namespace {

using log::directory::DirectoryIdentity;

constexpr std::string_view kMetadataLog = "/__cluster_metadata-0";

std::string bytes_text(const base::SharedBytes& bytes) {
  std::vector<int> numbers;
  for (const std::uint8_t byte : bytes.view()) numbers.push_back(static_cast<std::int8_t>(byte));
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

// As Java writes the records.
struct RecordText {
  std::string operator()(const wire::FeatureLevelRecord& record) const {
    return fmt::format("FeatureLevelRecord(name='{}', featureLevel={})", record.name,
                       record.feature_level);
  }
  std::string operator()(const wire::UserScramCredentialRecord& record) const {
    return fmt::format(
        "UserScramCredentialRecord(name='{}', mechanism={}, salt={}, storedKey={}, serverKey={}, "
        "iterations={})",
        record.name, record.mechanism, bytes_text(record.salt), bytes_text(record.stored_key),
        bytes_text(record.server_key), record.iterations);
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

std::string bootstrap_text(const FormatPlan& plan) {
  std::vector<std::string> records;
  for (const auto& record : plan.records) {
    records.push_back(
        fmt::format("ApiMessageAndVersion({} at version 0)", std::visit(RecordText(), record)));
  }
  return fmt::format(
      "BootstrapMetadata(records=[{}], metadataVersionLevel={}, source=format command)",
      fmt::join(records, ", "), plan.version.level);
}

// What the directory is formatted as; nothing where it is not. Other files in it are nobody's
// business here.
base::Result<std::optional<DirectoryIdentity>> identity_of(env::Disk& disk,
                                                           const std::string& directory) {
  const std::string path = directory + '/' + std::string(log::directory::kMetaPropertiesFile);
  if (!disk.exists(path)) return std::nullopt;
  auto text = disk.read_file(path);
  if (!text) return base::fail(std::move(text));
  auto identity = log::directory::parse_meta_properties(*text, path);
  if (!identity) return base::fail(std::move(identity));
  return *identity;
}

base::Result<> check_identity(const FormatPlan& plan, const std::string& directory,
                              const DirectoryIdentity& identity) {
  const std::string path = directory + '/' + std::string(log::directory::kMetaPropertiesFile);
  if (!identity.cluster_id.empty() && identity.cluster_id != plan.cluster_id) {
    return misuse(fmt::format("Invalid cluster.id in: {}. Expected {}, but read {}", path,
                              plan.cluster_id, identity.cluster_id));
  }
  if (identity.node_id.value() != plan.node_id) {
    return misuse(fmt::format(
        "Stored node id {} doesn't match previous node id {} in {}. If you moved your data, make "
        "sure your configured node id matches. If you intend to create a new node, you should "
        "remove all data in your data directories.",
        identity.node_id.value(), plan.node_id, path));
  }
  return {};
}

// Those that are not formatted yet.
base::Result<std::vector<std::string>> empty_directories(const Flags& flags, env::Disk& disk,
                                                         const FormatPlan& plan) {
  std::vector<std::string> empty;
  std::string formatted;
  for (const std::string& directory : plan.directories) {
    auto identity = identity_of(disk, directory);
    if (!identity) return base::fail(std::move(identity));
    if (!*identity) {
      empty.push_back(directory);
      continue;
    }
    if (auto ok = check_identity(plan, directory, **identity); !ok) {
      return base::fail(std::move(ok));
    }
    if (formatted.empty()) formatted = directory;
  }
  if (formatted.empty() || flags.has("ignore-formatted")) return empty;
  return misuse(
      fmt::format("Log directory {} is already formatted. Use --ignore-formatted to ignore this "
                  "directory and format the others.",
                  formatted));
}

base::SharedBytes copied(const std::vector<std::uint8_t>& bytes) {
  return base::SharedBytes::copy(bytes);
}

// The snapshot from which a quorum that may change learns its voters.
base::Result<> write_first_snapshot(env::World& world, const FormatPlan& plan,
                                    const std::string& directory) {
  const std::string path = directory + std::string(kMetadataLog);
  if (auto made = world.disk().make_directories(path); !made) return made;
  const quorum::QuorumRecords records = {
      {record::ControlRecordType::kKraftVersion,
       copied(record::kraft_version_value(plan.kraft_version))},
      {record::ControlRecordType::kKraftVoters, encode_voters(*plan.voters, plan.listener)}};
  return quorum::write_snapshot_file(world.disk(), path, {}, records, {}, world.clock().wall());
}

base::Uuid new_directory_id(env::Random& random) {
  while (true) {
    const std::uint64_t high = random.next();
    const auto id = base::Uuid::from_random(high, random.next());
    // Tools take a leading dash for a flag.
    if (!id.to_string().starts_with('-')) return id;
  }
}

base::Result<> format_directory(env::World& world, const FormatPlan& plan,
                                const std::string& directory) {
  std::vector<base::SharedBytes> records;
  for (const auto& record : plan.records) records.push_back(metadata::encode_record(record));
  env::Disk& disk = world.disk();
  if (auto made = disk.make_directories(directory); !made) return made;
  if (auto done = quorum::write_bootstrap_file(disk, directory, records, world.clock().wall());
      !done) {
    return done;
  }
  DirectoryIdentity identity{1, plan.cluster_id, base::BrokerId(plan.node_id),
                             new_directory_id(world.random())};
  if (plan.voters && directory == plan.metadata_directory) {
    if (auto done = write_first_snapshot(world, plan, directory); !done) return done;
    const auto self = plan.voters->find(plan.node_id);
    if (self != plan.voters->end()) identity.directory_id = self->second.directory_id;
  }
  return disk.write_file(directory + '/' + std::string(log::directory::kMetaPropertiesFile),
                         log::directory::format_meta_properties(identity));
}

std::string_view kind_of(const FormatPlan& plan, const std::string& directory) {
  if (directory != plan.metadata_directory) return "data directory";
  if (!plan.voters) return "metadata directory";
  return plan.voters->contains(plan.node_id) ? "dynamic metadata voter directory"
                                             : "dynamic metadata directory";
}

}  // namespace

base::Result<> format_storage(const Invocation& invocation, env::World& world,
                              const FormatPlan& plan) {
  auto directories = empty_directories(invocation.flags, world.disk(), plan);
  if (!directories) return base::fail(std::move(directories));
  const bool is_native = invocation.is_native;
  Table table{.columns = {{"directory"}, {"kind"}, {"metadata_version"}},
              .rows = {},
              .when_empty = "Every directory is formatted already."};
  if (!is_native && directories->empty()) {
    fmt::print("All of the log directories are already formatted.\n");
  } else if (!is_native) {
    fmt::print("Bootstrap metadata: {}\n", bootstrap_text(plan));
  }
  for (const std::string& directory : *directories) {
    const auto kind = kind_of(plan, directory);
    if (!is_native) {
      fmt::print("Formatting {} {} with metadata.version {}.\n", kind, directory,
                 plan.version.name);
    }
    if (auto done = format_directory(world, plan, directory); !done) return done;
    table.rows.push_back({directory, kind, plan.version.name});
  }
  if (is_native) Output(invocation.output).print(table);
  return {};
}

}  // namespace odradek::cli
