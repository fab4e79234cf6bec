// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/properties.h"

namespace odradek::app {

struct ServerArguments {
  // A server.properties file; empty: the defaults.
  std::string config_file;
  // --set key=value, in order; they win over the file.
  std::vector<config::Property> overrides;
};

// Runs a broker until SIGTERM or SIGINT, then stops it cleanly. Returns the process's exit code: 0
// after a clean stop; 1 a wrong or refused configuration; 2 a data directory that is not usable; 3
// no room to format it; 4 a missing right; 5 a port in use; 6 a listener that can't be bound; 7 an
// unclean stop.
int run_server(const ServerArguments& arguments);

}  // namespace odradek::app
