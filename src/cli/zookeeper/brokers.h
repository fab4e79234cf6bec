// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/zookeeper/tree.h"

// The servers of a cluster as they stand in ZooKeeper, for --zookeeper.
namespace odradek::cli {

inline constexpr FlagSpec kZookeeperFlag{
    "zookeeper", Arity::kRequired, "host:port,...[/chroot]",
    "Find the servers in ZooKeeper, where they registered, instead of naming them."};

// "host:port,…" of the brokers below /brokers/ids, by id, each with its first listener that speaks
// `protocol` (PLAINTEXT, SSL …). BROKER_NOT_AVAILABLE where there is none.
[[nodiscard]] base::Result<std::string> registered_brokers(ZookeeperTree& tree,
                                                           std::string_view protocol);
// The value of --bootstrap-server, else the same of the ensemble that --zookeeper names, else
// `otherwise`.
[[nodiscard]] base::Result<std::string> bootstrap_servers(const Flags& flags,
                                                          std::string_view protocol,
                                                          std::string_view otherwise);

// What one node says; empty: no listener speaks the protocol, or it is no such text.
std::string address_in_registration(std::string_view text, std::string_view protocol);

}  // namespace odradek::cli
