// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "record/record_reader.h"

namespace odradek::cli {

// What a record's key and value are printed as; nothing: not printed.
struct DecodedRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
};

// Makes text of a record. It does not fail on what it cannot read: the text says so. An error ends
// the dump, where Kafka's tool ends, too.
using RecordDecoder = std::function<base::Result<DecodedRecord>(const record::Record&)>;

// Keys and values by the names of Kafka's decoder classes (org.apache.kafka.tools.api.StringDecoder
// and its like). INVALID_CONFIG where a class is another one: it would need a JVM.
[[nodiscard]] base::Result<RecordDecoder> plain_decoder(std::string_view key_class,
                                                        std::string_view value_class);

// Of __consumer_offsets, __transaction_state and __share_group_state: JSON of key and value.
RecordDecoder group_decoder();
RecordDecoder transaction_decoder();
RecordDecoder share_state_decoder();
// Of __cluster_metadata: JSON.
RecordDecoder metadata_decoder();
// Of __remote_log_metadata.
RecordDecoder remote_log_metadata_decoder();

// The value of a control record, with its name in front, as it stands at the end of the record's
// line. An error where the record is damaged.
[[nodiscard]] base::Result<std::string> control_record_text(const record::Record& record);

// Bytes as UTF-8; what is none of it becomes U+FFFD.
std::string printable_text(base::ByteView bytes);

}  // namespace odradek::cli
