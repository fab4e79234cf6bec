// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/sim/tree.h"

#include <fmt/core.h>

#include "base/assert.h"

namespace odradek::quorum::zookeeper::sim {
namespace {

std::string name_in_parent(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::unexpected<Failure> refuse(Code code, const std::string& path) {
  return fail(code, fmt::format("ZooKeeper: {}: {}", path, name_of(code)));
}

Tree::Change to_change(const Operation& operation, SessionId session) {
  Tree::Change change{.path = operation.path, .bytes = operation.bytes};
  if (operation.kind == Operation::Kind::kSet) change.event = WatchEvent::kChanged;
  if (operation.kind == Operation::Kind::kDelete) change.event = WatchEvent::kDeleted;
  if (operation.life == Operation::Life::kEphemeral) change.owner = session;
  return change;
}

}  // namespace

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Tree::Tree() { entries_["/"]; }

const Tree::Entry* Tree::find(const std::string& path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::string> Tree::owned_by(SessionId session) const {
  std::vector<std::string> paths;
  for (const auto& [path, entry] : entries_) {
    if (entry.stat.ephemeral_owner == session) paths.push_back(path);
  }
  return paths;
}

Outcome<> Tree::check_create(const Operation& operation) const {
  if (find(operation.path) != nullptr) return refuse(Code::kNodeExists, operation.path);
  const Entry* parent = find(parent_of(operation.path));
  if (parent == nullptr) return refuse(Code::kNoNode, operation.path);
  if (parent->stat.ephemeral_owner != 0) {
    return refuse(Code::kNoChildrenForEphemerals, operation.path);
  }
  return {};
}

Outcome<> Tree::check(const Operation& operation) const {
  if (operation.kind == Operation::Kind::kCreate) return check_create(operation);
  const Entry* entry = find(operation.path);
  if (entry == nullptr) return refuse(Code::kNoNode, operation.path);
  if (operation.version != Operation::kAnyVersion && operation.version != entry->stat.version) {
    return refuse(Code::kBadVersion, operation.path);
  }
  if (operation.kind == Operation::Kind::kDelete && !entry->children.empty()) {
    return refuse(Code::kNotEmpty, operation.path);
  }
  return {};
}

Outcome<std::vector<Tree::Change>> Tree::apply(const std::vector<Operation>& operations,
                                               SessionId session, std::int64_t zxid) {
  std::vector<Change> changes;
  std::vector<Before> before;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (auto good = check(operations[i]); !good) {
      for (std::size_t done = changes.size(); done > 0; --done) {
        take_back(changes[done - 1], before[done - 1]);
      }
      good.error().operation = i;
      return std::unexpected(std::move(good.error()));
    }
    if (operations[i].kind == Operation::Kind::kCheck) continue;
    changes.push_back(to_change(operations[i], session));
    before.push_back(remember(operations[i].path));
    apply(changes.back(), zxid);
    if (const Entry* entry = find(operations[i].path)) changes.back().version = entry->stat.version;
  }
  return changes;
}

Tree::Before Tree::remember(const std::string& path) const {
  Before before;
  if (const Entry* entry = find(path); entry != nullptr) {
    before.bytes = entry->bytes;
    before.stat = entry->stat;
    before.children_zxid = entry->children_zxid;
  }
  const Entry& parent = entries_.at(parent_of(path));
  before.parent_stat = parent.stat;
  before.parent_children_zxid = parent.children_zxid;
  return before;
}

void Tree::take_back(const Change& change, const Before& before) {
  Entry& parent = entries_.at(parent_of(change.path));
  if (change.event == WatchEvent::kCreated) {
    entries_.erase(change.path);
    parent.children.erase(name_in_parent(change.path));
  } else {
    Entry& entry = entries_[change.path];
    entry.bytes = before.bytes;
    entry.stat = before.stat;
    entry.children_zxid = before.children_zxid;
    if (change.path == "/") return;
    parent.children.insert(name_in_parent(change.path));
  }
  parent.stat = before.parent_stat;
  parent.children_zxid = before.parent_children_zxid;
}

void Tree::apply(const Change& change, std::int64_t zxid) {
  Entry& parent = entries_.at(parent_of(change.path));
  if (change.event == WatchEvent::kDeleted) {
    ODRADEK_ASSERT(entries_.erase(change.path) == 1);
    parent.children.erase(name_in_parent(change.path));
  } else if (change.event == WatchEvent::kCreated) {
    Entry& entry = entries_[change.path];
    entry.bytes = change.bytes;
    entry.stat = {.version = 0,
                  .created_zxid = zxid,
                  .modified_zxid = zxid,
                  .ephemeral_owner = change.owner,
                  .children = 0};
    entry.children_zxid = zxid;
    parent.children.insert(name_in_parent(change.path));
  } else {
    Entry& entry = entries_.at(change.path);
    entry.bytes = change.bytes;
    entry.stat.modified_zxid = zxid;
    ++entry.stat.version;
    return;
  }
  parent.children_zxid = zxid;
  parent.stat.children = static_cast<std::int32_t>(parent.children.size());
}

}  // namespace odradek::quorum::zookeeper::sim
