// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/network.h"
#include "env/world.h"

namespace odradek::cli {

// A client's configuration under Kafka's names.
using ClientConfig = std::map<std::string, std::string, std::less<>>;

// Reads a properties file such as --command-config names. INVALID_CONFIG, or the disk's error.
[[nodiscard]] base::Result<ClientConfig> load_client_config(env::World& world,
                                                            const std::string& path);

// Adds `key=value` arguments, which win over what is there; without `=` the value is empty.
void add_properties(ClientConfig& config, const std::vector<std::string>& arguments);

// "host1:9092,host2:9092" or "SCHEME://host:port". INVALID_CONFIG names what is wrong.
[[nodiscard]] base::Result<std::vector<env::Address>> parse_servers(std::string_view list);

}  // namespace odradek::cli
