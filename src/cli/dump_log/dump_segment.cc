// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <charconv>

#include "cli/dump_log/dump_log.h"
#include "cli/dump_log/segment_reader.h"
#include "record/batch_header.h"
#include "record/codec.h"
#include "record/record_reader.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kCheckpointSuffix = ".checkpoint";
constexpr std::string_view kBootstrapName = "bootstrap.checkpoint";
constexpr std::size_t kOffsetWidth = 20;
constexpr std::size_t kEpochWidth = 10;

std::string_view name_of(record::TimestampType type) {
  return type == record::TimestampType::kCreateTime ? "CreateTime" : "LogAppendTime";
}

std::string delete_horizon(const record::BatchHeader& batch) {
  if (!batch.has_delete_horizon()) return "OptionalLong.empty";
  return fmt::format("OptionalLong[{}]", batch.base_timestamp().value());
}

base::Result<> print_batch(const record::BatchView& batch, std::uint64_t position) {
  const auto codec = batch.codec();
  if (!codec) {
    return base::fail(base::ErrorCode::kCorruptMessage,
                      fmt::format("Unknown compression type id: {}",
                                  batch.attributes() & record::attribute::kCodecMask));
  }
  fmt::print(
      "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} "
      "producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} "
      "deleteHorizonMs: {} position: {} {}: {} size: {} magic: {} compresscodec: {} crc: {} "
      "isvalid: {}\n",
      batch.base_offset().value(), batch.last_offset().value(), batch.count(),
      batch.base_sequence(), batch.last_sequence(), batch.producer_id().value(),
      batch.producer_epoch().value(), batch.leader_epoch().value(), batch.is_transactional(),
      batch.is_control(), delete_horizon(batch), position, name_of(batch.timestamp_type()),
      batch.max_timestamp().value(), batch.total_size(), batch.magic(), record::codec_name(*codec),
      batch.crc(), batch.crc_matches());
  return {};
}

// "-1" of null.
std::int64_t size_of(const std::optional<base::ByteView>& bytes) {
  return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

std::int32_t sequence_of(const record::BatchView& batch, const record::Record& record) {
  if (batch.base_sequence() < 0) return record::kNoSequence;
  const std::int64_t delta = record.offset.value() - batch.base_offset().value();
  if (delta < 0 || delta > INT32_MAX) return record::kNoSequence;
  return record::increment_sequence(batch.base_sequence(), static_cast<std::int32_t>(delta));
}

base::Result<> print_metadata(const record::BatchView& batch, const record::Record& record) {
  fmt::print("| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [",
             record.offset.value(), name_of(batch.timestamp_type()), record.timestamp.value(),
             size_of(record.key), size_of(record.value), sequence_of(batch, record));
  bool is_first = true;
  for (const record::Header& header : record.headers) {
    fmt::print("{}{}", is_first ? "" : ",", printable_text(base::as_bytes(header.key)));
    is_first = false;
  }
  fmt::print("]");
  if (!batch.is_control()) return {};
  const auto text = control_record_text(record);
  if (!text) return base::fail(text.error());
  fmt::print("{}", *text);
  return {};
}

base::Result<> print_content(const record::Record& record, const DumpOptions& options) {
  const auto decoded = options.decoder(record);
  if (!decoded) return base::fail(decoded.error());
  std::string_view prefix = options.skip_record_metadata ? "| " : " ";
  if (decoded->key) {
    fmt::print("{}key: {}", prefix, *decoded->key);
    prefix = " ";
  }
  if (decoded->value) fmt::print("{}payload: {}", prefix, *decoded->value);
  return {};
}

base::Result<> print_record(const record::BatchView& batch, const record::Record& record,
                            const DumpOptions& options) {
  if (!options.skip_record_metadata) {
    if (auto done = print_metadata(batch, record); !done) return done;
  }
  if (options.print_records && !batch.is_control()) {
    if (auto done = print_content(record, options); !done) return done;
  }
  fmt::print("\n");
  return {};
}

base::Result<> print_records(const record::BatchView& batch, const std::string& path,
                             const DumpOptions& options, DumpProblems& problems,
                             std::int64_t& last_offset) {
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  while (true) {
    const auto record = reader->next();
    if (!record) return base::fail(record.error());
    if (!*record) return {};
    const std::int64_t offset = (*record)->offset.value();
    if (offset != record::add_wrapping(last_offset, 1)) {
      problems.not_consecutive[absolute_path(path)][last_offset] = offset;
    }
    last_offset = offset;
    if (auto done = print_record(batch, **record, options); !done) return done;
  }
}

template <typename Number>
base::Result<Number> parse_digits(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size()) return number;
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("For input string: \"{}\"", digits));
}

// <end offset, 20 digits>-<epoch, 10 digits>.checkpoint
base::Result<> print_snapshot_heading(std::string_view name) {
  if (name == kBootstrapName) {
    fmt::print("KRaft bootstrap snapshot\n");
    return {};
  }
  const auto offset = parse_digits<std::int64_t>(name.substr(0, kOffsetWidth));
  if (!offset) return base::fail(offset.error());
  const auto epoch =
      parse_digits<std::int32_t>(name.substr(std::min(kOffsetWidth + 1, name.size()), kEpochWidth));
  if (!epoch) return base::fail(epoch.error());
  fmt::print("Snapshot end offset: {}, epoch: {}\n", *offset, *epoch);
  return {};
}

base::Result<> print_heading(const std::string& path) {
  if (path.ends_with(kCheckpointSuffix)) {
    return print_snapshot_heading(std::string_view(path).substr(path.rfind('/') + 1));
  }
  const auto offset = offset_in_name(path);
  if (!offset) return base::fail(offset.error());
  fmt::print("Log starting offset: {}\n", *offset);
  return {};
}

base::Result<record::BatchView> view_of(const SegmentReader::Batch& batch, base::ByteView bytes) {
  if (batch.magic < record::kMagic) {
    return base::fail(base::ErrorCode::kUnsupportedForMessageFormat,
                      fmt::format("The batch at position {} has format {}, which only Kafka before "
                                  "0.11 wrote: it is not read here",
                                  batch.position, batch.magic));
  }
  return record::BatchView::parse(bytes);
}

}  // namespace

base::Result<> dump_segment(env::Disk& disk, const std::string& path, const DumpOptions& options,
                            DumpProblems& problems) {
  if (auto done = print_heading(path); !done) return done;
  if (options.max_bytes < 0) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("Invalid size: {}", options.max_bytes));
  }
  auto reader = SegmentReader::open(disk, path, static_cast<std::uint64_t>(options.max_bytes));
  if (!reader) return base::fail(std::move(reader));
  std::int64_t last_offset = -1;
  while (true) {
    const auto batch = reader->next();
    if (!batch) return base::fail(batch.error());
    if (!*batch) break;
    const auto bytes = reader->whole(**batch);
    if (!bytes) return base::fail(bytes.error());
    const auto view = view_of(**batch, *bytes);
    if (!view) return base::fail(view.error());
    if (auto done = print_batch(*view, (*batch)->position); !done) return done;
    if (!options.deep_iteration) continue;
    auto done = print_records(*view, path, options, problems, last_offset);
    if (!done) return done;
  }
  if (reader->position() < reader->end() && options.max_bytes == INT32_MAX) {
    fmt::print("Found {} invalid bytes at the end of {}\n", reader->end() - reader->position(),
               path.substr(path.rfind('/') + 1));
  }
  return {};
}

}  // namespace odradek::cli
