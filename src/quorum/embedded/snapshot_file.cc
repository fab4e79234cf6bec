// SPDX-License-Identifier: Apache-2.0
#include "quorum/embedded/snapshot_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "record/batch_header.h"
#include "record/build.h"
#include "record/control_record.h"
#include "record/record_reader.h"

namespace odradek::quorum {
namespace {

using base::ErrorCode;

constexpr std::size_t kMaxBatchBytes = 8U << 20U;
constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kEpochDigits = 10;
constexpr std::string_view kSuffix = ".checkpoint";

template <typename Number>
std::optional<Number> parse_digits(std::string_view digits) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// Appends batches to a file, giving them offsets from 0 on.
class SnapshotWriter {
 public:
  SnapshotWriter(env::File& file, base::LeaderEpoch epoch, base::Timestamp now)
      : file_(file), epoch_(epoch), now_(now) {}

  base::Result<> control(record::ControlRecordType type, base::ByteView value) {
    return write(record::control_batch(options(), now_, type, value), 1);
  }

  base::Result<> records(const std::vector<base::SharedBytes>& records) {
    record::BatchBuilder builder(options());
    for (const base::SharedBytes& record : records) {
      if (!builder.empty() && builder.plain_size() + record.size() > kMaxBatchBytes) {
        if (auto done = write(builder.build(), builder.count()); !done) return done;
        builder.reset(options());
      }
      builder.append(now_, std::nullopt, record.view());
    }
    if (builder.empty()) return {};
    return write(builder.build(), builder.count());
  }

 private:
  record::BatchOptions options() const {
    record::BatchOptions options;
    options.base_offset = base::Offset(next_offset_);
    options.leader_epoch = epoch_;
    return options;
  }
  base::Result<> write(const base::SharedBytes& batch, std::int64_t count) {
    if (auto done = file_.write_at(position_, batch.view()); !done) return done;
    position_ += batch.size();
    next_offset_ += count;
    return {};
  }

  env::File& file_;
  const base::LeaderEpoch epoch_;
  const base::Timestamp now_;
  std::uint64_t position_ = 0;
  std::int64_t next_offset_ = 0;
};

struct Content {
  base::LeaderEpoch epoch{0};
  const QuorumRecords& quorum_records;
  const std::vector<base::SharedBytes>& records;
  // Of the batches, and of the last record that the file stands for.
  base::Timestamp batch_timestamp;
  base::Timestamp last_timestamp;
};

base::Result<> write_content(env::File& file, const Content& content) {
  SnapshotWriter writer(file, content.epoch, content.batch_timestamp);
  if (auto done = writer.control(record::ControlRecordType::kSnapshotHeader,
                                 record::snapshot_header_value(content.last_timestamp.value()));
      !done) {
    return done;
  }
  for (const auto& [type, value] : content.quorum_records) {
    if (auto done = writer.control(type, value.view()); !done) return done;
  }
  if (auto done = writer.records(content.records); !done) return done;
  if (auto done = writer.control(record::ControlRecordType::kSnapshotFooter,
                                 record::snapshot_footer_value());
      !done) {
    return done;
  }
  return file.flush();
}

base::Result<> add_records(const base::SharedBytes& batch,
                           std::vector<base::SharedBytes>& records) {
  const auto view = record::BatchView::parse(batch.view());
  if (!view) return base::fail(view.error());
  if (view->is_control()) return {};
  auto reader = record::RecordReader::open(*view);
  if (!reader) return base::fail(std::move(reader));
  while (true) {
    auto next = reader->next();
    if (!next) return base::fail(std::move(next));
    if (!*next) return {};
    if ((*next)->value) records.push_back(base::SharedBytes::copy(*(*next)->value));
  }
}

base::Result<> write_whole(env::Disk& disk, const std::string& directory, const std::string& name,
                           const char* unfinished, const Content& content) {
  const std::string path = directory + '/' + name;
  const std::string part = path + unfinished;
  {
    auto file = disk.open(part, env::OpenMode::kCreate);
    if (!file) return base::fail(std::move(file));
    if (auto done = (*file)->truncate(0); !done) return done;
    if (auto done = write_content(**file, content); !done) return done;
  }
  if (auto done = disk.rename(part, path); !done) return done;
  return disk.sync_directory(directory);
}

std::unexpected<base::Error> damaged(const std::string& path, std::uint64_t position,
                                     const std::string& what) {
  return base::fail(ErrorCode::kCorruptMessage,
                    fmt::format("{} is damaged at byte {}: {}", path, position, what));
}

}  // namespace

std::string snapshot_file_name(const Position& position) {
  return fmt::format("{:020}-{:010}{}", position.end_offset.value(), position.epoch.value(),
                     kSuffix);
}

std::optional<Position> parse_snapshot_file_name(const std::string& name) {
  if (name.size() != kOffsetDigits + 1 + kEpochDigits + kSuffix.size() ||
      !name.ends_with(kSuffix) || name[kOffsetDigits] != '-') {
    return std::nullopt;
  }
  const std::string_view view(name);
  const auto offset = parse_digits<std::int64_t>(view.substr(0, kOffsetDigits));
  const auto epoch = parse_digits<std::int32_t>(view.substr(kOffsetDigits + 1, kEpochDigits));
  if (!offset || !epoch) return std::nullopt;
  return Position{base::Offset(*offset), base::LeaderEpoch(*epoch)};
}

base::Result<> write_snapshot_file(env::Disk& disk, const std::string& directory,
                                   const Position& position, const QuorumRecords& quorum_records,
                                   const std::vector<base::SharedBytes>& records,
                                   base::Timestamp last_timestamp) {
  return write_whole(disk, directory, snapshot_file_name(position), ".part",
                     {position.epoch, quorum_records, records, last_timestamp, last_timestamp});
}

base::Result<> write_bootstrap_file(env::Disk& disk, const std::string& directory,
                                    const std::vector<base::SharedBytes>& records,
                                    base::Timestamp now) {
  const QuorumRecords none;
  return write_whole(disk, directory, std::string(kBootstrapFile), ".tmp",
                     {base::LeaderEpoch(0), none, records, now, base::Timestamp(0)});
}

base::Result<std::optional<std::vector<base::SharedBytes>>> read_bootstrap_file(
    env::Disk& disk, const std::string& directory) {
  const std::string path = directory + '/' + std::string(kBootstrapFile);
  if (!disk.exists(path)) return std::nullopt;
  std::vector<base::SharedBytes> records;
  const auto read = read_batches(
      disk, path, [&](const base::SharedBytes& batch) { return add_records(batch, records); });
  if (!read) return base::fail(read.error());
  return records;
}

base::Result<> read_batches(
    env::Disk& disk, const std::string& path,
    const std::function<base::Result<>(const base::SharedBytes& batch)>& visit) {
  auto file = disk.open(path, env::OpenMode::kRead);
  if (!file) return base::fail(std::move(file));
  auto size = (*file)->size();
  if (!size) return base::fail(std::move(size));
  std::uint64_t position = 0;
  while (position < *size) {
    std::uint8_t overhead[record::kLogOverhead];
    auto read = (*file)->read_at(position, overhead);
    if (!read) return base::fail(std::move(read));
    if (*read < sizeof(overhead)) return damaged(path, position, "a batch is cut off");
    const auto length = base::load_big_endian<std::int32_t>(overhead + 8);
    if (length <= 0 || static_cast<std::uint64_t>(length) > *size - position - sizeof(overhead)) {
      return damaged(path, position, fmt::format("a batch of {} bytes does not fit", length));
    }
    auto batch = base::SharedBytes::allocate(sizeof(overhead) + static_cast<std::size_t>(length));
    read = (*file)->read_at(position, batch.mutable_view());
    if (!read) return base::fail(std::move(read));
    const auto view = record::BatchView::parse(batch.view());
    if (!view || !view->crc_matches())
      return damaged(path, position, "the checksum does not match");
    if (auto done = visit(batch); !done) return done;
    position += batch.size();
  }
  return {};
}

}  // namespace odradek::quorum
