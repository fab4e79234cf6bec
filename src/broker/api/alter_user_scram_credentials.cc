// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/alter_user_scram_credentials.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "broker/api/apis.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/clients.h"
#include "security/scram.h"

namespace odradek::broker::api {
namespace {

using wire::AlterUserScramCredentialsRequest;
using wire::AlterUserScramCredentialsResponse;

base::Result<metadata::ScramSecrets> derive(metadata::ScramMechanism mechanism,
                                            base::ByteView salted_password) {
  auto keys = security::scram_keys(mechanism, salted_password);
  if (!keys) return base::fail(std::move(keys));
  return metadata::ScramSecrets{std::move(keys->stored_key), std::move(keys->server_key)};
}

// Nothing was kept: no user keeps the answer of one whose credential was.
void refuse(const AlterUserScramCredentialsRequest& request, const base::Error& error,
            AlterUserScramCredentialsResponse& response) {
  std::set<std::string> users;
  for (const auto& deletion : request.deletions) users.insert(deletion.name);
  for (const auto& upsertion : request.upsertions) users.insert(upsertion.name);
  response.results.clear();
  for (const std::string& user : users) {
    response.results.push_back({user, error.code, error.message});
  }
}

}  // namespace

void handle_alter_user_scram_credentials(Services& services,
                                         AlterUserScramCredentialsRequest request,
                                         Responder<AlterUserScramCredentialsResponse> responder) {
  const auto asked = std::make_shared<const AlterUserScramCredentialsRequest>(std::move(request));
  services.admin.change<AlterUserScramCredentialsResponse>(
      [asked](const metadata::ClusterImage& image, const metadata::ControllerInputs& /*inputs*/) {
        return metadata::alter_scram_credentials(image, *asked, derive);
      },
      [asked, responder = std::move(responder)](AlterUserScramCredentialsResponse response,
                                                const base::Result<>& committed) mutable {
        if (!committed) {
          refuse(*asked, committed.error(), response);
        } else if (!asked->upsertions.empty()) {
          base::log::warn(
              "controller",
              "SCRAM credentials are kept and described; no listener asks for them yet");
        }
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
