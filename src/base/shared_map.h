// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace odradek::base {

// A map whose copies share what they have in common, for immutable images that change a little at a
// time: copying costs a pointer a shard, changing one entry of a copy costs copying its shard.
// Values are held by pointer and never change. Threads: a const map from any; a copy is its owner's
// alone.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class SharedMap {
 public:
  using ValuePointer = std::shared_ptr<const Value>;

  // Null when there is none.
  const ValuePointer& find(const Key& key) const {
    static const ValuePointer kNone;
    const auto& shard = shards_[shard_of(key)];
    if (!shard) return kNone;
    const auto found = shard->find(key);
    return found == shard->end() ? kNone : found->second;
  }
  bool contains(const Key& key) const { return find(key) != nullptr; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void set(const Key& key, ValuePointer value) {
    Shard& shard = own(shard_of(key));
    size_ += shard.insert_or_assign(key, std::move(value)).second ? 1 : 0;
  }
  void erase(const Key& key) {
    if (contains(key)) size_ -= own(shard_of(key)).erase(key);
  }

  // In no order that means anything, the same for equal histories.
  template <typename Visitor>
  void for_each(Visitor visit) const {
    for (const auto& shard : shards_) {
      if (!shard) continue;
      for (const auto& [key, value] : *shard) visit(key, value);
    }
  }

 private:
  using Shard = std::unordered_map<Key, ValuePointer, Hash>;
  static constexpr std::size_t kShards = 64;

  static std::size_t shard_of(const Key& key) {
    // Other bits than those by which the shard's own table places the key.
    return (Hash{}(key) * 0x9e3779b97f4a7c15ULL) >> 58U;
  }
  Shard& own(std::size_t index) {
    auto& shard = shards_[index];
    shard = shard ? std::make_shared<Shard>(*shard) : std::make_shared<Shard>();
    return *shard;
  }

  std::array<std::shared_ptr<Shard>, kShards> shards_;
  std::size_t size_ = 0;
};

}  // namespace odradek::base
