// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/view_writer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace odradek::quorum::zookeeper {
namespace {

constexpr int kMostRefusals = 5;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct ViewWriter::Lookup {
  std::vector<ViewWrite> writes;
  std::vector<std::string> unknown;
  std::size_t answered = 0;
  std::optional<Failure> failure;
  Ready ready;
};

void ViewWriter::forget() {
  versions_.clear();
  refusals_.clear();
  are_all_there_ = true;
}

void ViewWriter::find_unknown(const std::string& path, std::vector<std::string>& unknown) const {
  for (std::string at = path; at != "/"; at = parent_of(at)) {
    const auto known = versions_.find(at);
    // Below a node that is there, every one is looked at; above it there is nothing to ask.
    if (known != versions_.end() && known->second != kAbsent) return;
    if (known == versions_.end()) unknown.push_back(at);
  }
}

// Written whichever version it has.
bool ViewWriter::is_trusted(const ViewWrite& write) const {
  return write.was_there && are_all_there_ && !versions_.contains(write.path);
}

void ViewWriter::prepare(const std::vector<ViewWrite>& writes, Ready ready) {
  auto lookup = std::make_shared<Lookup>();
  for (const ViewWrite& write : writes) {
    if (!is_trusted(write)) find_unknown(write.path, lookup->unknown);
  }
  std::ranges::sort(lookup->unknown);
  const auto twice = std::ranges::unique(lookup->unknown);
  lookup->unknown.erase(twice.begin(), twice.end());
  if (lookup->unknown.empty()) return ready(build(writes));
  lookup->writes = writes;
  lookup->ready = std::move(ready);
  look_up(std::move(lookup));
}

void ViewWriter::look_up(std::shared_ptr<Lookup> lookup) {
  for (const std::string& path : lookup->unknown) {
    session_.exists(path, [this, lookup, path](Outcome<std::optional<Stat>> found) {
      if (found) {
        versions_[path] = *found ? (*found)->version : kAbsent;
      } else if (!lookup->failure) {
        lookup->failure = std::move(found.error());
      }
      if (++lookup->answered < lookup->unknown.size()) return;
      if (lookup->failure) return lookup->ready(std::unexpected(*lookup->failure));
      lookup->ready(build(lookup->writes));
    });
  }
}

std::int32_t ViewWriter::version_of(const std::string& path) const {
  const auto found = versions_.find(path);
  return found == versions_.end() ? kAbsent : found->second;
}

std::int32_t ViewWriter::version_of(const ViewWrite& write) const {
  return is_trusted(write) ? Operation::kAnyVersion : version_of(write.path);
}

void ViewWriter::add_parents(const std::string& path,
                             std::unordered_map<std::string, std::int32_t>& now,
                             std::vector<Operation>& operations) const {
  const std::string parent = parent_of(path);
  if (parent == "/") return;
  const auto changed = now.find(parent);
  if ((changed == now.end() ? version_of(parent) : changed->second) != kAbsent) return;
  add_parents(parent, now, operations);
  operations.push_back(Operation::create(parent, {}));
  now[parent] = 0;
}

std::vector<Operation> ViewWriter::build(const std::vector<ViewWrite>& writes) {
  std::vector<Operation> operations;
  // As they are in the middle of this multi.
  std::unordered_map<std::string, std::int32_t> now;
  for (const ViewWrite& write : writes) {
    const auto refused = refusals_.find(write.path);
    if (refused != refusals_.end() && refused->second >= kMostRefusals) continue;
    const auto changed = now.find(write.path);
    const std::int32_t version = changed == now.end() ? version_of(write) : changed->second;
    if (write.is_removal) {
      if (version == kAbsent) continue;
      operations.push_back(Operation::remove(write.path, version));
      now[write.path] = kAbsent;
    } else if (version == kAbsent) {
      add_parents(write.path, now, operations);
      operations.push_back(
          Operation::create(write.path, write.bytes, Operation::Life::kPersistent, write.readers));
      now[write.path] = 0;
    } else {
      operations.push_back(Operation::set(write.path, write.bytes, version));
      now[write.path] = version == Operation::kAnyVersion ? version : version + 1;
    }
  }
  return operations;
}

void ViewWriter::applied(std::span<const Operation> operations,
                         std::span<const std::int32_t> versions) {
  ODRADEK_ASSERT(operations.size() == versions.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    refusals_.erase(operations[i].path);
    // What is gone is not remembered: a topic's name seldom comes again.
    if (operations[i].kind == Operation::Kind::kDelete) {
      versions_.erase(operations[i].path);
    } else {
      versions_[operations[i].path] = versions[i];
    }
  }
}

bool ViewWriter::on_refused(const Operation& operation, const Failure& failure) {
  const int refusals = ++refusals_[operation.path];
  base::log::warn("quorum", "somebody else has written to ZooKeeper's {}: {}", operation.path,
                  failure.message);
  for (std::string at = operation.path; at != "/"; at = parent_of(at)) versions_.erase(at);
  if (failure.code == Code::kNoNode) are_all_there_ = false;
  if (refusals == kMostRefusals || failure.code == Code::kNoAuth ||
      failure.code == Code::kNotEmpty) {
    refusals_[operation.path] = kMostRefusals;
    base::log::error("quorum", "ZooKeeper's {} is not written: {}", operation.path,
                     failure.message);
  }
  return refusals <= kMostRefusals;
}

}  // namespace odradek::quorum::zookeeper
