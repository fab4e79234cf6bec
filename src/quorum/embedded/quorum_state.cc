// SPDX-License-Identifier: Apache-2.0
#include "quorum/embedded/quorum_state.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>
#include <vector>

#include "quorum/embedded/snapshot_file.h"
#include "record/batch_header.h"
#include "record/control_record.h"
#include "record/record_reader.h"
#include "wire/reader.h"
#include "wire/records/control.h"

namespace odradek::quorum {
namespace {

using base::ErrorCode;

constexpr std::string_view kFileName = "/quorum-state";
constexpr std::string_view kVoterKey = "\"voterId\":";
constexpr std::uint64_t kMaxFileBytes = 1U << 20U;

std::unexpected<base::Error> refuse(const std::string& path, std::int32_t voter,
                                    base::BrokerId node) {
  return base::fail(
      ErrorCode::kInvalidConfig,
      fmt::format("{}: the metadata quorum of this directory has voter {}, and this "
                  "node is {}: a node of its own can't lead it. Move the metadata to one "
                  "voter first, or start with the node.id of that voter",
                  path, voter, node.value()));
}

// The numbers that follow `key` in the text. The file's one shape is written by Kafka and by us;
// all that matters in it here is its voters.
std::vector<std::int32_t> numbers_after(std::string_view text, std::string_view key) {
  std::vector<std::int32_t> numbers;
  for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at)) {
    at += key.size();
    while (at < text.size() && text[at] == ' ') ++at;
    std::int32_t number = 0;
    if (std::from_chars(text.data() + at, text.data() + text.size(), number).ec == std::errc{}) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

// Reads the control batches of every snapshot and segment. Where a file is damaged, what comes
// after is not looked at: opening the log will say so.
base::Result<> check_logged_voters(env::Disk& disk, const std::string& directory,
                                   base::BrokerId node) {
  auto entries = disk.list(directory);
  if (!entries) return base::fail(std::move(entries));
  for (const env::DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(".checkpoint") && !entry.name.ends_with(".log")) continue;
    const std::string path = directory + '/' + entry.name;
    auto read = read_batches(disk, path, [&](const base::SharedBytes& batch) {
      return check_voters_batch(batch, node, path);
    });
    if (!read && read.error().code == ErrorCode::kInvalidConfig) return read;
  }
  return {};
}

}  // namespace

base::Result<> visit_control_records(const base::SharedBytes& batch,
                                     const ControlRecordVisitor& visit) {
  const auto view = record::BatchView::parse(batch.view());
  if (!view || !view->is_control()) return {};
  auto reader = record::RecordReader::open(*view);
  if (!reader) return base::fail(std::move(reader));
  while (true) {
    auto next = reader->next();
    if (!next) return base::fail(std::move(next));
    if (!*next) return {};
    if (!(*next)->key || !(*next)->value) continue;
    const auto type = record::parse_control_key(*(*next)->key);
    if (!type || !*type) continue;
    if (auto done = visit(**type, *(*next)->value); !done) return done;
  }
}

base::Result<> check_voters_batch(const base::SharedBytes& batch, base::BrokerId node,
                                  const std::string& path) {
  return visit_control_records(
      batch, [&](record::ControlRecordType type, base::ByteView value) -> base::Result<> {
        if (type != record::ControlRecordType::kKraftVoters) return {};
        return check_voters_record(value, node, path);
      });
}

base::Result<> check_sole_voter(env::Disk& disk, const std::string& directory,
                                base::BrokerId node) {
  const std::string path = directory + std::string(kFileName);
  if (!disk.exists(path)) return {};
  constexpr std::string_view kVotersInLog = "\"data_version\":1";
  auto text = disk.read_file(path, kMaxFileBytes);
  if (!text) return base::fail(std::move(text));
  for (const std::int32_t voter : numbers_after(*text, kVoterKey)) {
    if (voter != node.value()) return refuse(path, voter, node);
  }
  if (text->find(kVotersInLog) == std::string::npos) return {};
  return check_logged_voters(disk, directory, node);
}

base::Result<> check_voters_record(base::ByteView value, base::BrokerId node,
                                   const std::string& path) {
  wire::Reader reader(base::SharedBytes::copy(value), ErrorCode::kCorruptMessage);
  auto voters = wire::VotersRecord::decode(reader, 0);
  if (!voters) return base::fail(std::move(voters));
  for (const auto& voter : voters->voters) {
    if (voter.voter_id.value() != node.value()) return refuse(path, voter.voter_id.value(), node);
  }
  return {};
}

base::Result<> write_sole_voter(env::Disk& disk, const std::string& directory, base::BrokerId node,
                                base::LeaderEpoch epoch) {
  return disk.write_file(
      directory + std::string(kFileName),
      fmt::format(R"({{"clusterId":"","leaderId":{0},"leaderEpoch":{1},"votedId":-1,)"
                  R"("appliedOffset":0,"currentVoters":[{{"voterId":{0}}}],"data_version":0}})",
                  node.value(), epoch.value()));
}

}  // namespace odradek::quorum
