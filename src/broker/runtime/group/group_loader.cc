// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/group/group_loader.h"

#include <fmt/core.h>

#include <optional>

#include "env/disk.h"
#include "record/batch_header.h"
#include "record/record_reader.h"

namespace odradek::broker {
namespace {

constexpr std::uint64_t kReadBytes = 1U << 20U;

base::Result<> replay_batch(const record::BatchView& batch,
                            coordinator::group::GroupMachine& machine) {
  if (batch.is_control()) return {};
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  while (true) {
    auto next = reader->next();
    if (!next) return base::fail(std::move(next));
    if (!*next) return {};
    const record::Record& record = **next;
    if (!record.key) continue;
    std::optional<base::SharedBytes> value;
    if (record.value) value = base::SharedBytes::copy(*record.value);
    auto done = machine.replay(base::SharedBytes::copy(*record.key), value);
    if (!done) {
      return base::fail(
          done.error().code,
          fmt::format("the record at offset {}: {}", record.offset.value(), done.error().message));
    }
  }
}

}  // namespace

base::Result<> load_groups(log::Log& log, coordinator::group::GroupMachine& machine) {
  base::Offset next = log.log_start_offset();
  const base::Offset end = log.log_end_offset();
  while (next < end) {
    auto read = log.read(next, end, kReadBytes, true);
    if (!read) return base::fail(std::move(read));
    if (read->bytes.length == 0) {
      return base::fail(base::ErrorCode::kKafkaStorageError,
                        fmt::format("nothing is there at offset {}, before the end {}",
                                    next.value(), end.value()));
    }
    auto block = base::SharedBytes::allocate(read->bytes.length);
    auto filled = static_cast<env::File&>(*read->bytes.file)
                      .read_at(read->bytes.position, block.mutable_view());
    if (!filled) return base::fail(std::move(filled));
    const base::Offset before = next;
    for (std::size_t at = 0; at < *filled;) {
      const auto batch = record::BatchView::parse(block.view().subspan(at, *filled - at));
      if (!batch) break;  // cut off by the limit of the read
      if (batch->last_offset() >= next) {
        if (auto done = replay_batch(*batch, machine); !done) return done;
        next = batch->next_offset();
      }
      at += batch->total_size();
    }
    if (next == before) {
      return base::fail(base::ErrorCode::kCorruptMessage,
                        fmt::format("no whole batch at offset {}", next.value()));
    }
  }
  return {};
}

}  // namespace odradek::broker
