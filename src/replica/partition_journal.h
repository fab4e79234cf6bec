// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "record/build.h"
#include "record/journal.h"
#include "replica/partition.h"

namespace odradek::replica {

// A journal kept in a partition that this broker leads. Threads: as record::Journal.
class PartitionJournal : public record::Journal {
 public:
  explicit PartitionJournal(std::shared_ptr<Partition> partition)
      : partition_(std::move(partition)) {}

  base::Result<record::JournalEnd> append(std::vector<record::JournalRecord> records,
                                          base::Timestamp now) override;
  base::Result<record::JournalEnd> append_each(std::vector<record::JournalRecord> records,
                                               base::Timestamp now) override;
  void write_out() override { partition_->write_out(); }
  record::JournalEnd end() const override { return to_journal_end(partition_->log().end()); }

 private:
  std::size_t max_batch_bytes() const;
  // As the topic's compression.type says; `producer` is without.
  record::BatchOptions batch_options() const;
  static record::JournalEnd to_journal_end(const log::AppendEnd& end) {
    return {end.offset, end.take_backs};
  }
  base::Result<record::JournalEnd> enqueue(const record::BatchBuilder& builder);

  const std::shared_ptr<Partition> partition_;
};

}  // namespace odradek::replica
