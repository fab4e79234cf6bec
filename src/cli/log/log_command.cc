// SPDX-License-Identifier: Apache-2.0
#include "cli/log/log_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "cli/flag_checks.h"
#include "cli/help.h"
#include "env/linux/linux_world.h"
#include "log/directory/checkpoint_file.h"
#include "log/directory/meta_properties.h"
#include "log/directory/partition_name.h"
#include "log/file_names.h"
#include "log/leader_epoch_cache.h"
#include "log/partition_metadata.h"
#include "log/recovery/check.h"
#include "log/recovery/repair.h"

namespace odradek::cli {
namespace {

// What is damaged may stand in a sentence: its bytes as \xNN where they are no text.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte < 0x7f) {
      shown += character;
    } else {
      shown += fmt::format("\\x{:02x}", byte);
    }
  }
  return shown;
}

using enum Arity;
using log::recovery::CheckOptions;
using log::recovery::Finding;
using log::recovery::PartitionCheck;

constexpr std::array kFlags = {
    FlagSpec{"check", kNone, "", "Read everything, and print what is wrong."},
    FlagSpec{"repair", kNone, "", "Mend what is wrong; no server may have the directory open."},
    FlagSpec{"directory", kRequired, "path",
             "A log directory (one of log.dirs), or one partition's directory in it."},
};

constexpr std::array<std::string_view, 2> kVerbs = {"check", "repair"};

constexpr std::string_view kExamples =
    "  odradek log check data\n"
    "  odradek log check data/orders-0 --output json\n"
    "  odradek log repair data/orders-0\n";

// The log directory, and which of its partitions are looked at.
struct Place {
  std::string directory;
  // Empty: all, and the directory's own files.
  std::string partition;
};

// A path whose end is a partition's name, and that holds no partitions itself.
Place place_of(env::Disk& disk, std::string path) {
  path = disk.absolute_path(path);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  const bool is_log_directory =
      disk.exists(path + '/' + std::string(log::directory::kMetaPropertiesFile));
  if (!is_log_directory && log::directory::parse_partition_name(name)) {
    return {.directory = slash == 0 ? "/" : path.substr(0, slash), .partition = name};
  }
  return {.directory = path, .partition = {}};
}

class Inspection {
 public:
  Inspection(env::Disk& disk, Place place)
      : disk_(disk),
        place_(std::move(place)),
        has_identity_(disk.exists(place_.directory + '/' +
                                  std::string(log::directory::kMetaPropertiesFile))) {}

  // Takes the directory's lock where nobody has it; a check lets go of it at once, so that a server
  // can start meanwhile.
  base::Result<> lock(bool is_kept);
  bool is_in_use() const { return is_in_use_; }
  base::Result<> check();
  // Mends what check() found.
  base::Result<> repair();

  std::size_t problems() const { return findings_.size(); }
  void print(Output& output) const;

 private:
  base::Result<std::vector<std::string>> partition_names();
  base::Result<bool> is_partition(const std::string& name);
  CheckOptions options_of(const std::string& name) const;
  void read_checkpoints();

  env::Disk& disk_;
  const Place place_;
  const bool has_identity_;
  std::unique_ptr<env::DirectoryLock> lock_;
  bool is_in_use_ = false;
  log::directory::PartitionOffsets recovery_points_;
  log::directory::PartitionOffsets cleaned_;
  std::vector<Finding> directory_findings_;
  std::vector<std::pair<std::string, PartitionCheck>> partitions_;
  std::vector<Finding> findings_;
  std::vector<std::string> done_;
};

// A directory that can't be written is looked at without a lock: nobody writes there.
base::Result<> Inspection::lock(bool is_kept) {
  if (auto listed = disk_.list(place_.directory); !listed) return base::fail(std::move(listed));
  const std::string path = place_.directory + "/.lock";
  if (!disk_.exists(path)) return {};
  auto lock = disk_.lock(path);
  if (lock) {
    if (is_kept) lock_ = std::move(*lock);
    return {};
  }
  is_in_use_ = lock.error().os_error == EWOULDBLOCK;
  const bool is_read_only = lock.error().os_error == EROFS || lock.error().os_error == EACCES;
  if (is_in_use_ || is_read_only) return {};
  return base::fail(std::move(lock));
}

void Inspection::read_checkpoints() {
  const auto read = [&](std::string_view name) {
    const std::string path = place_.directory + '/' + std::string(name);
    auto text = disk_.read_file(path);
    if (!text) return log::directory::PartitionOffsets();
    return log::directory::parse_offset_checkpoint(*text, path)
        .value_or(log::directory::PartitionOffsets());
  };
  recovery_points_ = read(log::directory::kRecoveryPointFile);
  cleaned_ = read(log::directory::kCleanerOffsetFile);
}

CheckOptions Inspection::options_of(const std::string& name) const {
  CheckOptions options{.is_in_use = is_in_use_, .is_repaired = !done_.empty()};
  const auto partition = log::directory::parse_partition_name(name);
  if (!partition) return options;
  const auto point = recovery_points_.find(*partition);
  if (point != recovery_points_.end()) options.recovery_point = point->second;
  options.is_compacted = cleaned_.contains(*partition);
  return options;
}

// Other directories may have names like theirs.
base::Result<bool> Inspection::is_partition(const std::string& name) {
  if (has_identity_) return true;
  auto entries = disk_.list(place_.directory + '/' + name);
  if (!entries) return base::fail(std::move(entries));
  return std::ranges::any_of(*entries, [](const env::DirectoryEntry& entry) {
    return entry.name == log::kPartitionMetadataFile || entry.name == log::kLeaderEpochFile ||
           log::parse_offset_file_name(entry.name);
  });
}

base::Result<std::vector<std::string>> Inspection::partition_names() {
  if (!place_.partition.empty()) {
    auto is_one = is_partition(place_.partition);
    if (!is_one) return base::fail(std::move(is_one));
    if (*is_one) return std::vector{place_.partition};
    return base::fail(
        base::ErrorCode::kInvalidRequest,
        fmt::format("{}/{}: no partition's files are in it", place_.directory, place_.partition));
  }
  auto entries = disk_.list(place_.directory);
  if (!entries) return base::fail(std::move(entries));
  std::vector<std::string> names;
  for (const env::DirectoryEntry& entry : *entries) {
    if (!entry.is_directory || !log::directory::parse_partition_name(entry.name)) continue;
    if (log::directory::role_of(entry.name) != log::directory::DirectoryRole::kLog) continue;
    auto is_one = is_partition(entry.name);
    if (!is_one) return base::fail(std::move(is_one));
    if (*is_one) names.push_back(entry.name);
  }
  if (!names.empty() || has_identity_) return names;
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("{}: no log directory: it has neither {} nor partitions' "
                                "directories",
                                place_.directory, log::directory::kMetaPropertiesFile));
}

base::Result<> Inspection::check() {
  read_checkpoints();
  findings_.clear();
  partitions_.clear();
  directory_findings_.clear();
  if (place_.partition.empty()) {
    auto found = log::recovery::check_directory_files(disk_, place_.directory);
    if (!found) return base::fail(std::move(found));
    directory_findings_ = std::move(*found);
    findings_ = directory_findings_;
  }
  auto names = partition_names();
  if (!names) return base::fail(std::move(names));
  for (const std::string& name : *names) {
    auto checked =
        log::recovery::check_partition(disk_, place_.directory + '/' + name, options_of(name));
    // A server that has it open may remove it.
    const bool is_gone = !checked && is_in_use_ && checked.error().os_error == ENOENT;
    if (is_gone) continue;
    if (!checked) return base::fail(std::move(checked));
    findings_.insert(findings_.end(), checked->findings.begin(), checked->findings.end());
    partitions_.emplace_back(name, std::move(*checked));
  }
  return {};
}

base::Result<> Inspection::repair() {
  for (const auto& [name, checked] : partitions_) {
    auto done = log::recovery::repair_partition(disk_, checked, options_of(name));
    if (!done) return base::fail(std::move(done));
    done_.insert(done_.end(), done->begin(), done->end());
  }
  auto done = log::recovery::repair_directory_files(disk_, place_.directory, directory_findings_);
  if (!done) return base::fail(std::move(done));
  done_.insert(done_.end(), done->begin(), done->end());
  // Again: what is left could not be mended.
  return check();
}

Value offset_value(const std::optional<base::Offset>& offset) {
  return offset ? Value(offset->value()) : Value();
}

Value number_value(const std::optional<std::uint64_t>& number) {
  return number ? Value(static_cast<std::int64_t>(*number)) : Value();
}

void Inspection::print(Output& output) const {
  std::int64_t segments = 0;
  std::int64_t batches = 0;
  std::int64_t bytes = 0;
  for (const auto& [name, checked] : partitions_) {
    segments += static_cast<std::int64_t>(checked.segments.size());
    batches += static_cast<std::int64_t>(checked.batches);
    bytes += static_cast<std::int64_t>(checked.bytes);
  }
  Document document{.facts = {{"directory", place_.directory},
                              {"in_use", is_in_use_},
                              {"partitions", static_cast<std::int64_t>(partitions_.size())},
                              {"segments", segments},
                              {"batches", batches},
                              {"bytes", bytes},
                              {"findings", static_cast<std::int64_t>(findings_.size())}}};
  Table found{.columns = {{"kind"},
                          {"file"},
                          {"position"},
                          {"bytes"},
                          {"first_offset"},
                          {"last_offset"},
                          {"what"}},
              .rows = {},
              .when_empty = "Nothing is wrong."};
  for (const Finding& finding : findings_) {
    found.rows.push_back({Cell(finding.kind, Tone::kBad), Cell(finding.file),
                          Cell(number_value(finding.position)), Cell(number_value(finding.bytes)),
                          Cell(offset_value(finding.first_offset)),
                          Cell(offset_value(finding.last_offset)), Cell(printable(finding.text))});
  }
  Table done{.columns = {{"done"}}, .rows = {}};
  for (const std::string& sentence : done_) done.rows.push_back({Cell(sentence)});
  document.tables.emplace_back("found", std::move(found));
  if (!done_.empty()) document.tables.emplace_back("repaired", std::move(done));
  output.print(document);
}

int run_log(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (flags.has("check") == flags.has("repair")) {
    return usage_error(invocation, "Say check or repair, and a directory.");
  }
  const auto path = flags.value("directory");
  if (!path) return usage_error(invocation, "Name a log directory or a partition's.");
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  Inspection inspection(world.disk(), place_of(world.disk(), *path));
  const auto fail = [](const base::Error& error) {
    fmt::print(stderr, "{}\n", error.message);
    return 1;
  };
  if (auto locked = inspection.lock(flags.has("repair")); !locked) return fail(locked.error());
  if (flags.has("repair") && inspection.is_in_use()) {
    fmt::print(stderr, "{}: a server has it open; nothing in it was touched\n", *path);
    return 1;
  }
  if (auto checked = inspection.check(); !checked) return fail(checked.error());
  if (flags.has("repair")) {
    if (auto repaired = inspection.repair(); !repaired) return fail(repaired.error());
  }
  Output output(invocation.output);
  inspection.print(output);
  return inspection.problems() == 0 ? 0 : 1;
}

}  // namespace

Command log_command() {
  return {.name = "log",
          .script_name = "",
          .summary = "Check a log directory's files, and mend what is damaged.",
          .verbs = kVerbs,
          .subject = "directory",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_log,
          .section = Section::kForensics,
          .prints_data = true};
}

}  // namespace odradek::cli
