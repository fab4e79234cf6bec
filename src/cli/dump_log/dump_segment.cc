// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <charconv>

#include "cli/dump_log/dump_log.h"
#include "cli/dump_log/segment_reader.h"
#include "cli/json/json_reader.h"
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

Object batch_members(const record::BatchView& batch, std::uint64_t position,
                     std::string_view codec) {
  return {{"base_offset", batch.base_offset().value()},
          {"last_offset", batch.last_offset().value()},
          {"count", batch.count()},
          {"base_sequence", batch.base_sequence()},
          {"last_sequence", batch.last_sequence()},
          {"producer_id", batch.producer_id().value()},
          {"producer_epoch", batch.producer_epoch().value()},
          {"partition_leader_epoch", batch.leader_epoch().value()},
          {"is_transactional", batch.is_transactional()},
          {"is_control", batch.is_control()},
          {"delete_horizon_ms",
           batch.has_delete_horizon() ? Value(batch.base_timestamp().value()) : Value()},
          {"position", position},
          {"timestamp_type", name_of(batch.timestamp_type())},
          {"max_timestamp", batch.max_timestamp().value()},
          {"size", batch.total_size()},
          {"magic", batch.magic()},
          {"codec", codec},
          {"crc", batch.crc()},
          {"is_valid", batch.crc_matches()}};
}

base::Result<> print_batch(const record::BatchView& batch, std::uint64_t position,
                           const DumpOptions& options) {
  const auto codec = batch.codec();
  if (!codec) {
    return base::fail(base::ErrorCode::kCorruptMessage,
                      fmt::format("Unknown compression type id: {}",
                                  batch.attributes() & record::attribute::kCodecMask));
  }
  options.print(
      "batch", batch_members(batch, position, record::codec_name(*codec)),
      fmt::format("baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} "
                  "producerId: {} producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} "
                  "isControl: {} deleteHorizonMs: {} position: {} {}: {} size: {} magic: {} "
                  "compresscodec: {} crc: {} isvalid: {}",
                  batch.base_offset().value(), batch.last_offset().value(), batch.count(),
                  batch.base_sequence(), batch.last_sequence(), batch.producer_id().value(),
                  batch.producer_epoch().value(), batch.leader_epoch().value(),
                  batch.is_transactional(), batch.is_control(), delete_horizon(batch), position,
                  name_of(batch.timestamp_type()), batch.max_timestamp().value(),
                  batch.total_size(), batch.magic(), record::codec_name(*codec), batch.crc(),
                  batch.crc_matches()));
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

// What a decoder says as JSON is taken as it.
Value decoded_value(const std::optional<std::string>& text) {
  if (!text) return {};
  const bool is_json = text->starts_with('{');
  auto json = is_json ? parse_json(*text) : base::Result<Value>(Value(*text));
  return json ? *std::move(json) : Value(*text);
}

base::Result<> print_record_as_json(const record::BatchView& batch, const record::Record& record,
                                    const DumpOptions& options) {
  Object members;
  if (!options.skip_record_metadata) {
    List header_keys;
    for (const record::Header& header : record.headers) {
      header_keys.emplace_back(printable_text(base::as_bytes(header.key)));
    }
    members = {{"offset", record.offset.value()},        {"timestamp", record.timestamp.value()},
               {"key_size", size_of(record.key)},        {"value_size", size_of(record.value)},
               {"sequence", sequence_of(batch, record)}, {"header_keys", std::move(header_keys)}};
  }
  if (batch.is_control()) {
    const auto text = control_record_text(record);
    if (!text) return base::fail(text.error());
    members.emplace_back("control", std::string_view(*text).substr(text->starts_with(' ') ? 1 : 0));
  } else if (options.print_records) {
    const auto decoded = options.decoder(record);
    if (!decoded) return base::fail(decoded.error());
    members.emplace_back("key", decoded_value(decoded->key));
    members.emplace_back("payload", decoded_value(decoded->value));
  }
  options.print("record", members, {});
  return {};
}

base::Result<> print_record(const record::BatchView& batch, const record::Record& record,
                            const DumpOptions& options) {
  if (options.json != nullptr) return print_record_as_json(batch, record, options);
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
  while (!is_ended()) {
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
  return {};
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
base::Result<> print_snapshot_heading(std::string_view name, const DumpOptions& options) {
  if (name == kBootstrapName) {
    options.print("bootstrap_snapshot", {}, "KRaft bootstrap snapshot");
    return {};
  }
  const auto offset = parse_digits<std::int64_t>(name.substr(0, kOffsetWidth));
  if (!offset) return base::fail(offset.error());
  const auto epoch =
      parse_digits<std::int32_t>(name.substr(std::min(kOffsetWidth + 1, name.size()), kEpochWidth));
  if (!epoch) return base::fail(epoch.error());
  options.print("snapshot", {{"end_offset", *offset}, {"epoch", *epoch}},
                fmt::format("Snapshot end offset: {}, epoch: {}", *offset, *epoch));
  return {};
}

base::Result<> print_heading(const std::string& path, const DumpOptions& options) {
  if (path.ends_with(kCheckpointSuffix)) {
    return print_snapshot_heading(std::string_view(path).substr(path.rfind('/') + 1), options);
  }
  const auto offset = offset_in_name(path);
  if (!offset) return base::fail(offset.error());
  options.print("segment", {{"start_offset", *offset}},
                fmt::format("Log starting offset: {}", *offset));
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
  if (auto done = print_heading(path, options); !done) return done;
  if (options.max_bytes < 0) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("Invalid size: {}", options.max_bytes));
  }
  auto reader = SegmentReader::open(disk, path, static_cast<std::uint64_t>(options.max_bytes));
  if (!reader) return base::fail(std::move(reader));
  std::int64_t last_offset = -1;
  while (!is_ended()) {
    const auto batch = reader->next();
    if (!batch) return base::fail(batch.error());
    if (!*batch) break;
    const auto bytes = reader->whole(**batch);
    if (!bytes) return base::fail(bytes.error());
    const auto view = view_of(**batch, *bytes);
    if (!view) return base::fail(view.error());
    if (auto done = print_batch(*view, (*batch)->position, options); !done) return done;
    if (!options.deep_iteration) continue;
    auto done = print_records(*view, path, options, problems, last_offset);
    if (!done) return done;
  }
  if (!is_ended() && reader->position() < reader->end() && options.max_bytes == INT32_MAX) {
    const auto bytes = reader->end() - reader->position();
    options.print("invalid_bytes", {{"bytes", bytes}},
                  fmt::format("Found {} invalid bytes at the end of {}", bytes,
                              path.substr(path.rfind('/') + 1)));
  }
  return {};
}

}  // namespace odradek::cli
