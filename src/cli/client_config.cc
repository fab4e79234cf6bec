// SPDX-License-Identifier: Apache-2.0
#include "cli/client_config.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "config/properties.h"

namespace odradek::cli {
namespace {

base::Result<env::Address> parse_server(std::string_view text) {
  std::string_view rest = text;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest.remove_prefix(scheme + 3);
  }
  const auto colon = rest.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string_view::npos) {
    const std::string_view digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) port = 0;
  }
  if (port == 0) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("'{}' is no server: give host:port, as in 127.0.0.1:9092", text));
  }
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return env::Address{std::string(host), port};
}

}  // namespace

base::Result<ClientConfig> load_client_config(env::World& world, const std::string& path) {
  auto text = world.disk().read_file(path);
  if (!text) return base::fail(std::move(text));
  auto properties = config::parse_properties(*text);
  if (!properties) {
    return base::fail(properties.error().code,
                      fmt::format("{}: {}", path, properties.error().message));
  }
  ClientConfig config;
  for (config::Property& property : *properties) {
    config[std::move(property.key)] = std::move(property.value);
  }
  return config;
}

void add_properties(ClientConfig& config, const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    config[argument.substr(0, equals)] =
        equals == std::string::npos ? std::string() : argument.substr(equals + 1);
  }
}

base::Result<std::vector<env::Address>> parse_servers(std::string_view list) {
  std::vector<env::Address> servers;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    auto server = parse_server(one);
    if (!server) return base::fail(std::move(server));
    servers.push_back(*std::move(server));
  }
  if (servers.empty()) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      "no server is named: give host:port, as in 127.0.0.1:9092");
  }
  return servers;
}

}  // namespace odradek::cli
