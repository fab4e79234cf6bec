// SPDX-License-Identifier: Apache-2.0
#include "cli/group_types/group_listing.h"

#include <algorithm>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "wire/messages/list_groups.h"

namespace odradek::cli {
namespace {

// Servers write types as Kafka shows them, or in small letters.
std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

}  // namespace

base::Result<std::vector<AnyGroup>> list_any_groups(Admin& admin,
                                                    const std::vector<std::string>& types,
                                                    const std::vector<std::string>& states) {
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  std::vector<AnyGroup> groups;
  for (const auto& [broker, address] : (*cluster)->brokers) {
    wire::ListGroupsRequest request;
    request.types_filter = types;
    request.states_filter = states;
    auto answer = admin.ask<wire::ListGroupsResponse>(broker, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    if (answer->error_code != base::ErrorCode::kNone) {
      return base::fail(answer->error_code, error_text(answer->error_code, std::nullopt));
    }
    for (const auto& group : answer->groups) {
      groups.push_back(
          {group.group_id, capitalized(group.group_type), group.protocol_type, group.group_state});
    }
  }
  std::ranges::sort(groups, {}, &AnyGroup::id);
  return groups;
}

}  // namespace odradek::cli
