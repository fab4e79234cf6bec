// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags.h"

// The flags by which Admin::connect(invocation, …) finds its server, for the tables of commands.
namespace odradek::cli {

inline constexpr FlagSpec kBootstrapServerFlag{"bootstrap-server", Arity::kRequired,
                                               "host:port,...", "The servers to connect to.", 'b'};
// Here every node is a controller, too, on the same listeners: the same as --bootstrap-server.
inline constexpr FlagSpec kBootstrapControllerFlag{
    "bootstrap-controller", Arity::kRequired, "host:port,...", "The controllers to connect to."};
inline constexpr FlagSpec kCommandConfigFlag{"command-config", Arity::kRequired, "file",
                                             "A properties file with settings for the connection."};

}  // namespace odradek::cli
