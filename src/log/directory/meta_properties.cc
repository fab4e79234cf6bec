// SPDX-License-Identifier: Apache-2.0
#include "log/directory/meta_properties.h"

#include <fmt/core.h>

#include <charconv>
#include <map>

#include "config/properties.h"

namespace odradek::log::directory {
namespace {

using Values = std::map<std::string, std::string>;

std::unexpected<base::Error> refused(const std::string& path, std::string_view why) {
  return base::fail(base::ErrorCode::kInvalidConfig, fmt::format("{}: {}", path, why));
}

base::Result<std::int32_t> number_of(const Values& values, const std::string& key,
                                     const std::string& path) {
  const auto found = values.find(key);
  if (found == values.end()) return refused(path, fmt::format("{} is missing", key));
  const std::string& text = found->second;
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;
  return refused(path, fmt::format("{} '{}' is not a number from 0 on", key, text));
}

// What is special in a properties file's value gets a backslash.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char character : value) {
    if (std::string_view("\\:=#! ").contains(character)) text += '\\';
    text += character;
  }
  return text;
}

base::Result<> read_node_id(const Values& values, const std::string& path,
                            DirectoryIdentity& identity) {
  const std::string key = identity.version == 0 ? "broker.id" : "node.id";
  if (identity.version == 0 && !values.contains(key)) return {};
  auto node_id = number_of(values, key, path);
  if (!node_id) return base::fail(std::move(node_id));
  identity.node_id = base::BrokerId(*node_id);
  return {};
}

}  // namespace

std::string format_meta_properties(const DirectoryIdentity& identity) {
  const bool is_old = identity.version == 0;
  std::string text = fmt::format("version={}\n", identity.version);
  if (!identity.cluster_id.empty()) text += "cluster.id=" + escaped(identity.cluster_id) + '\n';
  text += fmt::format("{}={}\n", is_old ? "broker.id" : "node.id", identity.node_id.value());
  if (!identity.directory_id.is_zero()) {
    text += fmt::format("directory.id={}\n", identity.directory_id.to_string());
  }
  return text;
}

base::Result<DirectoryIdentity> parse_meta_properties(std::string_view text,
                                                      const std::string& path) {
  auto properties = config::parse_properties(text);
  if (!properties) return refused(path, properties.error().message);
  Values values;
  for (auto& property : *properties) values[property.key] = std::move(property.value);

  DirectoryIdentity identity;
  identity.version = 0;
  if (values.contains("version")) {
    auto version = number_of(values, "version", path);
    if (!version) return base::fail(std::move(version));
    identity.version = *version;
  }
  if (identity.version > 1) {
    return refused(path, fmt::format("version {}, only 0 and 1 are known", identity.version));
  }
  if (auto done = read_node_id(values, path, identity); !done) return base::fail(std::move(done));
  identity.cluster_id = values["cluster.id"];
  if (identity.cluster_id.empty()) {
    return refused(path, "cluster.id is missing");
  }
  if (const auto found = values.find("directory.id"); found != values.end()) {
    const auto id = base::Uuid::parse(found->second);
    if (!id) return refused(path, fmt::format("directory.id '{}' is not an id", found->second));
    identity.directory_id = *id;
  }
  return identity;
}

}  // namespace odradek::log::directory
