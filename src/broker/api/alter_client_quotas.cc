// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_client_quotas.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/clients.h"

namespace odradek::broker::api {
namespace {

using wire::AlterClientQuotasRequest;
using wire::AlterClientQuotasResponse;

// Nobody may take a quota that was set for one that holds.
void tell_what_is_not_enforced(const AlterClientQuotasRequest& request) {
  for (const auto& entry : request.entries) {
    for (const auto& op : entry.ops) {
      if (op.remove) continue;
      base::log::warn("controller", "{}={} is kept and described, and not enforced yet", op.key,
                      op.value);
    }
  }
}

void refuse(const AlterClientQuotasRequest& request, const base::Error& error,
            AlterClientQuotasResponse& response) {
  response.entries.clear();
  for (const auto& entry : request.entries) {
    auto& answer = response.entries.emplace_back();
    answer.error_code = error.code;
    answer.error_message = error.message;
    for (const auto& part : entry.entity) {
      answer.entity.push_back({part.entity_type, part.entity_name});
    }
  }
}

}  // namespace

void handle_alter_client_quotas(Services& services, AlterClientQuotasRequest request,
                                Responder<AlterClientQuotasResponse> responder) {
  const auto asked = std::make_shared<const AlterClientQuotasRequest>(std::move(request));
  services.admin.change<AlterClientQuotasResponse>(
      [asked](const metadata::ClusterImage& image, const metadata::ControllerInputs& /*inputs*/) {
        auto decision = metadata::alter_client_quotas(image, *asked);
        if (!decision.records.empty()) tell_what_is_not_enforced(*asked);
        return decision;
      },
      [asked, responder = std::move(responder)](AlterClientQuotasResponse response,
                                                const base::Result<>& committed) mutable {
        if (!committed) refuse(*asked, committed.error(), response);
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
