// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/source_reader.h"

#include <fmt/core.h>

#include <utility>

#include "log/file_names.h"

namespace odradek::log::cleaner {

SourceReader::SourceReader(const Source& source, std::uint64_t position, base::Offset end,
                           std::size_t chunk_bytes)
    : scanner_(source.files.log, position, source.size, chunk_bytes),
      path_(source.segment->path(kLogSuffix)),
      size_(source.size),
      end_(end),
      expected_(source.segment->base_offset()) {}

base::Error SourceReader::damaged(const std::string& why) const {
  return {.code = base::ErrorCode::kCorruptMessage,
          .message = fmt::format("{}, position {}: {}", path_, scanner_.position(), why)};
}

base::Result<std::optional<record::BatchView>> SourceReader::next() {
  auto header = scanner_.next();
  if (!header && header.error().code == base::ErrorCode::kCorruptMessage) {
    return std::unexpected(damaged(header.error().message));
  }
  if (!header) return base::fail(std::move(header));
  if (!*header) {
    // What is no whole batch is nothing that may be left out.
    if (scanner_.next_position() == size_) return std::nullopt;
    return std::unexpected(damaged("the segment ends in the middle of a batch"));
  }
  auto batch = scanner_.whole();
  if (!batch) return base::fail(std::move(batch));
  if (auto checked = check(*batch); !checked) return base::fail(std::move(checked));
  expected_ = batch->next_offset();
  return *batch;
}

base::Result<> SourceReader::check(const record::BatchView& batch) const {
  const base::Offset first = batch.base_offset();
  const base::Offset last = batch.last_offset();
  if (!batch.crc_matches()) {
    return std::unexpected(
        damaged(fmt::format("the batch at offset {} does not match its checksum", first.value())));
  }
  if (first >= expected_ && last >= first && last < end_) return {};
  return std::unexpected(damaged(
      fmt::format("a batch of offsets {} to {}, where the next one is from {} on and below {}",
                  first.value(), last.value(), expected_.value(), end_.value())));
}

base::Result<> check_order(const record::BatchHeader& batch, base::Offset previous,
                           base::Offset offset) {
  if (offset > previous && offset <= batch.last_offset()) return {};
  return base::fail(
      base::ErrorCode::kCorruptMessage,
      fmt::format("the batch at offset {} has a record at offset {} after {}, and ends with {}",
                  batch.base_offset().value(), offset.value(), previous.value(),
                  batch.last_offset().value()));
}

}  // namespace odradek::log::cleaner
