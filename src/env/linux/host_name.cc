// SPDX-License-Identifier: Apache-2.0
#include "env/linux/host_name.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace odradek::env {

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.data(), nullptr, &hints, &found) != 0) return name.data();
  std::string canonical = found->ai_canonname != nullptr ? found->ai_canonname : name.data();
  ::freeaddrinfo(found);
  return canonical;
}

}  // namespace odradek::env
