// SPDX-License-Identifier: Apache-2.0
#include "metadata/record.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;

constexpr std::uint32_t kFrameVersion = 1;

// Versions newer than these came with metadata versions after 30; they are taken where there is
// something to say that only they can.
template <typename Record>
wire::Version written_version([[maybe_unused]] const Record& record) {
  if constexpr (std::is_same_v<Record, wire::RegisterBrokerRecord>) {
    return record.cordoned_log_dirs ? 4 : 3;
  } else if constexpr (std::is_same_v<Record, wire::BrokerRegistrationChangeRecord>) {
    return record.cordoned_log_dirs ? 3 : 2;
  } else {
    return Record::kLatestStableVersion;
  }
}

template <typename Record>
base::Result<MetadataRecord> decode_as(wire::Reader& reader, wire::Version version) {
  if (version < Record::kMinVersion || version > Record::kMaxVersion) {
    return base::fail(
        ErrorCode::kUnsupportedVersion,
        fmt::format("metadata record type {} has version {}; {} to {} are known here",
                    Record::kType, version, Record::kMinVersion, Record::kMaxVersion));
  }
  auto record = Record::decode(reader, version);
  if (!record) return base::fail(std::move(record));
  return MetadataRecord(std::move(*record));
}

// Tries the variant's types one after the other.
template <std::size_t index = 0>
base::Result<MetadataRecord> decode_type(std::uint32_t type, wire::Reader& reader,
                                         wire::Version version) {
  if constexpr (index == std::variant_size_v<MetadataRecord>) {
    return base::fail(ErrorCode::kUnsupportedVersion,
                      fmt::format("metadata record type {} is not known here", type));
  } else {
    using Record = std::variant_alternative_t<index, MetadataRecord>;
    if (static_cast<std::uint32_t>(Record::kType) == type) {
      return decode_as<Record>(reader, version);
    }
    return decode_type<index + 1>(type, reader, version);
  }
}

}  // namespace

base::SharedBytes encode_record(const MetadataRecord& record) {
  wire::Writer writer;
  std::visit(
      [&writer]<typename Record>(const Record& body) {
        const wire::Version version = written_version(body);
        writer.write_unsigned_varint(kFrameVersion);
        writer.write_unsigned_varint(static_cast<std::uint32_t>(Record::kType));
        writer.write_unsigned_varint(static_cast<std::uint32_t>(version));
        const auto done = body.encode(writer, version);
        ODRADEK_ASSERT(done.has_value());
      },
      record);
  const base::OutputChain chain = writer.finish();
  ODRADEK_ASSERT(chain.pieces().size() == 1);
  return std::get<base::SharedBytes>(chain.pieces().front());
}

base::Result<MetadataRecord> decode_record(const base::SharedBytes& bytes) {
  wire::Reader reader(bytes, ErrorCode::kCorruptMessage);
  const std::uint32_t frame_version = reader.read_unsigned_varint();
  const std::uint32_t type = reader.read_unsigned_varint();
  const std::uint32_t version = reader.read_unsigned_varint();
  if (!reader.ok()) return base::fail(reader.error());
  if (frame_version != kFrameVersion) {
    return base::fail(ErrorCode::kUnsupportedVersion,
                      fmt::format("a metadata record has frame version {}, not 1", frame_version));
  }
  return decode_type(type, reader, static_cast<wire::Version>(std::min(version, 32766U)));
}

}  // namespace odradek::metadata
