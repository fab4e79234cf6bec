// SPDX-License-Identifier: Apache-2.0
#include "cli/consumer/zookeeper_group.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cli/json/json_reader.h"
#include "cli/name_pattern.h"

namespace odradek::cli {
namespace {

constexpr env::Duration kTimeout = std::chrono::seconds(15);

// In JSON.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::optional<std::int64_t> parse_offset(std::string_view text) {
  std::int64_t offset = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && offset >= 0;
  return is_number ? std::optional(offset) : std::nullopt;
}

std::string group_path(const std::string& group) { return "/consumers/" + group; }

}  // namespace

ZookeeperGroup::ZookeeperGroup(Options options, std::unique_ptr<ZookeeperTree> tree)
    : options_(std::move(options)),
      tree_(std::move(tree)),
      member_(fmt::format("{}_odradek-{}-{:08x}", options_.group, options_.now_ms,
                          static_cast<std::uint32_t>(options_.random))) {}

base::Result<std::unique_ptr<ZookeeperGroup>> ZookeeperGroup::join(Options options) {
  auto tree = ZookeeperTree::connect(options.servers, kTimeout);
  if (!tree) return base::fail(std::move(tree));
  std::unique_ptr<ZookeeperGroup> group(new ZookeeperGroup(std::move(options), *std::move(tree)));
  if (auto entered = group->enter(); !entered) return base::fail(std::move(entered));
  return group;
}

std::string ZookeeperGroup::path(const std::string& below) const {
  return group_path(options_.group) + below;
}

std::string ZookeeperGroup::path(const std::string& kind, const Partition& partition) const {
  return path(fmt::format("/{}/{}/{}", kind, partition.first, partition.second));
}

base::Result<> ZookeeperGroup::enter() {
  const bool is_pattern = !options_.topics_pattern.empty();
  const std::string text =
      fmt::format(R"({{"version":1,"subscription":{{{}:1}},"pattern":"{}","timestamp":"{}"}})",
                  quoted(is_pattern ? options_.topics_pattern : options_.topic),
                  is_pattern ? "white_list" : "static", options_.now_ms);
  auto claimed = tree_->claim(path("/ids/" + member_), text);
  if (!claimed) return base::fail(std::move(claimed));
  return {};
}

// The session is a new one: what was this member's may be another one's by now.
base::Result<ZookeeperGroup::Changes> ZookeeperGroup::enter_again() {
  if (auto entered = enter(); !entered) return base::fail(std::move(entered));
  Changes changes;
  for (const Partition& partition : owned_) {
    auto claimed = tree_->claim(path("owners", partition), owner_text());
    if (!claimed) return base::fail(std::move(claimed));
    if (!*claimed) changes.lost.push_back(partition);
  }
  for (const Partition& partition : changes.lost) {
    owned_.erase(partition);
    reached_.erase(partition);
  }
  return changes;
}

base::Result<ZookeeperGroup::Changes> ZookeeperGroup::balance(
    const std::set<Partition>& partitions) {
  auto members = tree_->children(path("/ids"));
  if (!members) return base::fail(std::move(members));
  Changes changes;
  if (std::ranges::count(*members, member_) == 0) {
    auto entered = enter_again();
    if (!entered) return base::fail(std::move(entered));
    changes = *std::move(entered);
    members->push_back(member_);
  }
  auto mine = share(*members, partitions);
  if (!mine) return base::fail(std::move(mine));
  for (const Partition& partition : std::set(owned_)) {
    if (mine->contains(partition)) continue;
    if (auto given = give_back(partition); !given) return base::fail(std::move(given));
    changes.lost.push_back(partition);
  }
  for (const Partition& partition : *mine) {
    if (owned_.contains(partition)) continue;
    if (auto taken = take(partition, changes); !taken) return base::fail(std::move(taken));
  }
  return changes;
}

base::Result<std::set<ZookeeperGroup::Partition>> ZookeeperGroup::share(
    const std::vector<std::string>& members, const std::set<Partition>& partitions) {
  std::map<std::string, std::vector<Partition>> by_topic;
  for (const Partition& partition : partitions) by_topic[partition.first].push_back(partition);
  std::set<Partition> mine;
  for (const auto& [topic, all] : by_topic) {
    std::vector<std::string> readers;
    for (const std::string& member : members) {
      auto subscription = subscription_of(member);
      if (!subscription) return base::fail(std::move(subscription));
      const auto& [topics, pattern] = **subscription;
      const auto expression = NamePattern::parse(pattern);
      const bool matches = !pattern.empty() && expression && expression->matches(topic);
      if (topics.contains(topic) || matches) readers.push_back(member);
    }
    std::ranges::sort(readers);
    const auto me = std::ranges::find(readers, member_);
    if (me == readers.end()) continue;
    // The first ones get one more where it does not come out even.
    const auto place = static_cast<std::size_t>(me - readers.begin());
    const std::size_t each = all.size() / readers.size();
    const std::size_t more = all.size() % readers.size();
    const std::size_t first = place * each + std::min(place, more);
    const std::size_t count = each + (place < more ? 1 : 0);
    for (std::size_t i = first; i < first + count; ++i) mine.insert(all[i]);
  }
  return mine;
}

base::Result<const ZookeeperGroup::Subscription*> ZookeeperGroup::subscription_of(
    const std::string& member) {
  const auto known = subscriptions_.find(member);
  if (known != subscriptions_.end()) return &known->second;
  auto text = tree_->get(path("/ids/" + member));
  if (!text) return base::fail(std::move(text));
  Subscription subscription;
  const auto json = parse_json(text->value_or("{}"));
  const auto node = json ? as_object(*json) : base::fail(base::ErrorCode::kInvalidRequest);
  const Value* listed = node ? find_member(**node, "subscription") : nullptr;
  const auto topics =
      listed != nullptr ? as_object(*listed) : base::fail(base::ErrorCode::kInvalidRequest);
  const bool is_pattern = node && string_member(**node, "pattern").value_or("static") != "static";
  if (topics) {
    for (const auto& [name, streams] : **topics) {
      if (is_pattern) subscription.pattern = name;
      if (!is_pattern) subscription.topics.insert(name);
    }
  }
  return &subscriptions_.emplace(member, std::move(subscription)).first->second;
}

base::Result<bool> ZookeeperGroup::take(const Partition& partition, Changes& changes) {
  auto claimed = tree_->claim(path("owners", partition), owner_text());
  if (!claimed || !*claimed) return claimed;
  owned_.insert(partition);
  auto text = tree_->get(path("offsets", partition));
  if (!text) return base::fail(std::move(text));
  changes.gained.emplace_back(partition, *text ? parse_offset(**text) : std::nullopt);
  return true;
}

base::Result<> ZookeeperGroup::give_back(const Partition& partition) {
  if (auto reached = reached_.extract(partition)) {
    if (auto kept = keep(partition, reached.mapped()); !kept) return kept;
  }
  owned_.erase(partition);
  return tree_->remove(path("owners", partition));
}

base::Result<> ZookeeperGroup::keep(const Partition& partition, std::int64_t offset) {
  return tree_->put(path("offsets", partition), fmt::format("{}", offset));
}

base::Result<> ZookeeperGroup::commit() {
  while (!reached_.empty()) {
    const auto [partition, offset] = *reached_.begin();
    if (auto kept = keep(partition, offset); !kept) return kept;
    reached_.erase(reached_.begin());
  }
  return {};
}

base::Result<> ZookeeperGroup::leave() {
  if (options_.is_passing) return tree_->remove(path(""));
  if (auto committed = commit(); !committed) return committed;
  for (const Partition& partition : std::exchange(owned_, {})) {
    if (auto gone = tree_->remove(path("owners", partition)); !gone) return gone;
  }
  return tree_->remove(path("/ids/" + member_));
}

base::Result<bool> has_zookeeper_offsets(const std::string& servers, const std::string& group) {
  auto tree = ZookeeperTree::connect(servers, kTimeout);
  if (!tree) return base::fail(std::move(tree));
  auto topics = (*tree)->children(group_path(group) + "/offsets");
  if (!topics) return base::fail(std::move(topics));
  return !topics->empty();
}

base::Result<> remove_zookeeper_group(const std::string& servers, const std::string& group) {
  auto tree = ZookeeperTree::connect(servers, kTimeout);
  if (!tree) return base::fail(std::move(tree));
  return (*tree)->remove(group_path(group));
}

}  // namespace odradek::cli
