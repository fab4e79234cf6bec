// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/zookeeper/tree.h"

namespace odradek::cli {

// A member of a group as Kafka's first consumer kept it, below /consumers/<group> in ZooKeeper:
// `ids` has the members, `owners` who reads which partition, `offsets` where each goes on. The
// partitions of a topic are shared out in ranges, as that consumer did. Threads: the caller's.
class ZookeeperGroup {
 public:
  using Partition = std::pair<std::string, std::int32_t>;
  struct Options {
    std::string servers;  // host:port,…[/chroot]
    std::string group;
    // Goes with all its offsets when the member leaves.
    bool is_passing = false;
    std::string topic;  // or
    std::string topics_pattern;
    std::uint64_t random = 0;  // for the member's name
    std::int64_t now_ms = 0;
  };
  // What the member begins to read, with the offset that is kept of it, and what it gives up.
  struct Changes {
    std::vector<std::pair<Partition, std::optional<std::int64_t>>> gained;
    std::vector<Partition> lost;
  };

  [[nodiscard]] static base::Result<std::unique_ptr<ZookeeperGroup>> join(Options options);

  // Shares out `partitions` among the members that are there now. What is lost by that is given
  // back first, with its offset; what another one has not given back yet comes with a later call.
  [[nodiscard]] base::Result<Changes> balance(const std::set<Partition>& partitions);
  // The next record of a partition to be read, kept with the next commit.
  void reached(const Partition& partition, std::int64_t offset) { reached_[partition] = offset; }
  [[nodiscard]] base::Result<> commit();
  // Commits and goes.
  [[nodiscard]] base::Result<> leave();

 private:
  struct Subscription {
    std::set<std::string> topics;
    std::string pattern;
  };

  ZookeeperGroup(Options options, std::unique_ptr<ZookeeperTree> tree);
  base::Result<> enter();
  base::Result<Changes> enter_again();
  base::Result<std::set<Partition>> share(const std::vector<std::string>& members,
                                          const std::set<Partition>& partitions);
  base::Result<const Subscription*> subscription_of(const std::string& member);
  base::Result<> give_back(const Partition& partition);
  base::Result<bool> take(const Partition& partition, Changes& changes);
  base::Result<> keep(const Partition& partition, std::int64_t offset);
  std::string path(const std::string& below) const;
  std::string path(const std::string& kind, const Partition& partition) const;
  std::string owner_text() const { return member_ + "-0"; }

  const Options options_;
  const std::unique_ptr<ZookeeperTree> tree_;
  const std::string member_;
  std::map<std::string, Subscription> subscriptions_;
  std::set<Partition> owned_;
  std::map<Partition, std::int64_t> reached_;
};

// Whether the group has offsets there, and their removal.
[[nodiscard]] base::Result<bool> has_zookeeper_offsets(const std::string& servers,
                                                       const std::string& group);
[[nodiscard]] base::Result<> remove_zookeeper_group(const std::string& servers,
                                                    const std::string& group);

}  // namespace odradek::cli
