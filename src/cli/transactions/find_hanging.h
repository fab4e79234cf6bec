// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/output/output.h"

namespace odradek::cli {

class Admin;
struct Invocation;

// Rows under Kafka's headings: in Kafka's form under its name, else by the caller's choice.
struct TransactionTable {
  std::vector<std::string_view> headings;
  std::vector<std::vector<Cell>> rows;

  void print(const Invocation& invocation) const;
};

// Milliseconds since 1970.
std::int64_t wall_time_ms(Admin& admin);

// Prints the transactions that a partition holds open and that no coordinator knows (any more), by
// the flags topic, partition, broker-id and max-transaction-timeout.
[[nodiscard]] base::Result<> find_hanging_transactions(const Invocation& invocation, Admin& admin);

}  // namespace odradek::cli
