// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper::sim {

// The nodes as one server of a simulated ensemble has them.
class Tree {
 public:
  struct Entry {
    base::SharedBytes bytes;
    Stat stat;
    std::set<std::string> children;
    // Of the last change of the children.
    std::int64_t children_zxid = 0;
  };
  // One node as a transaction leaves it.
  struct Change {
    std::string path;
    WatchEvent event = WatchEvent::kCreated;  // or kDeleted, kChanged
    base::SharedBytes bytes;
    SessionId owner = 0;
    std::int32_t version = 0;
  };

  Tree();
  const Entry* find(const std::string& path) const;
  std::size_t size() const { return entries_.size(); }
  // The paths of a session's ephemeral nodes.
  std::vector<std::string> owned_by(SessionId session) const;

  // All of the operations or none; returns what they change.
  [[nodiscard]] Outcome<std::vector<Change>> apply(const std::vector<Operation>& operations,
                                                   SessionId session, std::int64_t zxid);
  // A change that another tree like this one has taken.
  void apply(const Change& change, std::int64_t zxid);

 private:
  Outcome<> check(const Operation& operation) const;
  Outcome<> check_create(const Operation& operation) const;
  // What a change replaces, to take it back; a node's own children stay as they are.
  struct Before {
    base::SharedBytes bytes;
    Stat stat;
    std::int64_t children_zxid = 0;
    Stat parent_stat;
    std::int64_t parent_children_zxid = 0;
  };
  Before remember(const std::string& path) const;
  void take_back(const Change& change, const Before& before);

  std::map<std::string, Entry> entries_;
};

std::string parent_of(const std::string& path);

}  // namespace odradek::quorum::zookeeper::sim
