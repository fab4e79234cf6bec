// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/command.h"
#include "cli/configs/config_changes.h"
#include "cli/configs/entity.h"

// What kafka-configs does, one function for each kind of entity. What they describe they print
// under Kafka's name, and leave in the session's documents under our own. REQUIRES: entities that
// check_entities accepted, with a name for each type where something is to be changed.
namespace odradek::cli {

// A connection, and whether the server refused: Kafka's tool words that otherwise than what it
// finds by itself.
struct ConfigSession {
  const Invocation& invocation;
  Admin& admin;
  bool is_refused = false;
  // What is to be shown under our own name.
  std::vector<Document> documents = {};

  std::unexpected<base::Error> refused(base::ErrorCode code,
                                       const std::optional<std::string>& message) {
    is_refused = true;
    return base::fail(code, error_text(code, message));
  }
  // For an error of asking.
  template <typename T>
  std::unexpected<base::Error> failed(base::Result<T>&& result) {
    is_refused = true;
    return base::fail(std::move(result));
  }
};

// Topics, brokers, broker loggers, client metrics and groups.
[[nodiscard]] base::Result<> describe_resources(ConfigSession& session, const Entities& entities,
                                                bool shows_all);
[[nodiscard]] base::Result<> alter_resource(ConfigSession& session, const Entities& entities,
                                            const ConfigChanges& changes);

// Users, clients and addresses.
[[nodiscard]] base::Result<> describe_quotas(ConfigSession& session, const Entities& entities);
[[nodiscard]] base::Result<> alter_quotas(ConfigSession& session, const Entities& entities,
                                          const ConfigChanges& changes);

// Users' SCRAM credentials; no names: of every user.
[[nodiscard]] base::Result<> describe_scram(ConfigSession& session,
                                            const std::vector<std::string>& users);
[[nodiscard]] base::Result<> alter_scram(ConfigSession& session, const std::string& user,
                                         const ConfigChanges& changes);

}  // namespace odradek::cli
