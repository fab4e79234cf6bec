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

  base::Result<base::Offset> append(std::vector<record::JournalRecord> records,
                                    base::Timestamp now) override;
  base::Result<base::Offset> append_each(std::vector<record::JournalRecord> records,
                                         base::Timestamp now) override;
  void write_out() override { partition_->write_out(); }
  base::Offset end_offset() const override { return partition_->log().log_end_offset(); }
  void when_committed(base::Offset end,
                      std::move_only_function<void(base::Result<>)> handler) override {
    partition_->when_committed(end, std::move(handler));
  }

 private:
  std::size_t max_batch_bytes() const;
  base::Result<base::Offset> enqueue(const record::BatchBuilder& builder);

  const std::shared_ptr<Partition> partition_;
};

}  // namespace odradek::replica
