// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "cli/acls/acl_elements.h"
#include "cli/admin/admin.h"
#include "cli/command.h"

// What kafka-acls does. A server's error has the words of Kafka's tool under Kafka's name.
namespace odradek::cli {

[[nodiscard]] base::Result<> add_acls(const Invocation& invocation, Admin& admin, const Acls& acls);
// Asks first, unless --force is given.
[[nodiscard]] base::Result<> remove_acls(const Invocation& invocation, Admin& admin,
                                         const Acls& acls);
[[nodiscard]] base::Result<> list_acls(const Invocation& invocation, Admin& admin);

}  // namespace odradek::cli
