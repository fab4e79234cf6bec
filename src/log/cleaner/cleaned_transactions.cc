// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/cleaned_transactions.h"

#include "record/control_record.h"
#include "record/record_reader.h"

namespace odradek::log::cleaner {

void CleanedTransactions::add_aborted(const std::vector<AbortedTransaction>& transactions) {
  for (const AbortedTransaction& transaction : transactions) {
    coming_.emplace(transaction.first_offset, transaction);
  }
}

void CleanedTransactions::begin_aborted_until(base::Offset offset) {
  while (!coming_.empty() && coming_.begin()->first <= offset) {
    const AbortedTransaction& transaction = coming_.begin()->second;
    aborted_.try_emplace(transaction.producer_id, Ongoing{transaction});
    coming_.erase(coming_.begin());
  }
}

bool CleanedTransactions::on_data(const record::BatchHeader& batch) {
  begin_aborted_until(batch.last_offset());
  if (!batch.is_transactional()) return false;
  const auto aborted = aborted_.find(batch.producer_id());
  if (aborted != aborted_.end()) {
    aborted->second.has_batches = true;
    return true;
  }
  committed_.insert(batch.producer_id());
  return false;
}

base::Result<CleanedTransactions::Marker> CleanedTransactions::on_control(
    const record::BatchView& batch) {
  begin_aborted_until(batch.last_offset());
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  auto record = reader->next();
  if (!record) return base::fail(std::move(record));
  // Emptied by an earlier cleaning.
  if (!*record) return Marker{.is_of_empty_transaction = true};
  auto type = record::parse_control_key((*record)->key.value_or(base::ByteView()));
  if (!type) return base::fail(std::move(type));
  if (*type == record::ControlRecordType::kCommit) {
    return Marker{.is_of_empty_transaction = committed_.erase(batch.producer_id()) == 0};
  }
  if (*type != record::ControlRecordType::kAbort) return Marker{};
  const auto node = aborted_.extract(batch.producer_id());
  if (node.empty() || !node.mapped().has_batches) return Marker{.is_of_empty_transaction = true};
  return Marker{.aborted = node.mapped().transaction};
}

}  // namespace odradek::log::cleaner
