// SPDX-License-Identifier: Apache-2.0
#include "log/producer_batch.h"

#include "record/control_record.h"
#include "record/record_reader.h"

namespace odradek::log {

namespace {

base::Result<std::optional<EndTransactionMarker>> marker_of(const record::BatchView& batch) {
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  auto record = reader->next();
  if (!record) return base::fail(std::move(record));
  if (!*record) return std::nullopt;
  auto type = record::parse_control_key((*record)->key.value_or(base::ByteView()));
  if (!type) return base::fail(std::move(type));
  if (*type != record::ControlRecordType::kAbort && *type != record::ControlRecordType::kCommit) {
    return std::nullopt;
  }
  auto epoch = record::parse_end_transaction_value((*record)->value.value_or(base::ByteView()));
  if (!epoch) return base::fail(std::move(epoch));
  return EndTransactionMarker{.is_commit = *type == record::ControlRecordType::kCommit,
                              .coordinator_epoch = *epoch};
}

}  // namespace

base::Result<std::optional<ProducerBatch>> producer_batch_of(const record::BatchView& batch) {
  if (!batch.has_producer_id()) return std::nullopt;
  ProducerBatch state{.producer_id = batch.producer_id(),
                      .producer_epoch = batch.producer_epoch(),
                      .base_sequence = batch.base_sequence(),
                      .last_sequence = batch.last_sequence(),
                      .first_offset = batch.base_offset(),
                      .last_offset = batch.last_offset(),
                      .max_timestamp = batch.max_timestamp(),
                      .is_transactional = batch.is_transactional(),
                      .marker = std::nullopt};
  if (!batch.is_control()) return state;
  if (batch.count() == 0) return std::nullopt;
  auto marker = marker_of(batch);
  if (!marker) return base::fail(std::move(marker));
  if (!*marker) return std::nullopt;
  state.marker = *marker;
  return state;
}

}  // namespace odradek::log
