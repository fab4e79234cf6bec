// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/group/group_service.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/java_hash.h"
#include "broker/internal_topics.h"
#include "replica/partition_set.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

group::GroupSettings settings_of(const config::Settings& settings) {
  const auto number = [&settings](std::string_view key) {
    return static_cast<std::int32_t>(settings.number(key));
  };
  group::GroupSettings made;
  made.min_session_timeout_ms = number("group.min.session.timeout.ms");
  made.max_session_timeout_ms = number("group.max.session.timeout.ms");
  made.initial_rebalance_delay_ms = number("group.initial.rebalance.delay.ms");
  made.max_size = number("group.max.size");
  constexpr std::int64_t kBatchOverhead = 4096;
  made.max_group_bytes = settings.number("message.max.bytes") - kBatchOverhead;
  made.offset_metadata_max_bytes = number("offset.metadata.max.bytes");
  made.offsets_retention_ms = settings.number("offsets.retention.minutes") * 60'000;
  return made;
}

}  // namespace

std::int32_t group_partition(const std::string& group_id, std::int32_t partition_count) {
  return base::java_hash_partition(group_id, partition_count);
}

GroupService::GroupService(env::World& world, const config::Settings& settings, base::BrokerId node,
                           ImageHolder& image, replica::PartitionSet& partitions)
    : world_(world),
      settings_(settings_of(settings)),
      commit_timeout_(std::chrono::milliseconds(settings.number("offsets.commit.timeout.ms"))),
      expiry_interval_(
          std::chrono::milliseconds(settings.number("offsets.retention.check.interval.ms"))),
      node_(node),
      image_(image),
      partitions_(partitions) {}

void GroupService::start() {
  if (const auto& topic = image_.load()->find_topic(std::string(kGroupTopic))) serve(*topic);
}

void GroupService::serve(const metadata::TopicImage& topic) {
  Shards gone;
  Shards fresh;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    serve_locked(topic, gone, fresh);
    arm_expiry();
  }
  for (const auto& shard : gone) shard->resign();
  for (const auto& shard : fresh) shard->start_loading();
}

void GroupService::serve_locked(const metadata::TopicImage& topic, Shards& gone, Shards& fresh) {
  slots_.resize(topic.partitions.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& placed = topic.partitions[i];
    Slot& slot = slots_[i];
    const bool is_led_here = placed.leader == node_;
    if (is_led_here && slot.shard != nullptr && slot.epoch == placed.leader_epoch) continue;
    if (slot.shard != nullptr) gone.push_back(std::exchange(slot.shard, nullptr));
    auto partition =
        is_led_here ? partitions_.find(topic.id, static_cast<std::int32_t>(i)) : nullptr;
    if (partition == nullptr) continue;
    slot.epoch = placed.leader_epoch;
    slot.shard = std::make_shared<GroupShard>(world_, settings_, commit_timeout_, image_,
                                              std::move(partition));
    fresh.push_back(slot.shard);
  }
}

void GroupService::follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
  const auto is_group_topic = [](const auto& topic) { return topic->name == kGroupTopic; };
  if (std::ranges::any_of(delta.removed_topics, is_group_topic)) resign_all();
  const auto& topic = image.find_topic(std::string(kGroupTopic));
  if (topic != nullptr && delta.changed_topics.contains(topic->id)) serve(*topic);
  if (delta.removed_topics.empty()) return;
  for (const auto& shard : shards()) shard->forget_gone_topics();
}

void GroupService::give_up(const base::TopicId& topic, std::int32_t partition) {
  const auto& groups = image_.load()->find_topic(std::string(kGroupTopic));
  if (groups == nullptr || groups->id != topic) return;
  std::shared_ptr<GroupShard> gone;
  {
    const std::lock_guard lock(mutex_);
    const auto index = static_cast<std::size_t>(partition);
    if (index < slots_.size()) gone = std::exchange(slots_[index].shard, nullptr);
  }
  if (gone != nullptr) gone->resign();
}

void GroupService::resign_all() {
  std::vector<Slot> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(slots_);
  }
  for (const Slot& slot : gone) {
    if (slot.shard != nullptr) slot.shard->resign();
  }
}

base::Result<std::shared_ptr<GroupShard>> GroupService::shard_of(
    const std::string& group_id) const {
  const std::lock_guard lock(mutex_);
  if (!slots_.empty()) {
    const auto index = static_cast<std::size_t>(
        group_partition(group_id, static_cast<std::int32_t>(slots_.size())));
    if (slots_[index].shard != nullptr) return slots_[index].shard;
  }
  return base::fail(ErrorCode::kNotCoordinator,
                    fmt::format("group {} is not coordinated here", group_id));
}

GroupService::Shards GroupService::shards() const {
  const std::lock_guard lock(mutex_);
  Shards present;
  for (const Slot& slot : slots_) {
    if (slot.shard != nullptr) present.push_back(slot.shard);
  }
  return present;
}

void GroupService::arm_expiry() {
  if (stopped_ || expiry_timer_ != 0) return;
  expiry_timer_ = world_.loop(0).run_after(expiry_interval_, [this] { expire_offsets(); });
}

void GroupService::expire_offsets() {
  for (const auto& shard : shards()) {
    shard->run([](group::GroupMachine& machine,
                  const group::Now& now) { return machine.expire_offsets(now); },
               [](const base::Result<>&) {});
  }
  const std::lock_guard lock(mutex_);
  expiry_timer_ = 0;
  arm_expiry();
}

void GroupService::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (expiry_timer_ != 0) world_.loop(0).cancel(expiry_timer_);
  }
  for (const auto& shard : shards()) shard->resign();
}

}  // namespace odradek::broker
