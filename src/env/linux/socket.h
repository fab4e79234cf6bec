// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "env/linux/descriptor.h"
#include "env/network.h"

// What the streams, the acceptor and the connector share about sockets.
namespace odradek::env {

// One address as the kernel has it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  // Numeric; an IPv4 address mapped into IPv6 as IPv4.
  Address to_address() const;
};

// NETWORK_EXCEPTION: "<what>: <the system's words>".
std::unexpected<base::Error> network_error(const std::string& what, int os_error);

// The addresses of a host, IPv4 first as Java's clients and servers have it. Asks the network
// (blocks) unless the host is numeric; `numeric_only` fails instead of asking.
[[nodiscard]] base::Result<std::vector<SocketAddress>> resolve(const Address& address,
                                                               bool numeric_only);

// A nonblocking socket bound to the address and listening. An empty host, 0.0.0.0 and :: are every
// address of both families, IPv4 alone where the kernel has no IPv6.
[[nodiscard]] base::Result<Descriptor> open_listening_socket(const Address& address,
                                                             const ListenOptions& options);
// A nonblocking socket of the family, ready to connect.
[[nodiscard]] base::Result<Descriptor> open_connecting_socket(int family,
                                                              const SocketOptions& options);
// What every connection gets: no delay of small writes, and a look at silent peers now and then.
void tune_connection(int descriptor);
// Sets the buffers that the options name; errors are ignored, as the kernel clamps them anyway.
void set_buffer_sizes(int descriptor, const SocketOptions& options);
SocketAddress local_address_of(int descriptor);

}  // namespace odradek::env
