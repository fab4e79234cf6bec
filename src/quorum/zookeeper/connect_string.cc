// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/connect_string.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {
namespace {

constexpr std::string_view kDefaultPort = "2181";
constexpr std::string_view kReserved = "/zookeeper";

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::unexpected<base::Error> refuse(const std::string& text, const std::string& why) {
  return base::fail(
      base::ErrorCode::kInvalidConfig,
      fmt::format("zookeeper.connect={}: {}; it is HOST:PORT,HOST:PORT/CHROOT", text, why));
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

// The server with its port; empty where it is none.
std::string complete_server(std::string_view server) {
  const std::size_t bracket = server.rfind(']');
  const std::size_t colon = server.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = server.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? kDefaultPort : server.substr(colon + 1);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (host.empty() || host.find_first_of(" \t") != std::string_view::npos || !is_port(port) ||
      (!is_bracketed && host.find_first_of("[]") != std::string_view::npos)) {
    return {};
  }
  return fmt::format("{}:{}", host, port);
}

}  // namespace

std::string ConnectString::servers_of_client() const {
  std::string without = servers;
  std::erase_if(without, [](char one) { return one == '[' || one == ']'; });
  return without;
}

base::Result<ConnectString> parse_connect_string(const std::string& text) {
  ConnectString parsed;
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    parsed.chroot = text.substr(slash);
    if (auto good = check_path(parsed.chroot); !good) return refuse(text, good.error().message);
    if (parsed.chroot.find(',') != std::string::npos) {
      return refuse(text, "the chroot stands once, after the last server");
    }
    if (parsed.chroot == kReserved || parsed.chroot.starts_with(std::string(kReserved) + '/')) {
      return refuse(text, fmt::format("{} is ZooKeeper's own", kReserved));
    }
    if (parsed.chroot == "/") parsed.chroot.clear();
  }
  std::string_view rest = std::string_view(text).substr(0, slash);
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view server = trim(rest.substr(0, comma));
    const std::string complete = complete_server(server);
    if (complete.empty()) return refuse(text, fmt::format("'{}' is no server", server));
    if (!parsed.servers.empty()) parsed.servers += ',';
    parsed.servers += complete;
    if (comma == std::string_view::npos) return parsed;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace odradek::quorum::zookeeper
