// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "cli/output/value.h"

namespace odradek::cli {

// Prints the table that --print-metrics shows: names "group:metric" of a client, with values.
void print_java_metrics(const std::map<std::string, double>& metrics, const std::string& client_id);
// The same for JSON, a member each.
Object metrics_object(const std::map<std::string, double>& metrics);

}  // namespace odradek::cli
