// SPDX-License-Identifier: Apache-2.0
#include "env/linux/socket.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

namespace odradek::env {
namespace {

void set_flag(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof(value));
}

bool is_every_address(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

// `::` takes IPv4 as well.
SocketAddress every_address(int family, std::uint16_t port) {
  SocketAddress address;
  if (family == AF_INET6) {
    auto* const ipv6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(port);
    address.length = sizeof(*ipv6);
  } else {
    auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    address.length = sizeof(*ipv4);
  }
  return address;
}

base::Result<Descriptor> open_socket(int family) {
  Descriptor descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.valid()) return network_error("cannot open a socket", errno);
  return descriptor;
}

base::Result<Descriptor> listen_on(const SocketAddress& at, const Address& named,
                                   const ListenOptions& options) {
  auto descriptor = open_socket(at.family());
  if (!descriptor) return descriptor;
  const int socket = descriptor->get();
  set_flag(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.family() == AF_INET6) set_flag(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // Before listen(): connections inherit them, and the window's scale depends on them.
  set_buffer_sizes(socket, options.socket);
  if (::bind(socket, at.get(), at.length) != 0 || ::listen(socket, options.backlog) != 0) {
    return network_error("cannot listen on " + named.to_string(), errno);
  }
  return descriptor;
}

}  // namespace

Address SocketAddress::to_address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    const auto* const ipv4 = reinterpret_cast<const sockaddr_in*>(&storage);
    ::inet_ntop(AF_INET, &ipv4->sin_addr, text.data(), text.size());
    return {text.data(), ntohs(ipv4->sin_port)};
  }
  if (family() != AF_INET6) return {};
  const auto* const ipv6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
    constexpr std::size_t kPrefixBytes = 12;
    ::inet_ntop(AF_INET, ipv6->sin6_addr.s6_addr + kPrefixBytes, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, &ipv6->sin6_addr, text.data(), text.size());
  }
  return {text.data(), ntohs(ipv6->sin6_port)};
}

std::unexpected<base::Error> network_error(const std::string& what, int os_error) {
  return std::unexpected(base::Error{
      base::ErrorCode::kNetworkException,
      fmt::format("{}: {}", what, std::generic_category().message(os_error)), os_error});
}

base::Result<std::vector<SocketAddress>> resolve(const Address& address, bool numeric_only) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (numeric_only ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const int failed =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) {
    return base::fail(
        base::ErrorCode::kNetworkException,
        fmt::format("cannot resolve host name '{}': {}", address.host, ::gai_strerror(failed)));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress& one = addresses.emplace_back();
    std::memcpy(&one.storage, entry->ai_addr, entry->ai_addrlen);
    one.length = entry->ai_addrlen;
  }
  ::freeaddrinfo(found);
  std::ranges::stable_partition(addresses,
                                [](const SocketAddress& one) { return one.family() == AF_INET; });
  return addresses;
}

base::Result<Descriptor> open_listening_socket(const Address& address,
                                               const ListenOptions& options) {
  if (is_every_address(address.host)) {
    auto both = listen_on(every_address(AF_INET6, address.port), address, options);
    const bool without_ipv6 =
        !both && (both.error().os_error == EAFNOSUPPORT || both.error().os_error == EADDRNOTAVAIL);
    if (!without_ipv6) return both;
    return listen_on(every_address(AF_INET, address.port), address, options);
  }
  auto resolved = resolve(address, false);
  if (!resolved) return base::fail(std::move(resolved));
  return listen_on(resolved->front(), address, options);
}

base::Result<Descriptor> open_connecting_socket(int family, const SocketOptions& options) {
  auto descriptor = open_socket(family);
  if (!descriptor) return descriptor;
  set_buffer_sizes(descriptor->get(), options);
  tune_connection(descriptor->get());
  return descriptor;
}

void tune_connection(int descriptor) {
  set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_flag(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void set_buffer_sizes(int descriptor, const SocketOptions& options) {
  if (options.send_buffer_bytes >= 0) {
    set_flag(descriptor, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
  }
  if (options.receive_buffer_bytes >= 0) {
    set_flag(descriptor, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  }
}

SocketAddress local_address_of(int descriptor) {
  SocketAddress address;
  ::getsockname(descriptor, address.get(), &address.length);
  return address;
}

}  // namespace odradek::env
