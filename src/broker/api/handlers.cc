// SPDX-License-Identifier: Apache-2.0
#include "broker/api/handlers.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/declare.h"
#include "wire/messages/alter_client_quotas.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/alter_partition_reassignments.h"
#include "wire/messages/alter_replica_log_dirs.h"
#include "wire/messages/alter_user_scram_credentials.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/create_acls.h"
#include "wire/messages/create_delegation_token.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_acls.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/describe_acls.h"
#include "wire/messages/describe_client_quotas.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_delegation_token.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/describe_log_dirs.h"
#include "wire/messages/describe_producers.h"
#include "wire/messages/describe_quorum.h"
#include "wire/messages/describe_topic_partitions.h"
#include "wire/messages/describe_transactions.h"
#include "wire/messages/describe_user_scram_credentials.h"
#include "wire/messages/elect_leaders.h"
#include "wire/messages/expire_delegation_token.h"
#include "wire/messages/fetch.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/get_telemetry_subscriptions.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/list_config_resources.h"
#include "wire/messages/list_groups.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/list_partition_reassignments.h"
#include "wire/messages/list_transactions.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/offset_for_leader_epoch.h"
#include "wire/messages/produce.h"
#include "wire/messages/push_telemetry.h"
#include "wire/messages/renew_delegation_token.h"
#include "wire/messages/sync_group.h"
#include "wire/messages/unregister_broker.h"
#include "wire/messages/update_features.h"

namespace odradek::broker::api {
namespace {

constexpr Handler kHandlers[] = {
#define ODRADEK_ENTRY(suffix, Name, answered_by) \
  declare<wire::Name##Request, wire::Name##Response, handle_##suffix>(AnsweredBy::answered_by),
    ODRADEK_APIS(ODRADEK_ENTRY)
#undef ODRADEK_ENTRY
};
static_assert(std::ranges::is_sorted(kHandlers, {}, &Handler::key));

// Where the response keeps its one error code for the whole request; null when it has none.
const wire::FieldLayout* find_error_field(const wire::MessageLayout& layout,
                                          wire::Version version) {
  const auto fields = layout.root->fields;
  const auto found = std::ranges::find_if(fields, [version](const wire::FieldLayout& field) {
    return std::strcmp(field.name, "ErrorCode") == 0 && field.versions.contains(version);
  });
  return found == fields.end() ? nullptr : &*found;
}

const wire::MessageType* find_response_type(const wire::ApiDescription& api) {
  const auto types = wire::all_message_types();
  const auto found = std::ranges::find_if(types, [&api](const wire::MessageType& type) {
    return type.kind == "response" && type.number == static_cast<std::int16_t>(api.key);
  });
  return found == types.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Handler> all_handlers() { return kHandlers; }

const Handler* find_handler(wire::ApiKey key) {
  const auto found = std::ranges::lower_bound(kHandlers, key, {}, &Handler::key);
  return found != std::end(kHandlers) && found->key == key ? &*found : nullptr;
}

void refuse_unsupported(const RequestContext& context, net::Reply reply) {
  refuse(context, base::ErrorCode::kUnsupportedVersion,
         fmt::format("{} version {} is not there", context.api->name, context.version),
         std::move(reply));
}

void refuse(const RequestContext& context, base::ErrorCode code, const std::string& reason,
            net::Reply reply) {
  const wire::MessageType* type = find_response_type(*context.api);
  if (!context.api->knows(context.version) || type == nullptr) {
    reply.close_connection(reason);
    return;
  }
  const wire::FieldLayout* field = find_error_field(type->layout(), context.version);
  if (field == nullptr) {
    reply.close_connection(reason);
    return;
  }
  const std::unique_ptr<void, void (*)(void*)> response(type->create(), type->destroy);
  std::memcpy(static_cast<char*>(response.get()) + field->offset, &code, sizeof(code));
  reply.send(encode_response(context, type->layout(), response.get()));
}

void close_malformed(const RequestContext& context, const base::Error& error, net::Reply reply) {
  // Not the connection of the broker that sent it on: others share it.
  if (context.envelope) {
    reply.send(encode_envelope_error(*context.envelope, base::ErrorCode::kUnsupportedVersion));
    return;
  }
  reply.close_connection(fmt::format("a malformed {} request, version {}: {}", context.api->name,
                                     context.version, error.message));
}

}  // namespace odradek::broker::api
