// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "cli/output/output.h"
#include "wire/messages/describe_client_quotas.h"

namespace odradek::cli {

// A row for each user, client or address, or two of them together; "(default)" stands for those
// that have none of their own.
Table quota_table(const std::vector<wire::DescribeClientQuotasResponse::EntryData>& quotas);

}  // namespace odradek::cli
