// SPDX-License-Identifier: Apache-2.0
#include "metadata/zookeeper_view.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/java_double.h"
#include "config/value.h"
#include "metadata/controller/config_resources.h"
#include "metadata/image_difference.h"
#include "metadata/zookeeper_nodes.h"

namespace odradek::metadata {
namespace {

// Data by path; a path sorts before those below it.
using Tree = std::map<std::string, std::string>;

constexpr const char* kHidden = "[hidden]";
constexpr const char* kDefaultEntity = "<default>";
constexpr std::int8_t kPrefixed = 4;

// What Kafka creates when it starts, in the order of a tree.
constexpr const char* kAlwaysThere[] = {
    "/admin",
    "/admin/delete_topics",
    "/brokers",
    "/brokers/ids",
    "/brokers/seqid",
    "/brokers/topics",
    "/config",
    "/config/brokers",
    "/config/changes",
    "/config/client-metrics",
    "/config/clients",
    "/config/groups",
    "/config/ips",
    "/config/topics",
    "/config/users",
    "/consumers",
    "/isr_change_notification",
    "/latest_producer_id_block",
    "/log_dir_event_notification",
};

void add_state(const TopicImage& topic, std::size_t index, std::int32_t controller_epoch,
               Tree& tree) {
  const std::string path = "/brokers/topics/" + topic.name + "/partitions/" + std::to_string(index);
  tree[path];
  tree[path + "/state"] = partition_state_node(topic.partitions[index], controller_epoch);
}

void add_topic(const TopicImage& topic, Tree& tree) {
  tree["/brokers/topics/" + topic.name] = topic_node(topic);
  tree["/brokers/topics/" + topic.name + "/partitions"];
}

std::string config_path(const ConfigResource& resource) {
  switch (resource.type) {
    case ConfigResourceType::kTopic:
      return "/config/topics/" + resource.name;
    case ConfigResourceType::kBroker:
      return "/config/brokers/" + (resource.name.empty() ? kDefaultEntity : resource.name);
    case ConfigResourceType::kClientMetrics:
      return "/config/client-metrics/" + sanitized(resource.name);
    case ConfigResourceType::kGroup:
      return "/config/groups/" + sanitized(resource.name);
    case ConfigResourceType::kBrokerLogger:
      break;  // changed live, and kept nowhere
  }
  return {};
}

// What nobody knows the meaning of may be a secret.
std::string shown(ConfigResourceType type, const std::string& key, const std::string& value) {
  if (type == ConfigResourceType::kClientMetrics || type == ConfigResourceType::kGroup) {
    return value;
  }
  const config::Setting* setting = find_setting(type, key);
  return setting == nullptr ? kHidden : config::shown(*setting, value);
}

// A topic that is there has a node even where it has no configuration of its own.
void add_config(const ClusterImage& image, const ConfigResource& resource, Tree& tree) {
  const std::string path = config_path(resource);
  const ConfigMap* config = image.find_config(resource.type, resource.name);
  const bool is_topic =
      resource.type == ConfigResourceType::kTopic && image.find_topic(resource.name) != nullptr;
  if (path.empty() || (config == nullptr && !is_topic)) return;
  std::map<std::string, std::string> values;
  if (config != nullptr) {
    for (const auto& [key, value] : *config) values[key] = shown(resource.type, key, value);
  }
  tree[path] = config_node(values);
}

std::string entity_name(const std::optional<std::string>& name) {
  return name ? sanitized(*name) : kDefaultEntity;
}

// Byte rates and connections are whole numbers with Kafka, the other quotas are not.
std::string quota_value(const std::string& key, double value) {
  const bool is_whole = key.ends_with("_byte_rate") || key == "connection_creation_rate";
  return is_whole ? std::to_string(std::llround(value)) : base::java_double(value);
}

std::string quota_path(const QuotaEntity& entity) {
  const auto user = entity.find("user");
  const auto client = entity.find("client-id");
  const auto address = entity.find("ip");
  if (address != entity.end()) return "/config/ips/" + entity_name(address->second);
  std::string path =
      user == entity.end() ? "/config" : "/config/users/" + entity_name(user->second);
  if (client != entity.end()) path += "/clients/" + entity_name(client->second);
  return path;
}

const char* mechanism_name(ScramMechanism mechanism) {
  return mechanism == ScramMechanism::kSha256 ? "SCRAM-SHA-256" : "SCRAM-SHA-512";
}

void add_clients(const ClusterImage& image, Tree& tree) {
  std::map<std::string, std::map<std::string, std::string>> entities;
  image.client_quotas.for_each([&](const QuotaEntity& entity, const auto& quotas) {
    auto& values = entities[quota_path(entity)];
    for (const auto& [key, value] : *quotas) values[key] = quota_value(key, value);
  });
  image.scram_credentials.for_each([&](const std::string& user, const auto& credentials) {
    auto& values = entities["/config/users/" + sanitized(user)];
    for (const auto& [mechanism, credential] : *credentials) {
      values[mechanism_name(mechanism)] = kHidden;
    }
  });
  for (const auto& [path, values] : entities) {
    // A client of a user needs its parents, which may say nothing themselves.
    if (const auto below = path.rfind("/clients/"); below != std::string::npos && below > 8) {
      tree.try_emplace(path.substr(0, below), config_node({}));
      tree.try_emplace(path.substr(0, below) + "/clients");
    }
    tree[path] = config_node(values);
  }
}

void add_access_control(const ClusterImage& image, Tree& tree) {
  std::map<std::string, std::map<base::Uuid, const AccessControlEntryImage*>> resources;
  image.access_control_entries.for_each([&](const base::Uuid& id, const auto& entry) {
    const std::string_view type = resource_type_name(entry->resource_type);
    if (type.empty()) return;
    const std::string root =
        entry->pattern_type == kPrefixed ? "/kafka-acl-extended/prefixed" : "/kafka-acl";
    const std::string parent = root + "/" + std::string(type);
    tree.try_emplace(root);
    if (entry->pattern_type == kPrefixed) tree.try_emplace("/kafka-acl-extended");
    tree.try_emplace(parent);
    const std::string name =
        entry->resource_name == "*" ? entry->resource_name : sanitized(entry->resource_name);
    resources[parent + "/" + name][id] = entry.get();
  });
  for (const auto& [path, by_id] : resources) {
    std::vector<const AccessControlEntryImage*> entries;
    for (const auto& [id, entry] : by_id) entries.push_back(entry);
    tree[path] = access_control_node(entries);
  }
}

std::vector<ViewNode> changes_between(const Tree& before, const Tree& after) {
  std::vector<ViewNode> changes;
  for (const auto& [path, data] : after) {
    const auto old = before.find(path);
    const bool was_there = old != before.end();
    if (!was_there || old->second != data) changes.push_back({path, data, was_there});
  }
  for (auto old = before.rbegin(); old != before.rend(); ++old) {
    if (!after.contains(old->first)) changes.push_back({old->first, std::nullopt, true});
  }
  return changes;
}

// What a topic looks like in both images, without the states that are the same in both.
void add_changed_topic(const TopicImage* before, const TopicImage* after,
                       std::int32_t controller_epoch, Tree& old_tree, Tree& new_tree) {
  if (before != nullptr) add_topic(*before, old_tree);
  if (after != nullptr) add_topic(*after, new_tree);
  const std::size_t had = before == nullptr ? 0 : before->partitions.size();
  const std::size_t has = after == nullptr ? 0 : after->partitions.size();
  for (std::size_t i = 0; i < std::max(had, has); ++i) {
    if (i < had && i < has && before->partitions[i] == after->partitions[i]) continue;
    if (i < had) add_state(*before, i, controller_epoch, old_tree);
    if (i < has) add_state(*after, i, controller_epoch, new_tree);
  }
}

std::set<ConfigResource> changed_configs(const ImageDelta& delta, const ClusterImage& after) {
  std::set<ConfigResource> changed = delta.changed_configs;
  for (const base::TopicId& id : delta.changed_topics) {
    const auto& topic = after.find_topic(id);
    if (topic != nullptr) changed.insert({ConfigResourceType::kTopic, topic->name});
  }
  for (const auto& topic : delta.removed_topics) {
    changed.insert({ConfigResourceType::kTopic, topic->name});
  }
  return changed;
}

}  // namespace

std::vector<ViewNode> render_view(const ClusterImage& image, std::int32_t controller_epoch) {
  Tree tree;
  for (const char* path : kAlwaysThere) tree[path];
  tree["/feature"] = feature_node(image.features);
  image.topics_by_name.for_each([&](const std::string& name, const auto& topic) {
    add_topic(*topic, tree);
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      add_state(*topic, i, controller_epoch, tree);
    }
    add_config(image, {ConfigResourceType::kTopic, name}, tree);
  });
  for (const auto& [resource, config] : image.configs) add_config(image, resource, tree);
  add_clients(image, tree);
  add_access_control(image, tree);
  return changes_between({}, tree);
}

std::vector<ViewNode> render_view_changes(const ClusterImage& before, const ClusterImage& after,
                                          const ImageDelta& delta, std::int32_t controller_epoch) {
  Tree old_tree;
  Tree new_tree;
  for (const base::TopicId& id : delta.changed_topics) {
    add_changed_topic(before.find_topic(id).get(), after.find_topic(id).get(), controller_epoch,
                      old_tree, new_tree);
  }
  for (const auto& topic : delta.removed_topics) {
    add_changed_topic(before.find_topic(topic->id).get(), nullptr, controller_epoch, old_tree,
                      new_tree);
  }
  for (const ConfigResource& resource : changed_configs(delta, after)) {
    add_config(before, resource, old_tree);
    add_config(after, resource, new_tree);
  }
  if (delta.clients_changed) {
    add_clients(before, old_tree);
    add_clients(after, new_tree);
  }
  if (delta.access_changed) {
    add_access_control(before, old_tree);
    add_access_control(after, new_tree);
  }
  if (before.features != after.features) {
    old_tree["/feature"] = feature_node(before.features);
    new_tree["/feature"] = feature_node(after.features);
  }
  return changes_between(old_tree, new_tree);
}

base::Result<std::vector<ViewNode>> render_taken_back(
    const std::shared_ptr<const ClusterImage>& image, std::vector<MetadataRecord> broken_off,
    std::int32_t controller_epoch) {
  broken_off.emplace_back(wire::EndTransactionRecord{});
  ImageBuilder builder(image);
  for (const MetadataRecord& record : broken_off) {
    if (auto done = builder.replay(record); !done) return base::fail(std::move(done));
  }
  const auto shown = builder.build(image->end_offset, image->epoch);
  auto nodes = render_view_changes(*shown, *image, difference(*shown, *image), controller_epoch);
  for (ViewNode& node : nodes) node.was_there = node.was_there && node.data;
  return nodes;
}

}  // namespace odradek::metadata
