// SPDX-License-Identifier: Apache-2.0
#include "cli/records/metadata_record.h"

#include <fmt/core.h>

#include <string_view>

#include "cli/records/record_frame.h"
#include "cli/records/record_table.h"
#include "wire/records/metadata.h"

namespace odradek::cli {
namespace {

struct MetadataType {
  std::int16_t type;
  BodyAsJson body;
  const wire::MessageLayout& (*layout)();
};

template <typename... Messages>
std::array<MetadataType, sizeof...(Messages)> table_of() {
  return {MetadataType{Messages::kType, body_as_json<Messages>, Messages::layout}...};
}

std::span<const MetadataType> types() {
  using namespace wire;
  static const auto kTypes =
      table_of<RegisterBrokerRecord, UnregisterBrokerRecord, TopicRecord, PartitionRecord,
               ConfigRecord, PartitionChangeRecord, FenceBrokerRecord, UnfenceBrokerRecord,
               RemoveTopicRecord, DelegationTokenRecord, UserScramCredentialRecord,
               FeatureLevelRecord, ClientQuotaRecord, ProducerIdsRecord,
               BrokerRegistrationChangeRecord, AccessControlEntryRecord,
               RemoveAccessControlEntryRecord, NoOpRecord, ZkMigrationStateRecord,
               RemoveUserScramCredentialRecord, BeginTransactionRecord, EndTransactionRecord,
               AbortTransactionRecord, RemoveDelegationTokenRecord, RegisterControllerRecord,
               ClearElrRecord, UnregisterControllerRecord>();
  return kTypes;
}

// "TopicRecord" is TOPIC_RECORD there.
std::string constant_case(std::string_view name) {
  std::string out;
  for (const char character : name) {
    const bool is_capital = character >= 'A' && character <= 'Z';
    if (is_capital && !out.empty()) out += '_';
    out += is_capital || character < 'a' ? character : static_cast<char>(character - 'a' + 'A');
  }
  return out;
}

}  // namespace

base::Result<std::string> metadata_record_json(base::ByteView value) {
  wire::Reader reader(base::SharedBytes::copy(value), base::ErrorCode::kCorruptMessage);
  return read_framed(reader, [&](const RecordFrame& frame) -> base::Result<std::string> {
    const auto known = std::ranges::find(types(), frame.type, &MetadataType::type);
    if (known == types().end()) return unknown_record_type(frame.type);
    const auto json = known->body(reader, frame.version, {});
    if (!json) return base::fail(json.error());
    return fmt::format(R"({{"type":"{}","version":{},"data":{}}})",
                       constant_case(known->layout().name), frame.version, *json);
  });
}

}  // namespace odradek::cli
