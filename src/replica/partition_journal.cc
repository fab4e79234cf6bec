// SPDX-License-Identifier: Apache-2.0
#include "replica/partition_journal.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "record/build.h"

namespace odradek::replica {

base::Result<base::Offset> PartitionJournal::append(std::vector<record::JournalRecord> records,
                                                    base::Timestamp now) {
  ODRADEK_ASSERT(!records.empty());
  record::BatchBuilder builder;
  for (const record::JournalRecord& record : records) {
    builder.append(now, record.key.view(),
                   record.value ? std::optional(record.value->view()) : std::nullopt);
  }
  const auto max_bytes = static_cast<std::size_t>(partition_->log().config().max_message_bytes);
  if (builder.plain_size() > max_bytes) {
    return base::fail(base::ErrorCode::kMessageTooLarge,
                      fmt::format("{} bytes for {}, whose max.message.bytes is {}",
                                  builder.plain_size(), partition_->name().to_string(), max_bytes));
  }
  auto appended = partition_->enqueue(builder.build(), log::AppendOrigin::kCoordinator);
  if (!appended) return base::fail(std::move(appended));
  return appended->last_offset + 1;
}

}  // namespace odradek::replica
