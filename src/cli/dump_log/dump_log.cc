// SPDX-License-Identifier: Apache-2.0
#include "cli/dump_log/dump_log.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "cli/signals.h"
#include "env/linux/processes.h"
#include "log/file_names.h"
#include "log/producer_state_snapshot.h"
#include "log/transaction_index.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kCheckpointSuffix = ".checkpoint";

void print_pairs(const std::map<std::string, DumpProblems::Pairs>& problems,
                 std::string_view heading, std::string_view first, std::string_view second) {
  for (const auto& [path, pairs] : problems) {
    fmt::print(stderr, "{}{}\n", heading, path);
    for (const auto& [left, right] : pairs) {
      fmt::print(stderr, "{}{}{}{}\n", first, left, second, right);
    }
  }
}

std::string optional_long(base::Offset offset) {
  if (offset.value() < 0) return "OptionalLong.empty";
  return fmt::format("OptionalLong[{}]", offset.value());
}

Value or_nothing(base::Offset offset) {
  return offset.value() < 0 ? Value() : Value(offset.value());
}

void print_producer(const log::ProducerEntry& entry, const DumpOptions& options) {
  std::string text = fmt::format(
      "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {} "
      "lastTimestamp: {}",
      entry.producer_id.value(), entry.producer_epoch.value(), entry.coordinator_epoch,
      optional_long(entry.current_transaction_first_offset), entry.last_timestamp.value());
  Object members = {
      {"producer_id", entry.producer_id.value()},
      {"producer_epoch", entry.producer_epoch.value()},
      {"coordinator_epoch", entry.coordinator_epoch},
      {"current_transaction_first_offset", or_nothing(entry.current_transaction_first_offset)},
      {"last_timestamp", entry.last_timestamp.value()}};
  if (const log::ProducerBatchSpan* batch = entry.last_batch()) {
    text += fmt::format(
        " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
        batch->first_sequence(), batch->last_sequence, batch->last_offset.value(),
        batch->offset_delta, batch->timestamp.value());
    members.emplace_back("first_sequence", batch->first_sequence());
    members.emplace_back("last_sequence", batch->last_sequence);
    members.emplace_back("last_offset", batch->last_offset.value());
    members.emplace_back("timestamp", batch->timestamp.value());
  }
  options.print("producer", members, text);
}

}  // namespace

void DumpOptions::print(std::string_view kind, const Object& members, std::string_view text) const {
  if (json == nullptr) {
    fmt::print("{}\n", text);
    return;
  }
  Object line = {{"kind", kind}};
  line.insert(line.end(), members.begin(), members.end());
  json->print_line(line, text);
}

void DumpProblems::print() const {
  for (const auto& [path, offsets] : index_mismatches) {
    fmt::print(stderr, "Mismatches in :{}\n", path);
    for (const auto& [in_index, in_log] : offsets) {
      fmt::print(stderr, "  Index offset: {}, log offset: {}\n", in_index, in_log);
    }
  }
  print_pairs(timestamp_mismatches,
              "Found timestamp mismatch in :", "  Index timestamp: ", ", log timestamp: ");
  print_pairs(timestamps_out_of_order, "Found out of order timestamp in :", "  Index timestamp: ",
              ", Previously indexed timestamp: ");
  print_pairs(offsets_not_found, "The following indexed offsets are not found in :",
              "Indexed offset: ", ", found log offset: ");
  for (const auto& [path, offsets] : not_consecutive) {
    fmt::print(stderr, "Non-consecutive offsets in {}\n", path);
    for (const auto& [offset, next] : offsets) {
      fmt::print(stderr, "  {} is followed by {}\n", offset, next);
    }
  }
}

bool is_ended() { return ending_signal() != 0 || std::ferror(stdout) != 0; }

std::string absolute_path(const std::string& path) {
  return path.starts_with('/') ? path : env::working_directory() + '/' + path;
}

base::Result<std::int64_t> offset_in_name(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const std::string_view digits = name.substr(0, name.find('.'));
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (error == std::errc() && end == digits.data() + digits.size()) return offset;
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("For input string: \"{}\"", digits));
}

base::Result<> dump_producer_snapshot(env::Disk& disk, const std::string& path,
                                      const DumpOptions& options) {
  const auto bytes = disk.read_file(path);
  if (!bytes) return base::fail(bytes.error());
  const auto entries = log::decode_producer_snapshot(base::as_bytes(*bytes));
  if (!entries) {
    // Damage ends neither Kafka's run nor ours.
    fmt::print(stderr, "{}\n", entries.error().message);
    return {};
  }
  for (const log::ProducerEntry& entry : *entries) print_producer(entry, options);
  return {};
}

base::Result<> dump_transaction_index(env::Disk& disk, const std::string& path,
                                      const DumpOptions& options) {
  const auto bytes = disk.read_file(path);
  if (!bytes) return base::fail(bytes.error());
  const base::ByteView view = base::as_bytes(*bytes);
  for (std::size_t at = 0; at + log::kAbortedTransactionSize <= view.size();
       at += log::kAbortedTransactionSize) {
    const std::uint8_t* entry = view.data() + at;
    const auto version = base::load_big_endian<std::int16_t>(entry);
    if (version > 0) {
      return base::fail(base::ErrorCode::kCorruptMessage,
                        fmt::format("Unexpected aborted transaction version {} in transaction "
                                    "index {}, current version is 0",
                                    version, absolute_path(path)));
    }
    const auto number = [&](std::size_t i) {
      return base::load_big_endian<std::int64_t>(entry + sizeof(version) +
                                                 i * sizeof(std::int64_t));
    };
    options.print(
        "aborted_transaction",
        {{"version", version},
         {"producer_id", number(0)},
         {"first_offset", number(1)},
         {"last_offset", number(2)},
         {"last_stable_offset", number(3)}},
        fmt::format(
            "version: {} producerId: {} firstOffset: {} lastOffset: {} lastStableOffset: {}",
            version, number(0), number(1), number(2), number(3)));
  }
  return {};
}

base::Result<> dump_file(env::Disk& disk, const std::string& path, const DumpOptions& options,
                         DumpProblems& problems) {
  options.print("file", {{"path", path}}, fmt::format("Dumping {}", path));
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view suffix = dot == std::string_view::npos ? "" : name.substr(dot);
  if (suffix == log::kLogSuffix || suffix == kCheckpointSuffix) {
    return dump_segment(disk, path, options, problems);
  }
  if (suffix == log::kOffsetIndexSuffix) return dump_offset_index(disk, path, options, problems);
  if (suffix == log::kTimeIndexSuffix) return dump_time_index(disk, path, options, problems);
  if (suffix == log::kSnapshotSuffix) return dump_producer_snapshot(disk, path, options);
  if (suffix == log::kTransactionIndexSuffix) return dump_transaction_index(disk, path, options);
  fmt::print(stderr, "Ignoring unknown file {}\n", path);
  return {};
}

}  // namespace odradek::cli
