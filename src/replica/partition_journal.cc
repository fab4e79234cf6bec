// SPDX-License-Identifier: Apache-2.0
#include "replica/partition_journal.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "log/topic_codec.h"

namespace odradek::replica {
namespace {

using record::JournalRecord;

// A record's lengths, deltas and attributes at their longest.
constexpr std::size_t kMaxRecordOverhead = 32;

void add(record::BatchBuilder& builder, const JournalRecord& record, base::Timestamp now) {
  builder.append(now, record.key.view(),
                 record.value ? std::optional(record.value->view()) : std::nullopt);
}

std::size_t max_size(const JournalRecord& record) {
  return kMaxRecordOverhead + record.key.size() + (record.value ? record.value->size() : 0);
}

}  // namespace

std::size_t PartitionJournal::max_batch_bytes() const {
  return static_cast<std::size_t>(partition_->log().config().max_message_bytes);
}

record::BatchOptions PartitionJournal::batch_options() const {
  const log::LogConfig config = partition_->log().config();
  record::BatchOptions options;
  options.codec = config.codec.value_or(record::Codec::kNone);
  options.compression_level = log::compression_level(config, options.codec);
  return options;
}

base::Result<record::JournalEnd> PartitionJournal::append(std::vector<JournalRecord> records,
                                                          base::Timestamp now) {
  ODRADEK_ASSERT(!records.empty());
  record::BatchBuilder builder(batch_options());
  for (const JournalRecord& record : records) add(builder, record, now);
  return enqueue(builder);
}

base::Result<record::JournalEnd> PartitionJournal::append_each(std::vector<JournalRecord> records,
                                                               base::Timestamp now) {
  ODRADEK_ASSERT(!records.empty());
  const std::size_t max_bytes = max_batch_bytes();
  const record::BatchOptions options = batch_options();
  record::BatchBuilder builder(options);
  for (const JournalRecord& record : records) {
    if (!builder.empty() && builder.plain_size() + max_size(record) > max_bytes) {
      if (auto appended = enqueue(builder); !appended) return appended;
      builder.reset(options);
    }
    add(builder, record, now);
  }
  return enqueue(builder);
}

base::Result<record::JournalEnd> PartitionJournal::enqueue(const record::BatchBuilder& builder) {
  const std::size_t max_bytes = max_batch_bytes();
  if (builder.plain_size() > max_bytes) {
    return base::fail(base::ErrorCode::kMessageTooLarge,
                      fmt::format("{} bytes for {}, whose max.message.bytes is {}",
                                  builder.plain_size(), partition_->name().to_string(), max_bytes));
  }
  auto appended = partition_->enqueue(builder.build(), log::AppendOrigin::kCoordinator);
  if (!appended) return base::fail(std::move(appended));
  return to_journal_end(appended->end());
}

}  // namespace odradek::replica
